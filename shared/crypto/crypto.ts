import { FluxError } from "../lib/errors.ts";
import type { FluxCrypto } from "./types.ts";

export type { AeadKey, BlockCipher, FluxCrypto, Suite } from "./types.ts";
export { KEY_BYTES, MAX_AAD_BYTES, MAX_PLAINTEXT_BYTES, NONCE_BYTES, SUITE_IDS, TAG_BYTES } from "./types.ts";

/** Builds the synchronous facade on the compiled binary; runs in Node, in a page and in a worker. */
export async function createFluxCrypto(_wasm: BufferSource | WebAssembly.Module): Promise<FluxCrypto> {
  throw new FluxError("crypto.unavailable", "crypto binary not linked yet");
}
