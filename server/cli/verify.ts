import { createHash } from "node:crypto";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { sentence } from "../../shared/evidence/findings.ts";
import { type VerifyReport, verifyPackage } from "../../shared/evidence/verify.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { openPackage } from "../export/package-source.ts";
import { UsageError } from "./cli.ts";
import { parseFlags } from "./flags.ts";
import type { CliIo } from "./io.ts";
import { readLine } from "./read-line.ts";
import { runVerifyAudit } from "./verify-audit.ts";
import { VERIFY_EXIT } from "./verify-exit.ts";

/**
 * `verify PACKAGE [--json] [--key FINGERPRINT] [--passphrase TEXT | --passphrase-stdin]`: checks an export package, a .zip
 * or the folder that it was unpacked to, and names what is wrong.
 */
export async function runVerify(
  args: string[],
  io: CliIo,
  stdin: AsyncIterable<Buffer> = process.stdin,
): Promise<number> {
  if (args[0] === "audit") return runVerifyAudit(args.slice(1), io);
  const { values, positionals } = parseFlags(args, {
    json: { kind: "boolean" },
    key: { kind: "string" },
    passphrase: { kind: "string" },
    "passphrase-stdin": { kind: "boolean" },
  });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new UsageError("name one package: a .zip file or a folder");
  const expectedKey = values.key === undefined ? undefined : String(values.key);
  if (expectedKey !== undefined && expectedKey.replace(/[^0-9a-fA-F]/g, "").length !== 64) {
    throw new UsageError("--key must be a fingerprint of 64 hexadecimal digits");
  }
  const given = values.passphrase === undefined ? undefined : String(values.passphrase);
  const passphrase = values["passphrase-stdin"] === true ? await readLine(stdin).next() : given;
  let report: VerifyReport;
  try {
    const crypto = passphrase === undefined ? undefined : await loadFluxCrypto();
    report = await verifyPackage(await openPackage(path), { expectedKey, passphrase, crypto, newHash });
  } catch (error) {
    const detail = describeError(error);
    if (values.json === true) io.out(`${JSON.stringify({ ok: false, error: { code: errorCode(error), detail } })}\n`);
    else io.err(`fluxvision verify: ${detail}\n`);
    return VERIFY_EXIT.unreadable;
  }
  io.out(values.json === true ? `${JSON.stringify(toJson(report))}\n` : inWords(report));
  return report.ok ? VERIFY_EXIT.intact : VERIFY_EXIT.faults;
}

function newHash() {
  const hash = createHash("sha256");
  return { update: (data: Uint8Array) => hash.update(data), digestHex: () => hash.digest("hex") };
}

function toJson({ keys: _, manifest, findings, ...report }: VerifyReport) {
  return {
    ...report,
    findings: findings.map((finding) => ({ ...finding, message: sentence(finding) })),
    manifest: manifest && {
      id: manifest.id,
      title: manifest.title,
      createdAt: manifest.createdAt,
      exporter: manifest.exporter.name,
      format: manifest.format,
      items: manifest.items,
    },
  };
}

function inWords(report: VerifyReport): string {
  const { ok, findings, manifest, signer, signerExpected, checkedFiles, checkedBytes, openedFrames } = report;
  const lines: string[] = [];
  if (manifest) {
    lines.push(`${plain(manifest.title)}: made ${plain(manifest.createdAt)} by ${plain(manifest.exporter.name)}`);
    for (const { cameraName, role, requested, contained, gaps } of manifest.items) {
      const range = contained ? `${plain(contained.start)} - ${plain(contained.end)}` : "no footage";
      lines.push(
        `  ${plain(cameraName)} (${role}): asked for ${plain(requested.start)} - ${plain(requested.end)}, holds ${range}`,
      );
      for (const { startMicros, endMicros, reason } of gaps) {
        lines.push(`    gap of ${((endMicros - startMicros) / 1e6).toFixed(1)} s (${plain(reason)})`);
      }
    }
  }
  lines.push(`Checked: signature of the manifest, ${checkedFiles} files with ${checkedBytes} bytes by SHA-256.`);
  if (openedFrames > 0) lines.push(`Checked: the seals of ${openedFrames} frames.`);
  if (manifest?.format === "sealed" && openedFrames === 0) {
    lines.push("Not checked: the seals of the frames (give the passphrase).");
  }
  for (const finding of findings) lines.push(`FAULT: ${plain(sentence(finding))}`);
  if (signer !== undefined) {
    lines.push(`Signed with the key ${signer}`);
    if (signerExpected === undefined)
      lines.push("Compare it with the key that the server shows, or give it with --key.");
  }
  lines.push(ok ? "INTACT" : "NOT INTACT");
  return `${lines.join("\n")}\n`;
}

/** What a package says may hold anything; a terminal acts on control characters. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "?");
}
