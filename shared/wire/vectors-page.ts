import { createFluxCrypto } from "../crypto/crypto.ts";
import { type FrameVectors, runFrameVectors, type VectorFailure } from "./vector-run.ts";

/** Entry of a page that checks the wire vectors in a browser: `checkFrames(vectors)` answers with the failures. */
async function checkFrames(vectors: FrameVectors): Promise<VectorFailure[]> {
  const binary = await (await fetch("/flux-crypto.wasm")).arrayBuffer();
  return runFrameVectors(await createFluxCrypto(binary), vectors);
}

Object.assign(globalThis, { checkFrames });
