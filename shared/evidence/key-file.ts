import { z } from "zod";
import { SUITE_IDS, type Suite } from "../crypto/types.ts";
import { FluxError } from "../lib/errors.ts";
import { fromBase64, toBase64 } from "./base64.ts";

/** OWASP's figure for PBKDF2-HMAC-SHA-256 (2023). */
const ITERATIONS = 600_000;
/** A file that asks for more is made to keep the reader busy. */
const MAX_ITERATIONS = 10_000_000;
const AAD = new TextEncoder().encode("fluxvision export keys v1");
const suites = Object.keys(SUITE_IDS) as [Suite, ...Suite[]];

/** `keys.json` of a sealed package. */
const keyFile = z.object({
  version: z.literal(1),
  kdf: z.object({
    name: z.literal("PBKDF2-SHA-256"),
    iterations: z.number().int().min(100_000).max(MAX_ITERATIONS),
    salt: z.string().max(200),
  }),
  cipher: z.literal("AES-256-GCM"),
  nonce: z.string().max(40),
  sealed: z.string(),
});

const packageKey = z.object({
  cameraId: z.string(),
  keyId: z.number(),
  generation: z.number(),
  epoch: z.number(),
  suite: z.enum(suites),
  key: z.string(),
});

/** The key of ten minutes of one camera. */
export interface PackageKey {
  readonly cameraId: string;
  readonly keyId: number;
  readonly generation: number;
  readonly epoch: number;
  readonly suite: Suite;
  readonly key: Uint8Array;
}

/** The text of keys.json. */
export async function sealKeys(passphrase: string, keys: readonly PackageKey[]): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const plain = keys.map(({ key, ...names }) => ({ ...names, key: toBase64(key) }));
  const wrapping = await derive(passphrase, salt, ITERATIONS);
  const bytes = new TextEncoder().encode(JSON.stringify(plain));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: AAD }, wrapping, bytes);
  const kdf = { name: "PBKDF2-SHA-256", iterations: ITERATIONS, salt: toBase64(salt) };
  const file = {
    version: 1,
    kdf,
    cipher: "AES-256-GCM",
    nonce: toBase64(nonce),
    sealed: toBase64(new Uint8Array(sealed)),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** Throws `evidence.bad_key_file`, `evidence.wrong_passphrase`. */
export async function openKeyFile(text: string, passphrase: string): Promise<PackageKey[]> {
  let file: z.infer<typeof keyFile>;
  try {
    file = keyFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new FluxError("evidence.bad_key_file", "keys.json is not valid", { cause });
  }
  let plain: ArrayBuffer;
  try {
    const wrapping = await derive(passphrase, fromBase64(file.kdf.salt), file.kdf.iterations);
    const algorithm = { name: "AES-GCM", iv: fromBase64(file.nonce), additionalData: AAD };
    plain = await crypto.subtle.decrypt(algorithm, wrapping, fromBase64(file.sealed));
  } catch {
    throw new FluxError("evidence.wrong_passphrase", "the passphrase does not open keys.json");
  }
  const keys = z.array(packageKey).parse(JSON.parse(new TextDecoder().decode(plain)));
  return keys.map((key) => ({ ...key, key: fromBase64(key.key) }));
}

async function derive(passphrase: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  // NFKC: the same characters from another keyboard give the same key.
  const secret = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const base = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveKey"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(parameters, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
