/** Before any test: the one artefact that tests load from disk, the cipher's WebAssembly binary. */
export async function setup(): Promise<void> {
  const { buildCrypto } = (await import("../../shared/crypto/build.mjs")) as { buildCrypto: () => Promise<unknown> };
  await buildCrypto();
}
