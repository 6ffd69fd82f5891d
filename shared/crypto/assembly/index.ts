/** The exports of flux-crypto.wasm. Pointers are checked by the host facade (shared/crypto/crypto.ts). */
import { CHUNK_BYTES, CHUNK_SLACK, SLOT_BYTES } from "./layout";
import { schedule } from "./cipher";
import { gcmInit, wipeGcm } from "./gcm";
import { wipeSliced } from "./sliced";

export { blockEncrypt, counterMode } from "./cipher";
export { gcmAad, gcmCheck, gcmOpen, gcmOpenOnce, gcmSeal, gcmSealOnce, gcmStart, gcmTag } from "./gcm";

const CHUNK = memory.data(CHUNK_BYTES + CHUNK_SLACK, 64);
const PARAMS = memory.data(256, 64);

/** Where data pieces are placed: `chunkBytes` bytes and slack. */
export function chunk(): usize {
  return CHUNK;
}

export function chunkBytes(): usize {
  return CHUNK_BYTES;
}

/** Where keys, nonces and tags are placed. */
export function params(): usize {
  return PARAMS;
}

export function slotBytes(): usize {
  return SLOT_BYTES;
}

/** First byte that the host may use for key slots. */
export function slotsStart(): usize {
  return (__heap_base + 63) & ~63;
}

/** Fills a slot from the key at `key` and wipes that copy of the key. */
export function importKey(cipher: i32, slot: usize, key: usize, keyBytes: i32, gcm: i32): void {
  schedule(cipher, slot, key, keyBytes);
  memory.fill(key, 0, keyBytes);
  if (gcm) gcmInit(slot);
}

export function wipe(p: usize, bytes: usize): void {
  memory.fill(p, 0, bytes);
}

/** Everything but key slots: data, parameters and intermediate values. */
export function wipeWork(): void {
  memory.fill(CHUNK, 0, CHUNK_BYTES + CHUNK_SLACK);
  memory.fill(PARAMS, 0, 256);
  wipeGcm();
  wipeSliced();
}
