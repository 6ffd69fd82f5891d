import plainUrl from "../../dist/crypto/flux-crypto.wasm?url";
import relaxedUrl from "../../dist/crypto/flux-crypto-relaxed.wasm?url";
import { FluxError } from "../lib/errors.ts";
import { createFluxCrypto } from "./crypto.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";
import type { FluxCrypto } from "./types.ts";

/**
 * Loads the binary in a page or worker. Vite turns the `?url` imports into hashed assets of the build, and serves the
 * files themselves in development; they must have been built first (shared/crypto/build.mjs). The page's content security
 * policy must allow 'wasm-unsafe-eval'. Throws `crypto.unavailable`.
 */
export async function loadFluxCrypto(): Promise<FluxCrypto> {
  let binary: ArrayBuffer;
  try {
    const response = await fetch(hasRelaxedSimd() ? relaxedUrl : plainUrl);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    binary = await response.arrayBuffer();
  } catch (cause) {
    throw new FluxError("crypto.unavailable", "the crypto binary could not be fetched", { cause });
  }
  return createFluxCrypto(binary);
}
