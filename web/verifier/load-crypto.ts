import plain from "../../dist/crypto/flux-crypto.wasm";
import { createFluxCrypto } from "../../shared/crypto/crypto.ts";
import type { FluxCrypto } from "../../shared/crypto/types.ts";

/** The binary lies in the page itself. */
export function loadCrypto(): Promise<FluxCrypto> {
  return createFluxCrypto(plain);
}
