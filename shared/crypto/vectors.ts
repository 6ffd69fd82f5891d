import { FluxError } from "../lib/errors.ts";
import type { BlockCipher, FluxCrypto, Suite } from "./types.ts";

/** One known answer; all byte strings are hexadecimal. */
interface Vector {
  readonly cipher: string;
  readonly key: string;
  readonly iv?: string;
  readonly aad?: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly tag?: string;
}

/** A file of known answers: single blocks, CTR streams and GCM messages. */
export interface VectorFile {
  readonly block: readonly Vector[];
  readonly ctr: readonly Vector[];
  readonly gcm: readonly Vector[];
}

export interface VectorReport {
  passed: number;
  /** One line per vector that failed: where it is and what went wrong. Never key bytes. */
  readonly failures: string[];
}

const FIELDS = ["cipher", "key", "iv", "aad", "plaintext", "ciphertext", "tag"] as const;
const SECTIONS = { block: [], ctr: ["iv"], gcm: ["iv", "aad", "tag"] } as const;
const SUITES: readonly Suite[] = ["LEA-256-GCM", "ARIA-256-GCM", "AES-256-GCM"];
const CIPHERS: readonly BlockCipher[] = ["LEA", "ARIA", "AES"];

function bad(field: string, reason: string): FluxError {
  return new FluxError("vectors.malformed", `${field}: ${reason}`, { field });
}

function parseVector(value: unknown, at: string, needed: readonly string[]): Vector {
  if (typeof value !== "object" || value === null) throw bad(at, "not an object");
  const record = value as Record<string, unknown>;
  const vector: Record<string, string> = {};
  for (const name of FIELDS) {
    const text = record[name];
    if (text === undefined && !["cipher", "key", "plaintext", "ciphertext", ...needed].includes(name)) continue;
    if (typeof text !== "string") throw bad(`${at}.${name}`, "missing or not a string");
    if (name !== "cipher" && !/^(?:[0-9a-f]{2})*$/i.test(text)) throw bad(`${at}.${name}`, "not hexadecimal");
    vector[name] = text;
  }
  return vector as unknown as Vector;
}

/** Reads the text of a vector file. Throws `vectors.malformed` with the field at fault, also for a file without vectors. */
export function parseVectors(text: string): VectorFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FluxError("vectors.malformed", "the file is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null) throw bad("file", "not an object");
  const record = value as Record<string, unknown>;
  const section = (name: keyof typeof SECTIONS): Vector[] => {
    const list = record[name] ?? [];
    if (!Array.isArray(list)) throw bad(name, "not a list");
    return list.map((entry, index) => parseVector(entry, `${name}[${index}]`, SECTIONS[name]));
  };
  const file = { block: section("block"), ctr: section("ctr"), gcm: section("gcm") };
  if (file.block.length + file.ctr.length + file.gcm.length === 0) throw bad("file", "it holds no vectors");
  return file;
}

function fromHex(hex: string | undefined): Uint8Array {
  const text = hex ?? "";
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function cipherOf(name: string): BlockCipher {
  const cipher = CIPHERS.find((known) => name === known || new RegExp(`^${known}-(128|192|256)-CTR$`).test(name));
  if (cipher === undefined) throw new FluxError("vectors.unknown_cipher", `unknown cipher ${name}`);
  return cipher;
}

function suiteOf(name: string): Suite {
  const suite = SUITES.find((known) => known === name);
  if (suite === undefined) throw new FluxError("vectors.unknown_cipher", `unknown suite ${name}`);
  return suite;
}

/** Undefined when the vector holds, else what does not. GCM is checked both ways, and must refuse an altered tag. */
function checkGcm(crypto: FluxCrypto, vector: Vector): string | undefined {
  const key = crypto.importKey(suiteOf(vector.cipher), fromHex(vector.key));
  try {
    const [nonce, aad, plaintext] = [fromHex(vector.iv), fromHex(vector.aad), fromHex(vector.plaintext)];
    const expected = concat(fromHex(vector.ciphertext), fromHex(vector.tag));
    const sealed = new Uint8Array(plaintext.length + 16);
    key.sealInto(nonce, aad, plaintext, sealed, 0);
    if (!same(sealed, expected)) return "sealing gives other bytes";
    if (!same(key.open(nonce, aad, expected), plaintext)) return "opening gives other bytes";
    sealed.set([(sealed.at(-1) ?? 0) ^ 1], sealed.length - 1);
    try {
      key.open(nonce, aad, sealed);
      return "an altered tag was accepted";
    } catch (error) {
      return error instanceof FluxError && error.code === "crypto.auth_failed" ? undefined : String(error);
    }
  } finally {
    key.dispose();
  }
}

/** Runs every vector; a vector that throws counts as failed. */
export function checkVectors(crypto: FluxCrypto, file: VectorFile): VectorReport {
  const report: VectorReport = { passed: 0, failures: [] };
  const run = (name: string, vector: Vector, check: () => string | undefined): void => {
    let failure: string | undefined;
    try {
      failure = check();
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    if (failure === undefined) report.passed++;
    else report.failures.push(`${name} ${vector.cipher}: ${failure}`);
  };
  const answer = (ok: boolean): string | undefined => (ok ? undefined : "other ciphertext");
  file.block.forEach((vector, i) => {
    run(`block[${i}]`, vector, () => {
      const out = crypto.block(cipherOf(vector.cipher), fromHex(vector.key), fromHex(vector.plaintext));
      return answer(same(out, fromHex(vector.ciphertext)));
    });
  });
  file.ctr.forEach((vector, i) => {
    run(`ctr[${i}]`, vector, () => {
      const cipher = cipherOf(vector.cipher);
      const out = crypto.ctr(cipher, fromHex(vector.key), fromHex(vector.iv), fromHex(vector.plaintext));
      return answer(same(out, fromHex(vector.ciphertext)));
    });
  });
  file.gcm.forEach((vector, i) => {
    run(`gcm[${i}]`, vector, () => checkGcm(crypto, vector));
  });
  return report;
}
