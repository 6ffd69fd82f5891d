/** AES (FIPS 197) for browsers, where the platform's own AES is asynchronous only. Constant time like aria.ts. */
import { SLOT_ROUNDS, SLOT_SCHEDULE } from "./layout";
import { S1, substitute } from "./sbox";
import { addStream, loadCounters, NEXT, STATE } from "./sliced";

// @ts-ignore: decorator
@inline
function substituteWord(word: u32): u32 {
  return <u32>i32x4.extract_lane(substitute(i32x4.splat(word), S1), 0);
}

/** Expands 16, 24 or 32 key bytes into rounds + 1 round keys (FIPS 197, 5.2). */
export function aesSchedule(slot: usize, key: usize, keyBytes: i32): void {
  const rounds = (keyBytes >> 2) + 6;
  store<i32>(slot, rounds, SLOT_ROUNDS);
  const keys = slot + SLOT_SCHEDULE;
  memory.copy(keys, key, keyBytes);
  const step: i32 = keyBytes >> 2;
  let rcon: u32 = 1;
  for (let i = step; i < 4 * (rounds + 1); i++) {
    const at = keys + ((<usize>i) << 2);
    let word = load<u32>(at - 4);
    if (i % step == 0) {
      word = substituteWord(rotr<u32>(word, 8)) ^ rcon;
      rcon = (rcon << 1) ^ (rcon >> 7) * 0x11b;
    } else if (step == 8 && i % 8 == 4) {
      word = substituteWord(word);
    }
    store<u32>(at, load<u32>(at - keyBytes) ^ word);
  }
}

/** Doubles sixteen field elements: the mask comes from the sign, not from a branch. */
// @ts-ignore: decorator
@inline
function double(x: v128): v128 {
  return v128.xor(i8x16.add(x, x), v128.and(i8x16.lt_s(x, i8x16.splat(0)), i8x16.splat(0x1b)));
}

// @ts-ignore: decorator
@inline
function shiftRows(x: v128): v128 {
  return i8x16.shuffle(x, x, 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11);
}

export function aesBlock(slot: usize, input: usize, output: usize): void {
  let k = slot + SLOT_SCHEDULE;
  const last = k + (<usize>load<i32>(slot, SLOT_ROUNDS) << 4);
  let x = v128.xor(v128.load(input), v128.load(k));
  for (k += 16; k < last; k += 16) {
    const a = shiftRows(substitute(x, S1));
    const b = i8x16.shuffle(a, a, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
    const c = v128.xor(a, b);
    const d = i8x16.shuffle(c, c, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    x = v128.xor(v128.xor(double(c), v128.xor(b, d)), v128.load(k));
  }
  v128.store(output, v128.xor(shiftRows(substitute(x, S1)), v128.load(last)));
}

function sliceSubstitute(k: usize): void {
  for (let i: usize = 0; i < 16; i++) {
    const x = v128.xor(v128.load(STATE + (i << 4)), v128.load_splat<u8>(k + i));
    v128.store(NEXT + (i << 4), substitute(x, S1));
  }
}

// @ts-ignore: decorator
@inline
function shifted(column: usize, row: usize): v128 {
  return v128.load(NEXT + (((((column + row) & 3) << 2) + row) << 4));
}

function sliceMix(): void {
  for (let column: usize = 0; column < 4; column++) {
    const a = shifted(column, 0);
    const b = shifted(column, 1);
    const c = shifted(column, 2);
    const d = shifted(column, 3);
    const ab = v128.xor(a, b);
    const bc = v128.xor(b, c);
    const cd = v128.xor(c, d);
    const to = STATE + (column << 6);
    v128.store(to, v128.xor(double(ab), v128.xor(b, cd)));
    v128.store(to, v128.xor(double(bc), v128.xor(a, cd)), 16);
    v128.store(to, v128.xor(double(cd), v128.xor(ab, d)), 32);
    v128.store(to, v128.xor(double(v128.xor(d, a)), v128.xor(ab, c)), 48);
  }
}

/** Adds the key stream of counter blocks `prefix || counter` to whole groups of sixteen blocks. */
export function aesCtr(slot: usize, prefix: usize, counter: u32, p: usize, bytes: usize): void {
  const first = slot + SLOT_SCHEDULE;
  const last = first + ((<usize>load<i32>(slot, SLOT_ROUNDS) - 1) << 4);
  for (let end = p + bytes; p < end; p += 256) {
    loadCounters(prefix, counter);
    let k = first;
    for (; k < last; k += 16) {
      sliceSubstitute(k);
      sliceMix();
    }
    sliceSubstitute(k);
    for (let column: usize = 0; column < 4; column++) {
      for (let row: usize = 0; row < 4; row++) {
        const i = (column << 2) + row;
        v128.store(STATE + (i << 4), v128.xor(shifted(column, row), v128.load_splat<u8>(k + 16 + i)));
      }
    }
    addStream(STATE, p);
    counter += 16;
  }
}
