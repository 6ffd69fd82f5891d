import type { ImportedKey } from "./types.ts";

/** One timed call: how many frames of what size, sealed or opened. */
export interface CryptoBenchStep {
  readonly operation: "seal" | "open" | "openInto";
  readonly bytes: number;
  readonly times: number;
}

/** Additional data of a frame: about the size of a sealed frame's header. */
export const BENCH_AAD_BYTES = 48;

/** Nanoseconds that the step took, by the given monotonic clock in milliseconds. */
export function timeCrypto(key: ImportedKey, step: CryptoBenchStep, nowMs: () => number): number {
  const nonce = new Uint8Array(12).fill(9);
  const aad = new Uint8Array(BENCH_AAD_BYTES).fill(3);
  const plaintext = new Uint8Array(step.bytes).fill(1);
  const sealed = new Uint8Array(step.bytes + 16);
  key.sealInto(nonce, aad, plaintext, sealed, 0);
  const start = nowMs();
  if (step.operation === "seal") {
    for (let i = 0; i < step.times; i++) key.sealInto(nonce, aad, plaintext, sealed, 0);
  } else if (step.operation === "open") {
    for (let i = 0; i < step.times; i++) key.open(nonce, aad, sealed);
  } else {
    for (let i = 0; i < step.times; i++) key.openInto(nonce, aad, sealed, plaintext, 0);
  }
  return (nowMs() - start) * 1e6;
}
