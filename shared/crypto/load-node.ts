import { FluxError } from "../lib/errors.ts";
import type { FluxCrypto } from "./types.ts";

/** Reads dist/crypto/flux-crypto.wasm, from the checkout or beside the bundled server. */
export async function loadFluxCrypto(): Promise<FluxCrypto> {
  throw new FluxError("crypto.unavailable", "crypto binary not linked yet");
}
