import wasmUrl from "../../dist/crypto/flux-crypto.wasm?url";
import { FluxError } from "../lib/errors.ts";
import { createFluxCrypto } from "./crypto.ts";
import type { FluxCrypto } from "./types.ts";

/**
 * Loads the binary in a page or worker. Vite turns the `?url` import into a hashed asset of the build, and serves the
 * file itself in development; it must have been built first (shared/crypto/build.mjs). The page's content security
 * policy must allow 'wasm-unsafe-eval'. Throws `crypto.unavailable`.
 */
export async function loadFluxCrypto(): Promise<FluxCrypto> {
  let binary: ArrayBuffer;
  try {
    const response = await fetch(wasmUrl);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    binary = await response.arrayBuffer();
  } catch (cause) {
    throw new FluxError("crypto.unavailable", "the crypto binary could not be fetched", { cause });
  }
  return createFluxCrypto(binary);
}
