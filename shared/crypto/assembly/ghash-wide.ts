/**
 * GHASH for long inputs: sixteen interleaved Horner chains, one per byte lane.
 *
 * A group of 16 blocks is transposed, so that vector i holds byte i of every block. A product by a fixed power of H is
 * then the same small table for all lanes: swizzle(table, nibbles) multiplies sixteen nibbles at once. Two levels of
 * Karatsuba cut 16x16 bytes into nine 4x4-byte products. Up to WIDE_GROUPS groups, each with its own power of H, add up
 * before one recombination and one reduction.
 */
import { WIDE_GROUPS } from "./layout";

const PARTS: usize = 9;
/** One nibble of four bytes; a group has two, a part WIDE_GROUPS groups. */
const NIBBLE_BYTES: usize = 64;
const PART_NIBBLES: usize = 2 * WIDE_GROUPS * NIBBLE_BYTES;
/** Five result bytes of one nibble. Within a part, powers ascend and the low nibble comes first. */
export const NIBBLE_TABLES: usize = 80;
export const PART_TABLES: usize = 2 * WIDE_GROUPS * NIBBLE_TABLES;

const LANES = memory.data(256, 64);
const TURN = memory.data(256, 64);
const TURNED = memory.data(256, 64);
const NIBBLES = memory.data(4608, 64);
const PRODUCTS = memory.data(1152, 64);
const HALVES = memory.data(768, 64);
const FULL = memory.data(512, 64);

/** Rows r, r+4, r+8, r+12 of a 16x16 byte matrix through two of the four perfect shuffles that transpose it. */
// @ts-ignore: decorator
@inline
function shuffleRows(from: usize, to: usize): void {
  for (let end = from + 64; from < end; from += 16) {
    const a = v128.load(from);
    const b = v128.load(from, 64);
    const c = v128.load(from, 128);
    const d = v128.load(from, 192);
    const e = i8x16.shuffle(a, c, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const f = i8x16.shuffle(a, c, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const g = i8x16.shuffle(b, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const h = i8x16.shuffle(b, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v128.store(to, i8x16.shuffle(e, g, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(to, i8x16.shuffle(e, g, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
    v128.store(to, i8x16.shuffle(f, h, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), 32);
    v128.store(to, i8x16.shuffle(f, h, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 48);
    to += 64;
  }
}

/** Transposes 16 blocks; its own inverse. */
export function transpose(from: usize, to: usize): void {
  shuffleRows(from, TURN);
  shuffleRows(TURN, to);
}

// @ts-ignore: decorator
@inline
function storeParts(to: usize, b0: v128, b1: v128, b2: v128, b3: v128): void {
  const left = v128.xor(b0, b1);
  const right = v128.xor(b2, b3);
  v128.store(to, b0);
  v128.store(to, b1, PART_NIBBLES);
  v128.store(to, left, PART_NIBBLES * 2);
  v128.store(to, b2, PART_NIBBLES * 3);
  v128.store(to, b3, PART_NIBBLES * 4);
  v128.store(to, right, PART_NIBBLES * 5);
  v128.store(to, v128.xor(b0, b2), PART_NIBBLES * 6);
  v128.store(to, v128.xor(b1, b3), PART_NIBBLES * 7);
  v128.store(to, v128.xor(left, right), PART_NIBBLES * 8);
}

/** Splits 16 byte vectors into nibbles and forms the nine Karatsuba operands. */
function split(from: usize, to: usize): void {
  const mask = i8x16.splat(0x0f);
  for (let end = from + 64; from < end; from += 16) {
    const b0 = v128.load(from);
    const b1 = v128.load(from, 64);
    const b2 = v128.load(from, 128);
    const b3 = v128.load(from, 192);
    storeParts(
      to,
      v128.and(i16x8.shr_u(b0, 4), mask),
      v128.and(i16x8.shr_u(b1, 4), mask),
      v128.and(i16x8.shr_u(b2, 4), mask),
      v128.and(i16x8.shr_u(b3, 4), mask),
    );
    storeParts(to + 64, v128.and(b0, mask), v128.and(b1, mask), v128.and(b2, mask), v128.and(b3, mask));
    to += 16;
  }
}

/**
 * Adds up one 4x4-byte part over all groups and both nibbles: `n` walks the nibbles up, `t` the tables down.
 * One nibble per turn keeps the eight sums and their operands in registers. The comparisons never hold, see lea.ts.
 */
function product(n: usize, end: usize, t: usize, to: usize): void {
  let c0 = i64x2.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
  do {
    const x0 = v128.load(n), x1 = v128.load(n, 16), x2 = v128.load(n, 32), x3 = v128.load(n, 48);
    const k0 = v128.load(t);
    c0 = v128.xor(c0, i8x16.swizzle(k0, x0));
    c1 = v128.xor(c1, i8x16.swizzle(k0, x1));
    c2 = v128.xor(c2, i8x16.swizzle(k0, x2));
    c3 = v128.xor(c3, i8x16.swizzle(k0, x3));
    if (t == 1) break;
    const k1 = v128.load(t, 16);
    c1 = v128.xor(c1, i8x16.swizzle(k1, x0));
    c2 = v128.xor(c2, i8x16.swizzle(k1, x1));
    c3 = v128.xor(c3, i8x16.swizzle(k1, x2));
    c4 = v128.xor(c4, i8x16.swizzle(k1, x3));
    if (t == 2) break;
    const k2 = v128.load(t, 32);
    c2 = v128.xor(c2, i8x16.swizzle(k2, x0));
    c3 = v128.xor(c3, i8x16.swizzle(k2, x1));
    c4 = v128.xor(c4, i8x16.swizzle(k2, x2));
    c5 = v128.xor(c5, i8x16.swizzle(k2, x3));
    if (t == 3) break;
    const k3 = v128.load(t, 48);
    c3 = v128.xor(c3, i8x16.swizzle(k3, x0));
    c4 = v128.xor(c4, i8x16.swizzle(k3, x1));
    c5 = v128.xor(c5, i8x16.swizzle(k3, x2));
    c6 = v128.xor(c6, i8x16.swizzle(k3, x3));
    if (t == 4) break;
    const k4 = v128.load(t, 64);
    c4 = v128.xor(c4, i8x16.swizzle(k4, x0));
    c5 = v128.xor(c5, i8x16.swizzle(k4, x1));
    c6 = v128.xor(c6, i8x16.swizzle(k4, x2));
    c7 = v128.xor(c7, i8x16.swizzle(k4, x3));
    n += NIBBLE_BYTES;
    t -= NIBBLE_TABLES;
  } while (n < end);
  v128.store(to, c0);
  v128.store(to, c1, 16);
  v128.store(to, c2, 32);
  v128.store(to, c3, 48);
  v128.store(to, c4, 64);
  v128.store(to, c5, 80);
  v128.store(to, c6, 96);
  v128.store(to, c7, 112);
}

/** Karatsuba: low, high and middle products of `half` bytes each way follow each other at `from`. */
// @ts-ignore: decorator
@inline
function join(from: usize, to: usize, half: usize): void {
  for (let end = from + half; from < end; from += 16) {
    const l0 = v128.load(from);
    const l1 = v128.load(from + half);
    const h0 = v128.load(from + 2 * half);
    const h1 = v128.load(from + 3 * half);
    const m0 = v128.load(from + 4 * half);
    const m1 = v128.load(from + 5 * half);
    const s = v128.xor(l1, h0);
    v128.store(to, l0);
    v128.store(to + half, v128.xor(s, v128.xor(m0, l0)));
    v128.store(to + 2 * half, v128.xor(s, v128.xor(m1, h1)));
    v128.store(to + 3 * half, h1);
    to += 16;
  }
}

/** 32 byte vectors modulo x^128 + x^7 + x^2 + x + 1, added to the 16 at `to`. */
function reduceLanes(from: usize, to: usize): void {
  const mask = i8x16.splat(0x0f);
  // A nibble times 1 + x + x^2 + x^7: this byte and the next one, for the high nibble (a, b) and the low one (c, d).
  const a = i64x2(0x54486c7024381c00, 0xb5a98d91c5d9fde1);
  const b = i64x2(0xe0c0a08060402000, 0xe0c0a08060402000);
  const c = i64x2(0x0504060702030100, 0x0b0a08090c0d0f0e);
  const d = i64x2(0x4e8cca084684c200, 0x5e9cda185694d210);
  const last = v128.load(from, 496);
  let spill = v128.xor(
    i8x16.swizzle(b, v128.and(i16x8.shr_u(last, 4), mask)),
    i8x16.swizzle(d, v128.and(last, mask)),
  );
  v128.store(from, v128.xor(v128.load(from, 256), spill), 256);
  spill = i64x2.splat(0);
  for (let end = from + 256; from < end; from += 16) {
    const q = v128.load(from, 256);
    const h = v128.and(i16x8.shr_u(q, 4), mask);
    const l = v128.and(q, mask);
    const sum = v128.xor(v128.xor(i8x16.swizzle(a, h), i8x16.swizzle(c, l)), spill);
    v128.store(to, v128.xor(v128.xor(v128.load(from), sum), v128.load(to)));
    spill = v128.xor(i8x16.swizzle(b, h), i8x16.swizzle(d, l));
    to += 16;
  }
}

/** The first group: the running value joins its first block. */
export function wideStart(p: usize, y: v128): void {
  memory.copy(LANES, p, 256);
  v128.store(LANES, v128.xor(v128.load(LANES), y));
  transpose(LANES, LANES);
}

/** Multiplies what the lanes hold by H^(16 groups) and adds `groups` more groups from `p`. */
export function wideStep(tables: usize, p: usize, groups: usize): void {
  split(LANES, NIBBLES);
  for (let g: usize = 1; g < groups; g++) {
    transpose(p, TURNED);
    split(TURNED, NIBBLES + g * 2 * NIBBLE_BYTES);
    p += 256;
  }
  const used = groups * 2 * NIBBLE_BYTES;
  const top = tables + (2 * groups - 1) * NIBBLE_TABLES;
  for (let part: usize = 0; part < PARTS; part++) {
    const n = NIBBLES + part * PART_NIBBLES;
    product(n, n + used, top + part * PART_TABLES, PRODUCTS + part * 128);
  }
  join(PRODUCTS, HALVES, 64);
  join(PRODUCTS + 384, HALVES + 256, 64);
  join(PRODUCTS + 768, HALVES + 512, 64);
  join(HALVES, FULL, 128);
  transpose(p, LANES);
  reduceLanes(FULL, LANES);
}

/** The lanes as sixteen blocks, to be absorbed with H^16 ... H. */
export function wideFinish(): usize {
  transpose(LANES, LANES);
  return LANES;
}

export function wipeWide(): void {
  memory.fill(LANES, 0, 256);
  memory.fill(TURN, 0, 256);
  memory.fill(TURNED, 0, 256);
  memory.fill(NIBBLES, 0, 4608);
  memory.fill(PRODUCTS, 0, 1152);
  memory.fill(HALVES, 0, 768);
  memory.fill(FULL, 0, 512);
}
