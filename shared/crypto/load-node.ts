import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FluxError } from "../lib/errors.ts";
import { createFluxCrypto } from "./crypto.ts";
import { importNodeAesKey } from "./node-aes.ts";
import { cryptoBinaryName } from "./relaxed-simd.ts";
import type { FluxCrypto } from "./types.ts";

/**
 * From the source tree (shared/crypto/) the binaries are two folders up under dist/; from a bundle in dist/server/ they
 * are beside that folder. A bundler keeps `import.meta.url`, so both are tried, source tree first.
 */
const PLACES = ["../../dist/crypto/", "../crypto/"];

/** Reads one file of dist/crypto. Throws `crypto.unavailable` when it has not been built. */
export async function readCryptoBinary(file = cryptoBinaryName()): Promise<Uint8Array<ArrayBuffer>> {
  let last: unknown;
  for (const place of PLACES) {
    try {
      return new Uint8Array(await readFile(fileURLToPath(new URL(`${place}${file}`, import.meta.url))));
    } catch (cause) {
      last = cause;
    }
  }
  throw new FluxError("crypto.unavailable", `dist/crypto/${file} is missing: run npm run build`, { cause: last });
}

/** Loads the binary for Node, with AES-256-GCM from OpenSSL. Throws `crypto.unavailable` when it has not been built. */
export async function loadFluxCrypto(): Promise<FluxCrypto> {
  return createFluxCrypto(await readCryptoBinary(), { importAesKey: importNodeAesKey });
}
