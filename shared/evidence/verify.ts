import type { FluxCrypto } from "../crypto/types.ts";
import { describeError, errorCode } from "../lib/errors.ts";
import { changedFields, type FieldDigests, fieldDigests } from "./fields.ts";
import type { Finding } from "./findings.ts";
import { openKeyFile, type PackageKey } from "./key-file.ts";
import {
  KEYS_FILE,
  MANIFEST_FILE,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type ManifestFile,
  manifest as manifestSchema,
  SIGNATURE_FILE,
} from "./manifest.ts";
import { mediaFacts } from "./media-facts.ts";
import { type ByteFile, type PackageFiles, readWhole } from "./package-files.ts";
import { checkSegment, openEveryFrame } from "./segment-check.ts";
import { Sha256 } from "./sha256.ts";
import {
  checkSignature,
  fingerprint,
  type ManifestSignature,
  manifestSignature,
  sameFingerprint,
} from "./signature.ts";

export interface VerifyOptions {
  /** Fingerprint that the signing key must have. */
  readonly expectedKey?: string | undefined;
  /** Opens a sealed package: each frame's tag is checked too. */
  readonly passphrase?: string | undefined;
  readonly crypto?: FluxCrypto | undefined;
  /** A faster one where the platform has it. */
  readonly newHash?: () => { update(data: Uint8Array): unknown; digestHex(): string };
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly manifest: Manifest | undefined;
  /** Fingerprint of the key that signed; undefined: no valid signature. */
  readonly signer: string | undefined;
  /** Whether it is the key that was asked for; undefined: none was. */
  readonly signerExpected: boolean | undefined;
  readonly checkedFiles: number;
  readonly checkedBytes: number;
  /** Frames whose tag was checked with the passphrase. */
  readonly openedFrames: number;
  /** For players: the keys of a sealed package, once its passphrase was given. */
  readonly keys: readonly PackageKey[];
}

const PIECE_BYTES = 4 * 1024 * 1024;
const MAX_NAMED_FIELDS = 20;

/** Checks everything that can be checked, and goes on after a fault: people want to know all of what is wrong. */
export async function verifyPackage(found: PackageFiles, options: VerifyOptions = {}): Promise<VerifyReport> {
  const findings: Finding[] = [
    ...found.hidden.map((at): Finding => ({ code: "package.hidden", values: { at } })),
    ...found.duplicates.map((file): Finding => ({ code: "file.duplicate", file, values: {} })),
  ];
  const files = new Map(found.files.map((file) => [file.name, file]));
  const { manifest, signer } = await checkManifest(files, findings, options.expectedKey);
  const report = { checkedFiles: 0, checkedBytes: 0, openedFrames: 0, keys: [] as readonly PackageKey[] };
  if (manifest) {
    const listed = new Set(manifest.files.map(({ name }) => name));
    for (const { name } of found.files) {
      if (!listed.has(name) && name !== MANIFEST_FILE && name !== SIGNATURE_FILE) {
        findings.push({ code: "file.extra", file: name, values: {} });
      }
    }
    const totalBytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const expected of manifest.files) {
      const file = files.get(expected.name);
      if (!file) {
        findings.push({ code: "file.missing", file: expected.name, values: {} });
        continue;
      }
      const before = report.checkedBytes;
      await checkFile(file, expected, findings, options, (bytes) => {
        options.onProgress?.(before + bytes, totalBytes);
      });
      if (expected.kind === "segment") {
        const cameraId = manifest.items[expected.media?.item ?? -1]?.cameraId;
        findings.push(...(await checkSegment(file, expected, cameraId)));
      }
      report.checkedFiles++;
      report.checkedBytes += file.bytes;
    }
    if (options.passphrase !== undefined) await openSealed(manifest, files, findings, options, report);
  }
  const signerExpected =
    options.expectedKey === undefined
      ? undefined
      : signer !== undefined && sameFingerprint(signer, options.expectedKey);
  return { ok: findings.length === 0, findings, manifest, signer, signerExpected, ...report };
}

async function checkManifest(
  files: ReadonlyMap<string, ByteFile>,
  findings: Finding[],
  expectedKey: string | undefined,
): Promise<{ manifest: Manifest | undefined; signer: string | undefined }> {
  const file = files.get(MANIFEST_FILE);
  if (!file) {
    findings.push({ code: "manifest.missing", values: {} });
    return { manifest: undefined, signer: undefined };
  }
  let bytes: Uint8Array<ArrayBuffer>;
  let parsed: unknown;
  let manifest: Manifest | undefined;
  try {
    bytes = await readWhole(file, MAX_MANIFEST_BYTES);
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    manifest = manifestSchema.parse(parsed);
  } catch (error) {
    bytes = await file.readAt(0, Math.min(file.bytes, MAX_MANIFEST_BYTES));
    findings.push({ code: "manifest.invalid", values: { detail: oneLine(error) } });
  }
  const signature = await readSignature(files.get(SIGNATURE_FILE), findings);
  if (!signature) return { manifest, signer: undefined };
  const signer = fingerprint(signature.key);
  try {
    const check = await checkSignature(signature, bytes);
    if (!check.manifest) {
      findings.push({ code: "manifest.changed", values: {} });
      if (check.fields && parsed !== undefined) findings.push(...namedChanges(signature.fields, parsed));
    }
    if (expectedKey !== undefined && !sameFingerprint(signer, expectedKey)) {
      findings.push({ code: "signer.other", values: { found: signer, expected: expectedKey } });
    }
    return { manifest, signer: check.manifest ? signer : undefined };
  } catch (error) {
    findings.push({ code: "signature.invalid", values: { detail: oneLine(error) } });
    return { manifest, signer: undefined };
  }
}

async function readSignature(file: ByteFile | undefined, findings: Finding[]): Promise<ManifestSignature | undefined> {
  if (!file) {
    findings.push({ code: "signature.missing", values: {} });
    return undefined;
  }
  try {
    const text = new TextDecoder().decode(await readWhole(file, MAX_MANIFEST_BYTES));
    return manifestSignature.parse(JSON.parse(text));
  } catch (error) {
    findings.push({ code: "signature.invalid", values: { detail: oneLine(error) } });
    return undefined;
  }
}

/** The manifest's own signature says that it was changed; the signed digests of its values say where. */
function namedChanges(signed: FieldDigests, parsed: unknown): Finding[] {
  return changedFields(signed, fieldDigests(parsed))
    .slice(0, MAX_NAMED_FIELDS)
    .map((path) => ({ code: "manifest.field", values: { what: path, now: valueAt(parsed, path) } }));
}

function valueAt(value: unknown, path: string): string {
  let at: unknown = value;
  for (const key of path.split(".")) {
    at =
      at !== null && typeof at === "object" && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined;
  }
  return at === undefined ? "-" : JSON.stringify(at).slice(0, 200);
}

async function checkFile(
  file: ByteFile,
  expected: ManifestFile,
  findings: Finding[],
  { newHash = () => new Sha256() }: VerifyOptions,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { name, bytes, sha256, media } = expected;
  const add = (code: Finding["code"], values: Finding["values"] = {}): void => {
    findings.push({ code, file: name, values });
  };
  try {
    const hash = newHash();
    for (let at = 0; at < file.bytes; at += PIECE_BYTES) {
      const piece = await file.readAt(at, Math.min(PIECE_BYTES, file.bytes - at));
      hash.update(piece);
      onBytes(at + piece.byteLength);
    }
    if (file.bytes < bytes) add("file.shorter", { bytes: bytes - file.bytes });
    if (file.bytes > bytes) add("file.longer", { bytes: file.bytes - bytes });
    if (hash.digestHex() === sha256) return;
    if (file.bytes === bytes) add("file.changed");
  } catch (error) {
    add("file.unreadable", { detail: oneLine(error) });
    return;
  }
  if (!media) return;
  const facts = await mediaFacts(file);
  if (!facts) {
    add("file.unreadable", { detail: "the recording in it is damaged" });
  } else if (facts.frames !== media.frames) {
    const seconds = (Math.abs(media.frames - facts.frames) * media.durationMicros) / Math.max(1, media.frames) / 1e6;
    add("file.frames", { found: facts.frames, expected: media.frames, seconds: seconds.toFixed(1) });
  }
}

async function openSealed(
  manifest: Manifest,
  files: ReadonlyMap<string, ByteFile>,
  findings: Finding[],
  { passphrase = "", crypto }: VerifyOptions,
  report: { openedFrames: number; keys: readonly PackageKey[] },
): Promise<void> {
  const keyFile = files.get(KEYS_FILE);
  if (!keyFile || !crypto) {
    if (manifest.format === "sealed") findings.push({ code: "keys.unusable", values: { detail: "it is missing" } });
    return;
  }
  try {
    report.keys = await openKeyFile(new TextDecoder().decode(await readWhole(keyFile, MAX_MANIFEST_BYTES)), passphrase);
  } catch (error) {
    if (errorCode(error) === "evidence.wrong_passphrase") findings.push({ code: "passphrase.wrong", values: {} });
    else findings.push({ code: "keys.unusable", values: { detail: oneLine(error) } });
    return;
  }
  for (const expected of manifest.files) {
    const file = files.get(expected.name);
    const cameraId = manifest.items[expected.media?.item ?? -1]?.cameraId;
    if (expected.kind !== "segment" || !file || cameraId === undefined) continue;
    const { opened, damaged } = await openEveryFrame(file, cameraId, report.keys, crypto);
    report.openedFrames += opened;
    if (damaged === 0) continue;
    const values = { count: damaged, frames: opened + damaged };
    findings.push({ code: "frame.damaged", file: file.name, values });
  }
}

function oneLine(error: unknown): string {
  return describeError(error).replace(/\s+/g, " ").slice(0, 200);
}
