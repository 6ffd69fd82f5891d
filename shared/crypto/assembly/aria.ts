/**
 * ARIA (RFC 5794, KS X 1213-1). Substitution is constant time (sbox.ts), diffusion is exclusive-or: like LEA, nothing
 * here reads memory at an address that depends on a secret.
 */
import { SLOT_ROUNDS, SLOT_SCHEDULE } from "./layout";
import { S1, S1_INVERSE, S2, S2_INVERSE, substitute } from "./sbox";
import { addStream, loadCounters, NEXT, STATE } from "./sliced";

/** RFC 5794, 2.2: constants of the key schedule, in the order CK1, CK2, CK3, CK1, CK2. */
const CK = memory.data<u8>([
  0x51, 0x7c, 0xc1, 0xb7, 0x27, 0x22, 0x0a, 0x94, 0xfe, 0x13, 0xab, 0xe8, 0xfa, 0x9a, 0x6e, 0xe0,
  0x6d, 0xb1, 0x4a, 0xcc, 0x9e, 0x21, 0xc8, 0x20, 0xff, 0x28, 0xb1, 0xd5, 0xef, 0x5d, 0xe2, 0xb0,
  0xdb, 0x92, 0x37, 0x1d, 0x21, 0x26, 0xe9, 0x70, 0x03, 0x24, 0x97, 0x75, 0x04, 0xe8, 0xc9, 0x0e,
  0x51, 0x7c, 0xc1, 0xb7, 0x27, 0x22, 0x0a, 0x94, 0xfe, 0x13, 0xab, 0xe8, 0xfa, 0x9a, 0x6e, 0xe0,
  0x6d, 0xb1, 0x4a, 0xcc, 0x9e, 0x21, 0xc8, 0x20, 0xff, 0x28, 0xb1, 0xd5, 0xef, 0x5d, 0xe2, 0xb0,
], 16);

/** Key schedule words W0..W3; wiped before return. */
const W = memory.data(64, 16);

/** Substitution layers on one block: every S-box on all bytes, then each byte takes its own. Type 1 for odd rounds. */
// @ts-ignore: decorator
@inline
function layerOdd(x: v128): v128 {
  return pick(substitute(x, S1), substitute(x, S2), substitute(x, S1_INVERSE), substitute(x, S2_INVERSE));
}

// @ts-ignore: decorator
@inline
function layerEven(x: v128): v128 {
  return pick(substitute(x, S1_INVERSE), substitute(x, S2_INVERSE), substitute(x, S1), substitute(x, S2));
}

// @ts-ignore: decorator
@inline
function pick(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.or(
    v128.or(v128.and(a, i32x4.splat(0xff)), v128.and(b, i32x4.splat(0xff00))),
    v128.or(v128.and(c, i32x4.splat(0xff0000)), v128.and(d, i32x4.splat(0xff000000))),
  );
}

/** The diffusion layer on one block: each byte is the sum of seven. */
function diffuse(x: v128): v128 {
  let y = i8x16.shuffle(x, x, 3, 2, 1, 0, 0, 1, 0, 1, 0, 0, 2, 2, 1, 0, 0, 1);
  y = v128.xor(y, i8x16.shuffle(x, x, 4, 5, 4, 5, 2, 3, 2, 3, 1, 1, 3, 3, 2, 3, 3, 2));
  y = v128.xor(y, i8x16.shuffle(x, x, 6, 7, 6, 7, 5, 4, 7, 6, 4, 5, 5, 4, 6, 6, 4, 4));
  y = v128.xor(y, i8x16.shuffle(x, x, 8, 8, 10, 10, 8, 9, 9, 8, 7, 6, 6, 7, 7, 7, 5, 5));
  y = v128.xor(y, i8x16.shuffle(x, x, 9, 9, 11, 11, 11, 10, 10, 11, 10, 11, 8, 9, 9, 8, 9, 8));
  y = v128.xor(y, i8x16.shuffle(x, x, 13, 12, 12, 13, 14, 14, 12, 12, 13, 12, 13, 12, 11, 10, 11, 10));
  return v128.xor(y, i8x16.shuffle(x, x, 14, 15, 15, 14, 15, 15, 13, 13, 15, 14, 15, 14, 12, 13, 14, 15));
}

function roundOdd(x: v128, k: v128): v128 {
  return diffuse(layerOdd(v128.xor(x, k)));
}

function roundEven(x: v128, k: v128): v128 {
  return diffuse(layerEven(v128.xor(x, k)));
}

/** `to` = W[plain] ^ (W[turned] rotated right by 64 x swap + bits), over 128 big-endian bits. */
function roundKey(to: usize, plain: usize, turned: usize, swap: bool, bits: u64): void {
  const first = bswap<u64>(load<u64>(W + (turned << 4)));
  const second = bswap<u64>(load<u64>(W + (turned << 4), 8));
  const hi = swap ? second : first;
  const lo = swap ? first : second;
  store<u64>(to, load<u64>(W + (plain << 4)) ^ bswap<u64>((hi >> bits) | (lo << (64 - bits))));
  store<u64>(to, load<u64>(W + (plain << 4), 8) ^ bswap<u64>((lo >> bits) | (hi << (64 - bits))), 8);
}

/** Expands 16, 24 or 32 key bytes into rounds + 1 round keys. */
export function ariaSchedule(slot: usize, key: usize, keyBytes: i32): void {
  store<i32>(slot, keyBytes == 16 ? 12 : keyBytes == 24 ? 14 : 16, SLOT_ROUNDS);
  const ck = CK + (keyBytes == 16 ? 0 : keyBytes == 24 ? 16 : 32);
  memory.fill(W, 0, 64);
  memory.copy(W, key, keyBytes);
  const w0 = v128.load(W);
  const w1 = v128.xor(roundOdd(w0, v128.load(ck)), v128.load(W, 16));
  const w2 = v128.xor(roundEven(w1, v128.load(ck, 16)), w0);
  const w3 = v128.xor(roundOdd(w2, v128.load(ck, 32)), w1);
  v128.store(W, w1, 16);
  v128.store(W, w2, 32);
  v128.store(W, w3, 48);
  let to = slot + SLOT_SCHEDULE;
  for (let n: usize = 0; n < 17; n++) {
    const group = n >> 2;
    const i = n & 3;
    const bits: u64 = group == 0 ? 19 : group == 1 ? 31 : group == 2 ? 3 : group == 3 ? 33 : 45;
    roundKey(to, i, (i + 1) & 3, group >= 2, bits);
    to += 16;
  }
  memory.fill(W, 0, 64);
}

export function ariaBlock(slot: usize, input: usize, output: usize): void {
  let x = v128.load(input);
  let k = slot + SLOT_SCHEDULE;
  const last = k + ((<usize>load<i32>(slot, SLOT_ROUNDS) - 2) << 4);
  while (k < last) {
    x = roundOdd(x, v128.load(k));
    x = roundEven(x, v128.load(k, 16));
    k += 32;
  }
  x = roundOdd(x, v128.load(k));
  x = layerEven(v128.xor(x, v128.load(k, 16)));
  v128.store(output, v128.xor(x, v128.load(k, 32)));
}

/** NEXT = one S-box of STATE ^ key on the byte positions first, first + 4, ... */
// @ts-ignore: decorator
@inline
function sliceLayer(first: usize, k: usize, box: usize): void {
  for (let i = first; i < 16; i += 4) {
    const x = v128.xor(v128.load(STATE + (i << 4)), v128.load_splat<u8>(k + i));
    v128.store(NEXT + (i << 4), substitute(x, box));
  }
}

function sliceOdd(k: usize): void {
  sliceLayer(0, k, S1);
  sliceLayer(1, k, S2);
  sliceLayer(2, k, S1_INVERSE);
  sliceLayer(3, k, S2_INVERSE);
}

function sliceEven(k: usize): void {
  sliceLayer(0, k, S1_INVERSE);
  sliceLayer(1, k, S2_INVERSE);
  sliceLayer(2, k, S1);
  sliceLayer(3, k, S2);
}

/** STATE = diffusion of NEXT, with shared sums. */
function sliceDiffuse(): void {
  const x0 = v128.load(NEXT, 0), x1 = v128.load(NEXT, 16), x2 = v128.load(NEXT, 32), x3 = v128.load(NEXT, 48);
  const x4 = v128.load(NEXT, 64), x5 = v128.load(NEXT, 80), x6 = v128.load(NEXT, 96), x7 = v128.load(NEXT, 112);
  const x8 = v128.load(NEXT, 128), x9 = v128.load(NEXT, 144), x10 = v128.load(NEXT, 160), x11 = v128.load(NEXT, 176);
  const x12 = v128.load(NEXT, 192), x13 = v128.load(NEXT, 208), x14 = v128.load(NEXT, 224), x15 = v128.load(NEXT, 240);
  const t0 = v128.xor(x3, x4);
  const t1 = v128.xor(x6, x8);
  const t2 = v128.xor(x9, x14);
  const t3 = v128.xor(x13, t1);
  const t4 = v128.xor(t0, t2);
  const t5 = v128.xor(x2, x5);
  const t6 = v128.xor(x7, x12);
  const t7 = v128.xor(x15, t5);
  const t8 = v128.xor(x1, x10);
  const t9 = v128.xor(x0, x11);
  const t10 = v128.xor(x8, t7);
  const t11 = v128.xor(x9, t6);
  const t12 = v128.xor(x4, t8);
  const t13 = v128.xor(x5, t9);
  const t14 = v128.xor(x3, t3);
  const t15 = v128.xor(x6, x11);
  const t16 = v128.xor(x15, t12);
  const t17 = v128.xor(x7, x10);
  const t18 = v128.xor(x14, t13);
  const t19 = v128.xor(x0, x13);
  const t20 = v128.xor(x2, t11);
  const t21 = v128.xor(x1, x12);
  v128.store(STATE, v128.xor(t3, t4), 0);
  v128.store(STATE, v128.xor(t10, t11), 16);
  v128.store(STATE, v128.xor(v128.xor(x12, t15), t16), 32);
  v128.store(STATE, v128.xor(v128.xor(x13, t17), t18), 48);
  v128.store(STATE, v128.xor(v128.xor(x14, t9), t10), 64);
  v128.store(STATE, v128.xor(v128.xor(x15, t4), t8), 80);
  v128.store(STATE, v128.xor(v128.xor(x10, t19), t20), 96);
  v128.store(STATE, v128.xor(v128.xor(x11, t14), t21), 112);
  v128.store(STATE, v128.xor(v128.xor(x7, t16), t19), 128);
  v128.store(STATE, v128.xor(v128.xor(x6, t18), t21), 144);
  v128.store(STATE, v128.xor(t7, t14), 160);
  v128.store(STATE, v128.xor(v128.xor(x2, t4), t6), 176);
  v128.store(STATE, v128.xor(v128.xor(x1, t15), t20), 192);
  v128.store(STATE, v128.xor(v128.xor(x0, t14), t17), 208);
  v128.store(STATE, v128.xor(t4, t13), 224);
  v128.store(STATE, v128.xor(t10, t12), 240);
}

/** Adds the key stream of counter blocks `prefix || counter` to whole groups of sixteen blocks. */
export function ariaCtr(slot: usize, prefix: usize, counter: u32, p: usize, bytes: usize): void {
  const first = slot + SLOT_SCHEDULE;
  const last = first + ((<usize>load<i32>(slot, SLOT_ROUNDS) - 2) << 4);
  for (let end = p + bytes; p < end; p += 256) {
    loadCounters(prefix, counter);
    let k = first;
    while (k < last) {
      sliceOdd(k);
      sliceDiffuse();
      sliceEven(k + 16);
      sliceDiffuse();
      k += 32;
    }
    sliceOdd(k);
    sliceDiffuse();
    sliceEven(k + 16);
    for (let i: usize = 0; i < 16; i++) {
      v128.store(NEXT + (i << 4), v128.xor(v128.load(NEXT + (i << 4)), v128.load_splat<u8>(k + 32 + i)));
    }
    addStream(NEXT, p);
    counter += 16;
  }
}
