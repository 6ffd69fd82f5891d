/**
 * LEA (TTAK.KO-12.0223, ISO/IEC 29192-2): additions, rotations and exclusive-ors only, so there is no table and no
 * branch that could depend on a key or on data. Constant time by construction.
 */
import { SLOT_ROUNDS, SLOT_SCHEDULE } from "./layout";

const DELTA = memory.data<u32>([
  0xc3efe9db, 0x44626b02, 0x79e27c8a, 0x78df30ec, 0x715ea49e, 0xc785da0a, 0xe04ef22a, 0xe5c40957,
]);

// @ts-ignore: decorator
@inline
function delta(i: i32): u32 {
  return load<u32>(DELTA + ((<usize>i) << 2));
}

/** Working words of the key schedule; wiped before return. */
const T = memory.data(32, 16);

// @ts-ignore: decorator
@inline
function step(word: i32, d: u32, by: i32, turn: i32): u32 {
  const at = T + ((<usize>word) << 2);
  const v = rotl<u32>(load<u32>(at) + rotl<u32>(d, by), turn);
  store<u32>(at, v);
  return v;
}

/** Expands 16, 24 or 32 key bytes into `rounds x 6` words. */
export function leaSchedule(slot: usize, key: usize, keyBytes: i32): void {
  memory.copy(T, key, keyBytes);
  const words = keyBytes >> 2;
  const rounds = keyBytes == 16 ? 24 : keyBytes == 24 ? 28 : 32;
  store<i32>(slot, rounds, SLOT_ROUNDS);
  let out = slot + SLOT_SCHEDULE;
  for (let i = 0; i < rounds; i++) {
    if (keyBytes == 32) {
      const d = delta(i & 7);
      const at = 6 * i;
      store<u32>(out, step(at & 7, d, i, 1), 0);
      store<u32>(out, step((at + 1) & 7, d, i + 1, 3), 4);
      store<u32>(out, step((at + 2) & 7, d, i + 2, 6), 8);
      store<u32>(out, step((at + 3) & 7, d, i + 3, 11), 12);
      store<u32>(out, step((at + 4) & 7, d, i + 4, 13), 16);
      store<u32>(out, step((at + 5) & 7, d, i + 5, 17), 20);
    } else if (keyBytes == 24) {
      const d = delta(i % 6);
      store<u32>(out, step(0, d, i, 1), 0);
      store<u32>(out, step(1, d, i + 1, 3), 4);
      store<u32>(out, step(2, d, i + 2, 6), 8);
      store<u32>(out, step(3, d, i + 3, 11), 12);
      store<u32>(out, step(4, d, i + 4, 13), 16);
      store<u32>(out, step(5, d, i + 5, 17), 20);
    } else {
      const d = delta(i & 3);
      const t0 = step(0, d, i, 1);
      const t1 = step(1, d, i + 1, 3);
      const t2 = step(2, d, i + 2, 6);
      const t3 = step(3, d, i + 3, 11);
      store<u32>(out, t0, 0);
      store<u32>(out, t1, 4);
      store<u32>(out, t2, 8);
      store<u32>(out, t1, 12);
      store<u32>(out, t3, 16);
      store<u32>(out, t1, 20);
    }
    out += 24;
  }
  memory.fill(T, 0, 32);
}

/** Encrypts one block in scalar code: used for the hash key, the tag mask and known-answer tests. */
export function leaBlock(slot: usize, input: usize, output: usize): void {
  let x0 = load<u32>(input, 0);
  let x1 = load<u32>(input, 4);
  let x2 = load<u32>(input, 8);
  let x3 = load<u32>(input, 12);
  let k = slot + SLOT_SCHEDULE;
  const end = k + 24 * <usize>load<i32>(slot, SLOT_ROUNDS);
  while (k < end) {
    x3 = rotr<u32>((x2 ^ load<u32>(k, 16)) + (x3 ^ load<u32>(k, 20)), 3);
    x2 = rotr<u32>((x1 ^ load<u32>(k, 8)) + (x2 ^ load<u32>(k, 12)), 5);
    x1 = rotl<u32>((x0 ^ load<u32>(k, 0)) + (x1 ^ load<u32>(k, 4)), 9);
    const t = x0;
    x0 = x1;
    x1 = x2;
    x2 = x3;
    x3 = t;
    k += 24;
  }
  store<u32>(output, x0, 0);
  store<u32>(output, x1, 4);
  store<u32>(output, x2, 8);
  store<u32>(output, x3, 12);
}

// @ts-ignore: decorator
@inline
function mixL9(a: v128, ka: v128, b: v128, kb: v128): v128 {
  const s = i32x4.add(v128.xor(a, ka), v128.xor(b, kb));
  return v128.or(i32x4.shl(s, 9), i32x4.shr_u(s, 23));
}

// @ts-ignore: decorator
@inline
function mixR5(a: v128, ka: v128, b: v128, kb: v128): v128 {
  const s = i32x4.add(v128.xor(a, ka), v128.xor(b, kb));
  return v128.or(i32x4.shr_u(s, 5), i32x4.shl(s, 27));
}

// @ts-ignore: decorator
@inline
function mixR3(a: v128, ka: v128, b: v128, kb: v128): v128 {
  const s = i32x4.add(v128.xor(a, ka), v128.xor(b, kb));
  return v128.or(i32x4.shr_u(s, 3), i32x4.shl(s, 29));
}

// @ts-ignore: decorator
@inline
function bigEndianCounters(counter: u32): v128 {
  return i8x16.shuffle(
    i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3)),
    i32x4.splat(0),
    3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
  );
}

// @ts-ignore: decorator
@inline
function xorInto(at: usize, off: usize, stream: v128): void {
  v128.store(at + off, v128.xor(v128.load(at + off), stream));
}

/** Turns four word vectors into four blocks and adds them to 64 bytes at `p`. */
// @ts-ignore: decorator
@inline
function addBlocks(p: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const a = i8x16.shuffle(x0, x1, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const b = i8x16.shuffle(x2, x3, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const c = i8x16.shuffle(x0, x1, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  const d = i8x16.shuffle(x2, x3, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  xorInto(p, 0, i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
  xorInto(p, 16, i8x16.shuffle(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
  xorInto(p, 32, i8x16.shuffle(c, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
  xorInto(p, 48, i8x16.shuffle(c, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
}

/**
 * Adds the key stream of counter blocks `nonce || counter`, `counter + 1`, ... to whole groups of eight blocks.
 * `bytes` is rounded up to 128: the caller's buffer has that slack.
 *
 * The comparisons of `k` with 1, 2, ... never hold (it is an address above them all, and public). Each ends a basic
 * block: V8's optimising compiler moves the loads of a block ahead of its arithmetic, and with four rounds in one block
 * the round keys spill to the stack. This is worth a quarter of the speed.
 */
export function leaCtr(slot: usize, nonce: usize, counter: u32, p: usize, bytes: usize): void {
  const n0 = v128.load_splat<u32>(nonce);
  const n1 = v128.load_splat<u32>(nonce + 4);
  const n2 = v128.load_splat<u32>(nonce + 8);
  const first = slot + SLOT_SCHEDULE;
  const keyEnd = first + 24 * <usize>load<i32>(slot, SLOT_ROUNDS);
  const end = p + bytes;
  while (p < end) {
    let a0 = n0, a1 = n1, a2 = n2, a3 = bigEndianCounters(counter);
    let b0 = n0, b1 = n1, b2 = n2, b3 = bigEndianCounters(counter + 4);
    let k = first;
    do {
      let ka = v128.load_splat<u32>(k, 16), kb = v128.load_splat<u32>(k, 20);
      a3 = mixR3(a2, ka, a3, kb);
      b3 = mixR3(b2, ka, b3, kb);
      if (k == 1) break;
      ka = v128.load_splat<u32>(k, 8), kb = v128.load_splat<u32>(k, 12);
      a2 = mixR5(a1, ka, a2, kb);
      b2 = mixR5(b1, ka, b2, kb);
      if (k == 2) break;
      ka = v128.load_splat<u32>(k, 0), kb = v128.load_splat<u32>(k, 4);
      a1 = mixL9(a0, ka, a1, kb);
      b1 = mixL9(b0, ka, b1, kb);
      if (k == 3) break;

      ka = v128.load_splat<u32>(k, 40), kb = v128.load_splat<u32>(k, 44);
      a0 = mixR3(a3, ka, a0, kb);
      b0 = mixR3(b3, ka, b0, kb);
      if (k == 4) break;
      ka = v128.load_splat<u32>(k, 32), kb = v128.load_splat<u32>(k, 36);
      a3 = mixR5(a2, ka, a3, kb);
      b3 = mixR5(b2, ka, b3, kb);
      if (k == 5) break;
      ka = v128.load_splat<u32>(k, 24), kb = v128.load_splat<u32>(k, 28);
      a2 = mixL9(a1, ka, a2, kb);
      b2 = mixL9(b1, ka, b2, kb);
      if (k == 6) break;

      ka = v128.load_splat<u32>(k, 64), kb = v128.load_splat<u32>(k, 68);
      a1 = mixR3(a0, ka, a1, kb);
      b1 = mixR3(b0, ka, b1, kb);
      if (k == 7) break;
      ka = v128.load_splat<u32>(k, 56), kb = v128.load_splat<u32>(k, 60);
      a0 = mixR5(a3, ka, a0, kb);
      b0 = mixR5(b3, ka, b0, kb);
      if (k == 8) break;
      ka = v128.load_splat<u32>(k, 48), kb = v128.load_splat<u32>(k, 52);
      a3 = mixL9(a2, ka, a3, kb);
      b3 = mixL9(b2, ka, b3, kb);
      if (k == 9) break;

      ka = v128.load_splat<u32>(k, 88), kb = v128.load_splat<u32>(k, 92);
      a2 = mixR3(a1, ka, a2, kb);
      b2 = mixR3(b1, ka, b2, kb);
      if (k == 10) break;
      ka = v128.load_splat<u32>(k, 80), kb = v128.load_splat<u32>(k, 84);
      a1 = mixR5(a0, ka, a1, kb);
      b1 = mixR5(b0, ka, b1, kb);
      if (k == 11) break;
      ka = v128.load_splat<u32>(k, 72), kb = v128.load_splat<u32>(k, 76);
      a0 = mixL9(a3, ka, a0, kb);
      b0 = mixL9(b3, ka, b0, kb);
      k += 96;
    } while (k < keyEnd);
    addBlocks(p, a0, a1, a2, a3);
    addBlocks(p + 64, b0, b1, b2, b3);
    counter += 8;
    p += 128;
  }
}
