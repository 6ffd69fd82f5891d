// Browser entry of `fluxvision vectors --browser`: the same checks on the same binary, in a page.
import { createFluxCrypto } from "./crypto.ts";
import { checkVectors, parseVectors } from "./vectors.ts";

async function run(): Promise<{ passed: number; failures: string[] }> {
  const [wasm, vectors] = await Promise.all([fetch("/flux-crypto.wasm"), fetch("/vectors.json")]);
  const crypto = await createFluxCrypto(await wasm.arrayBuffer());
  return checkVectors(crypto, parseVectors(await vectors.text()));
}

Object.assign(globalThis, { run });
