import { createHash } from "node:crypto";
import { z } from "zod";
import { fingerprint, publicJwk, sameFingerprint } from "../../shared/evidence/signature.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Anchor } from "./anchor.ts";
import { canonicalJson } from "./canonical.ts";
import { ChainCheck, type ChainReport, type Finding } from "./chain-check.ts";
import { type Checkpoint, type CheckpointSigner, hexOf, SignatureChecker } from "./checkpoint.ts";
import type { AuditRow } from "./row.ts";
import type { ExportedRow } from "./search.ts";

/**
 * Rows as signed JSON, a value per line: a header, rows (each with its hash and the one before), checkpoints, and an end that
 * is signed over every byte before it. Whoever reads it needs nothing of ours but the fingerprint of the key.
 */

export interface ExportHeader {
  readonly exportedAt: string;
  readonly by: string;
  readonly filter: Readonly<Record<string, unknown>>;
}

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const header = z.object({
  format: z.literal("fluxvision-audit"),
  version: z.literal(1),
  exportedAt: z.iso.datetime(),
  by: z.string(),
  filter: z.record(z.string(), z.unknown()),
  /** Nothing was left out. */
  complete: z.boolean(),
  publicKey: publicJwk,
});
const name = z.string().nullable();
const rowLine = z.object({
  row: z.object({
    seq: z.number(),
    at: z.iso.datetime(),
    action: z.string(),
    outcome: z.enum(["ok", "denied", "failed"]).nullable(),
    actorId: name,
    actorName: name,
    ip: name,
    sessionId: name,
    via: name,
    target: name,
    cameraId: name,
    details: z.record(z.string(), z.unknown()).nullable(),
    changes: z.array(z.object({ field: z.string() }).loose()).nullable(),
    hash: hex,
    previous: hex.nullable(),
  }),
});
const checkpointLine = z.object({
  checkpoint: z.object({ number: z.number(), seq: z.number(), body: z.string(), signature: z.string() }),
});
const endLine = z.object({
  end: z.object({
    rows: z.number(),
    /** More matched than an export holds. */
    truncated: z.boolean(),
    /** Of the last row of the chain when this was exported: an anchor. */
    lastSeq: z.number(),
    lastHash: hex,
    sha256: hex,
  }),
  signature: z.string().max(200),
});

export const MOST_EXPORTED = 200_000;
const SIGNED = "fluxvision audit export v1\n";

export interface ExportSource {
  readonly rows: AsyncIterable<readonly ExportedRow[]>;
  readonly checkpoints: readonly Checkpoint[];
  readonly head: { readonly seq: number; readonly hash: Uint8Array };
}

export async function* exportLines(
  head: ExportHeader,
  source: ExportSource,
  signer: CheckpointSigner,
): AsyncGenerator<string> {
  const sha256 = createHash("sha256");
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`;
    sha256.update(text);
    return text;
  };
  const complete = Object.keys(head.filter).length === 0;
  yield line({ format: "fluxvision-audit", version: 1, ...head, complete, publicKey: signer.publicJwk });
  let rows = 0;
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for await (const page of source.rows) {
    let text = "";
    for (const { row, previous } of page) {
      rows++;
      first = Math.min(first, row.seq);
      last = row.seq;
      text += line({ row: rowBody(row, previous) });
    }
    yield text;
  }
  for (const { number, seq, body, signature } of source.checkpoints) {
    if (complete || (seq >= first && seq <= last)) yield line({ checkpoint: { number, seq, body, signature } });
  }
  const end = {
    rows,
    truncated: rows >= MOST_EXPORTED,
    lastSeq: source.head.seq,
    lastHash: hexOf(source.head.hash),
    sha256: sha256.digest("hex"),
  };
  yield `${JSON.stringify({ end, signature: signer.sign(SIGNED + canonicalJson(end)) })}\n`;
}

function rowBody({ hash, mac: _mac, at, ...row }: AuditRow, previous: Uint8Array | undefined) {
  return { ...row, at: at.toISOString(), hash: hexOf(hash), previous: previous ? hexOf(previous) : null };
}

export interface FileReport extends ChainReport {
  readonly fingerprint: string;
  readonly exportedAt: string;
  readonly by: string;
  readonly complete: boolean;
  readonly truncated: boolean;
  /** The key is the one that was expected; undefined when none was given. */
  readonly keyExpected: boolean | undefined;
}

/** Checks an exported file. Throws `audit.not_an_export`. */
export async function checkExport(
  lines: AsyncIterable<string>,
  options: { readonly expectedKey?: string | undefined; readonly anchors?: readonly Anchor[] } = {},
): Promise<FileReport> {
  const sha256 = createHash("sha256");
  let head: z.infer<typeof header> | undefined;
  let end: z.infer<typeof endLine> | undefined;
  const rows: { row: AuditRow; previous: Uint8Array | undefined }[] = [];
  const checkpoints: Checkpoint[] = [];
  let after = false;
  for await (const line of lines) {
    if (line === "") continue;
    if (end) after = true;
    const value = parse(line);
    if (!head) head = read(header, value);
    else if (typeof value === "object" && value !== null && "row" in value) rows.push(toRow(read(rowLine, value)));
    else if (typeof value === "object" && value !== null && "checkpoint" in value) {
      checkpoints.push({ ...read(checkpointLine, value).checkpoint, at: new Date(0) });
    } else {
      end = read(endLine, value);
      continue;
    }
    sha256.update(`${line}\n`);
  }
  if (!head) throw new FluxError("audit.not_an_export", "the file is empty");
  const checker = new SignatureChecker(head.publicKey);
  const own = end ? [{ seq: end.end.lastSeq, hash: end.end.lastHash }] : [];
  const whole = head.complete && end?.end.truncated === false;
  const check = new ChainCheck({
    checkpoints,
    checkSignature: (body, signature) => checker.check(body, signature),
    anchors: [...own, ...(options.anchors ?? [])],
    partial: !whole,
  });
  for (const { row, previous } of rows) check.push(row, previous);
  const report = check.end();
  const intact =
    end !== undefined &&
    !after &&
    end.end.rows === rows.length &&
    end.end.sha256 === sha256.digest("hex") &&
    checker.check(SIGNED + canonicalJson(end.end), end.signature);
  const changed: Finding = { kind: "file_changed", severity: "fault", seq: 0 };
  const print = fingerprint(head.publicKey);
  const keyExpected = options.expectedKey === undefined ? undefined : sameFingerprint(print, options.expectedKey);
  return {
    ...report,
    ok: report.ok && intact && keyExpected !== false,
    findings: intact ? report.findings : [changed, ...report.findings],
    fingerprint: print,
    exportedAt: head.exportedAt,
    by: head.by,
    complete: whole,
    truncated: end?.end.truncated ?? false,
    keyExpected,
  };
}

function toRow({ row }: z.infer<typeof rowLine>): { row: AuditRow; previous: Uint8Array | undefined } {
  const { hash, previous, at, changes, ...rest } = row;
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
  return {
    row: { ...rest, changes, at: new Date(at), hash: bytes(hash), mac: new Uint8Array(0) },
    previous: previous === null ? undefined : bytes(previous),
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new FluxError("audit.not_an_export", "the file is not an export of the audit trail", { cause });
  }
}

function read<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FluxError(
    "audit.not_an_export",
    `not an export of the audit trail: ${issue?.path.join(".")} ${issue?.message}`,
  );
}
