import { buildCrypto } from "../shared/crypto/build.mjs";

/** Before any test: the one artefact that tests load from disk, the cipher's WebAssembly binary. */
export async function setup() {
  await buildCrypto();
}
