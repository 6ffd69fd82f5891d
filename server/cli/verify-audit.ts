import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock } from "../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { Scope } from "../../shared/lib/scope.ts";
import { type Anchor, AnchorFile } from "../audit/anchor.ts";
import type { ChainReport, Finding } from "../audit/chain-check.ts";
import { checkExport, type FileReport } from "../audit/export-file.ts";
import { ANCHOR_FILE, auditSigner } from "../audit/open-audit.ts";
import { checkDatabase } from "../audit/verification.ts";
import { loadConfig } from "../config/env.ts";
import { createLog } from "../core/log.ts";
import { printable } from "../core/printable.ts";
import { openDatabase } from "../db/database.ts";
import { openKeys } from "../keys/open-keys.ts";
import { findRootKey, ROOT_KEY_FILE } from "../keys/root-key.ts";
import { UsageError } from "./cli.ts";
import { parseFlags } from "./flags.ts";
import type { CliIo } from "./io.ts";
import { VERIFY_EXIT } from "./verify-exit.ts";

type Report = ChainReport & Partial<FileReport> & { readonly fingerprint: string };

/**
 * `verify audit FILE [--key FINGERPRINT]` checks an exported file, `verify audit --database` the chain itself, with the server
 * stopped. `--anchor SEQ:HASH`: what somebody noted elsewhere.
 */
export async function runVerifyAudit(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseFlags(args, {
    database: { kind: "boolean" },
    json: { kind: "boolean" },
    key: { kind: "string" },
    anchor: { kind: "string" },
  });
  const [path, ...more] = positionals;
  const database = values.database === true;
  if (more.length > 0 || database === (path !== undefined)) {
    throw new UsageError("name one exported file (.jsonl), or --database");
  }
  const key = values.key === undefined ? undefined : String(values.key);
  if (key !== undefined && key.replace(/[^0-9a-fA-F]/g, "").length !== 64) {
    throw new UsageError("--key must be a fingerprint of 64 hexadecimal digits");
  }
  const anchors = values.anchor === undefined ? [] : [parseAnchor(String(values.anchor))];
  try {
    const report: Report = path === undefined ? await inDatabase(anchors) : await inFile(path, key, anchors);
    io.out(values.json === true ? `${JSON.stringify(report)}\n` : inWords(report));
    return report.ok ? VERIFY_EXIT.intact : VERIFY_EXIT.faults;
  } catch (error) {
    const detail = describeError(error);
    if (values.json === true) io.out(`${JSON.stringify({ ok: false, error: { code: errorCode(error), detail } })}\n`);
    else io.err(`fluxvision verify audit: ${detail}\n`);
    return VERIFY_EXIT.unreadable;
  }
}

function inFile(path: string, expectedKey: string | undefined, anchors: readonly Anchor[]): Promise<FileReport> {
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  return checkExport(lines, { expectedKey, anchors });
}

async function inDatabase(anchors: readonly Anchor[]): Promise<Report> {
  const scope = new Scope();
  try {
    const { dataDir, databaseUrl, rootKey: environment, rootKeyCommand: command } = loadConfig();
    const clock = systemClock();
    const log = createLog("silent");
    // A wrong folder must not become a new server's.
    const rootKey = await findRootKey({ file: join(dataDir, ROOT_KEY_FILE), environment, command, create: false });
    const { orm } = scope.own(await openDatabase({ url: databaseUrl, dataDir, clock, log }));
    const keys = scope.own(await openKeys({ orm, rootKey: rootKey.key, clock, log }));
    const signer = await auditSigner({ orm, sealer: keys.sealer, clock });
    const anchor = new AnchorFile(join(dataDir, ANCHOR_FILE), log);
    const report = await checkDatabase({ orm, signer, macKey: keys.auditMacKey, anchor }, anchors);
    return { ...report, fingerprint: signer.fingerprint };
  } finally {
    await scope.close();
  }
}

function parseAnchor(text: string): Anchor {
  const [, seq = "", hash = ""] = /^(\d{1,15}):([0-9a-fA-F]{64})$/.exec(text) ?? [];
  if (hash === "") throw new UsageError("--anchor must be SEQ:HASH, as exports and the server's log show it");
  return { seq: Number(seq), hash: hash.toLowerCase() };
}

function inWords(report: Report): string {
  const { ok, rows, firstSeq, lastSeq, lastHash, checkpoints, signedSeq, prunedSeq, findings, more } = report;
  const range = rows === 0 ? "no rows" : `${rows} rows, ${firstSeq} to ${lastSeq}`;
  const lines = [`Checked: ${range}, ${checkpoints} signatures, signed up to row ${signedSeq}.`];
  if (report.exportedAt !== undefined) {
    const part =
      report.complete === true ? "the whole trail" : "a part of the trail: what lies between its rows is not shown";
    lines.push(`Exported ${report.exportedAt} by ${printable(report.by ?? "")}: ${part}.`);
  }
  if (prunedSeq > 0) lines.push(`Rows up to ${prunedSeq} were taken out by retention, and signed for.`);
  lines.push(`Key: ${report.fingerprint}`);
  if (report.keyExpected === false) lines.push("FAULT  signed with another key than the one that was expected");
  if (lastSeq !== null && lastHash !== null) lines.push(`Anchor to note elsewhere: ${lastSeq}:${lastHash}`);
  for (const finding of findings)
    lines.push(`${finding.severity === "fault" ? "FAULT" : "note "}  ${sentence(finding)}`);
  if (more > 0) lines.push(`... and ${more} more`);
  lines.push(ok ? "Nothing was changed." : "THE TRAIL IS NOT AS IT WAS WRITTEN.");
  return `${lines.join("\n")}\n`;
}

function sentence({ kind, seq, toSeq, was, at, action, byMs }: Finding): string {
  const what = action === undefined ? "" : ` (${printable(action)}, ${at})`;
  const some = toSeq !== undefined && toSeq !== seq ? `rows ${seq} to ${toSeq}` : `row ${seq}`;
  switch (kind) {
    case "edited":
      return `${some} was edited${what}`;
    case "back_dated":
      return `${some} was back-dated${what}`;
    case "rewritten":
      return `${some} was rewritten, or put in, by somebody without the server's key${what}`;
    case "removed":
      return `${some} removed`;
    case "reordered":
      return was === undefined
        ? `${some} is out of order${what}`
        : `${some} stands in the wrong place: it was row ${was}${what}`;
    case "tail_removed":
      return `${some} removed from the end`;
    case "broken_link":
      return `${some} does not follow the row before it${what}`;
    case "not_as_signed":
      return `${some} is not the one that was signed; what follows cannot agree either`;
    case "not_as_anchored":
      return `${some} is not the one that was noted elsewhere`;
    case "unchained":
      return `${toSeq} rows lie beside the chain: they were put in past the server`;
    case "checkpoint_forged":
      return `signature ${seq} is not the server's`;
    case "checkpoint_removed":
      return toSeq === undefined || toSeq <= seq
        ? `signature ${seq} is missing`
        : `signatures ${seq} to ${toSeq} are missing`;
    case "clock_back":
      return `the server's clock was set back by ${((byMs ?? 0) / 1000).toFixed(1)} s before row ${seq}`;
    case "file_changed":
      return "the file was changed, or cut off, after it was exported";
  }
}
