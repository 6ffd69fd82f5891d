/** Sixteen counter blocks at a time, one vector per byte position: the form in which ARIA and AES run CTR. */
import { transpose } from "./ghash-wide";

/** State vectors before and after a layer. */
export const STATE = memory.data(256, 64);
export const NEXT = memory.data(256, 64);

/** STATE = the transposed blocks `prefix || counter + n`, n = 0..15. */
export function loadCounters(prefix: usize, counter: u32): void {
  const head = v128.load(prefix);
  for (let n: usize = 0; n < 16; n++) {
    v128.store(NEXT + (n << 4), i32x4.replace_lane(head, 3, bswap<u32>(counter + <u32>n)));
  }
  transpose(NEXT, STATE);
}

/** Adds the key stream in `state` to 256 bytes at `p`. */
export function addStream(state: usize, p: usize): void {
  transpose(state, state);
  for (let n: usize = 0; n < 256; n += 16) {
    v128.store(p + n, v128.xor(v128.load(p + n), v128.load(state + n)));
  }
}

export function wipeSliced(): void {
  memory.fill(STATE, 0, 256);
  memory.fill(NEXT, 0, 256);
}
