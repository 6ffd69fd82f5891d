// Browser entry of `fluxvision bench crypto`.
import { type CryptoBenchStep, timeCrypto } from "../../shared/crypto/bench-loop.ts";
import { createFluxCrypto, type ImportedKey } from "../../shared/crypto/crypto.ts";
import { cryptoBinaryName } from "../../shared/crypto/relaxed-simd.ts";

async function importKey(): Promise<ImportedKey> {
  const wasm = await (await fetch(`/${cryptoBinaryName()}`)).arrayBuffer();
  const crypto = await createFluxCrypto(wasm);
  return crypto.importKey("LEA-256-GCM", new Uint8Array(32).fill(7));
}

const key = importKey();

Object.assign(globalThis, {
  binary: async () => cryptoBinaryName(),
  measure: async (step: CryptoBenchStep) => timeCrypto(await key, step, () => performance.now()),
});
