/**
 * GHASH (SP 800-38D) without carry-less multiply and without secret-dependent memory access.
 *
 * Bytes keep GCM's order: the most significant bit of byte 0 is the coefficient of x^0. A table of 16 entries lives in
 * one 128-bit register and is indexed by a nibble through `i8x16.swizzle` (pshufb, tbl): the look-up happens inside
 * the register file, so neither an address nor the time depends on the key or on the data.
 */
import { NIBBLE_TABLES, PART_TABLES, wideFinish, wideStart, wideStep, wipeWide } from "./ghash-wide";
import {
  BYTE_TABLES_PER_POWER,
  POWERS,
  SLOT_BYTE_TABLES,
  SLOT_WIDE_TABLES,
  SLOT_Y,
  WIDE_GROUPS,
} from "./layout";

/** Fewer blocks than this go through the byte tables alone: the lanes' last combination costs two of their passes. */
const WIDE_MIN_BLOCKS: usize = 32;

/** Nibble-split input blocks of one byte-table pass: 8 x (high, low). */
const NIBBLES = memory.data(256, 16);

// @ts-ignore: decorator
@inline
function low4(): v128 {
  return i8x16.splat(0x0f);
}

/** Entry n is the XOR of `byte >> t` over the bits of n, most significant bit first: n (as x^0..x^3) times the byte. */
// @ts-ignore: decorator
@inline
function productHigh(h: u32): v128 {
  return v128.xor(
    v128.xor(
      v128.and(i8x16.splat(<i8>h), i8x16(0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1)),
      v128.and(i8x16.splat(<i8>(h >> 1)), i8x16(0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0, -1, -1, -1, -1)),
    ),
    v128.xor(
      v128.and(i8x16.splat(<i8>(h >> 2)), i8x16(0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1)),
      v128.and(i8x16.splat(<i8>(h >> 3)), i8x16(0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1)),
    ),
  );
}

/** The three bits that the same product pushes into the next byte. */
// @ts-ignore: decorator
@inline
function productLow(h: u32): v128 {
  return v128.xor(
    v128.and(i8x16.splat(<i8>(h << 7)), i8x16(0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0, -1, -1, -1, -1)),
    v128.xor(
      v128.and(i8x16.splat(<i8>(h << 6)), i8x16(0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1)),
      v128.and(i8x16.splat(<i8>(h << 5)), i8x16(0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1)),
    ),
  );
}

/** Entry m of the product with a nibble gets the bits of byte m and what byte m - 1 pushed over. */
function buildByteTables(table: usize, power: usize): void {
  let before: u32 = 0;
  for (let m: usize = 0; m < 17; m++) {
    const h = m < 16 ? <u32>load<u8>(power + m) : 0;
    v128.store(table + (m << 4), v128.xor(productHigh(h), productLow(before)));
    before = h;
  }
}

// @ts-ignore: decorator
@inline
function bigEndian64(p: v128): v128 {
  return i8x16.shuffle(p, p, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
}

/** Reduces the 255-bit product modulo x^128 + x^7 + x^2 + x + 1 and returns it in memory order. */
// @ts-ignore: decorator
@inline
function reduce(first: v128, second: v128): v128 {
  const f = bigEndian64(first);
  const s = bigEndian64(second);
  let z0 = <u64>i64x2.extract_lane(f, 0);
  let z1 = <u64>i64x2.extract_lane(f, 1);
  let z2 = <u64>i64x2.extract_lane(s, 0);
  const z3 = <u64>i64x2.extract_lane(s, 1);
  z1 ^= z3 ^ (z3 >> 1) ^ (z3 >> 2) ^ (z3 >> 7);
  z2 ^= (z3 << 63) ^ (z3 << 62) ^ (z3 << 57);
  z0 ^= z2 ^ (z2 >> 1) ^ (z2 >> 2) ^ (z2 >> 7);
  z1 ^= (z2 << 63) ^ (z2 << 62) ^ (z2 << 57);
  return i8x16.shuffle(
    i64x2.replace_lane(i64x2.splat(<i64>z0), 1, <i64>z1),
    i64x2.splat(0),
    7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8,
  );
}

/** y' = (y ^ b1) H^m ^ b2 H^(m-1) ^ ... ^ bm H for m = 1..8 blocks at `p`. One reduction for all. */
function absorbFew(slot: usize, y: v128, p: usize, m: i32): v128 {
  const mask = low4();
  const zero = i64x2.splat(0);
  for (let l = 0; l < m; l++) {
    const x = v128.xor(v128.load(p + ((<usize>l) << 4)), l == 0 ? y : zero);
    const at = NIBBLES + ((<usize>l) << 5);
    v128.store(at, v128.and(i16x8.shr_u(x, 4), mask));
    v128.store(at + 16, v128.and(x, mask));
  }
  // Horner over the bytes of the products, last byte first; u collects high nibbles, v low ones (four bits further on).
  let u0 = zero, u1 = zero, v0 = zero, v1 = zero;
  const nibblesEnd = NIBBLES + ((<usize>m) << 5);
  const end = slot + SLOT_BYTE_TABLES + BYTE_TABLES_PER_POWER * <usize>(m - 1);
  for (let top = end + 256; top >= end; top -= 16) {
    let t = top;
    u1 = i8x16.shuffle(u0, u1, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    v1 = i8x16.shuffle(v0, v1, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    u0 = i8x16.shuffle(zero, u0, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    v0 = i8x16.shuffle(zero, v0, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    for (let n = NIBBLES; n < nibblesEnd; n += 32) {
      const k = v128.load(t);
      u0 = v128.xor(u0, i8x16.swizzle(k, v128.load(n)));
      v0 = v128.xor(v0, i8x16.swizzle(k, v128.load(n, 16)));
      t -= BYTE_TABLES_PER_POWER;
    }
  }
  // u ^ (v >> 4 bits) over 32 bytes in byte order.
  const w0 = i8x16.shuffle(zero, v0, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  const w1 = i8x16.shuffle(v0, v1, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  u0 = v128.xor(u0, v128.xor(v128.and(i16x8.shr_u(v0, 4), mask), v128.andnot(i16x8.shl(w0, 4), mask)));
  u1 = v128.xor(u1, v128.xor(v128.and(i16x8.shr_u(v1, 4), mask), v128.andnot(i16x8.shl(w1, 4), mask)));
  return reduce(u0, u1);
}

/**
 * Tables of a nibble times four bytes of a power, for each of the five bytes of that product: entries for the high
 * nibble, then for the low one, which is the same product four bits further on.
 */
function buildWidePart(table: usize, word: u32): void {
  const mask = low4();
  let before: u32 = 0;
  let above = i64x2.splat(0);
  for (let m: usize = 0; m < 5; m++) {
    const h = m < 4 ? (word >> (<u32>m << 3)) & 0xff : 0;
    const high = v128.xor(productHigh(h), productLow(before));
    const low = v128.or(v128.and(i16x8.shr_u(high, 4), mask), v128.andnot(i16x8.shl(above, 4), mask));
    v128.store(table + m * 16, low);
    v128.store(table + m * 16, high, NIBBLE_TABLES);
    before = h;
    above = high;
  }
}

function buildWideTables(table: usize, power: usize): void {
  const a = load<u32>(power), b = load<u32>(power, 4), c = load<u32>(power, 8), d = load<u32>(power, 12);
  buildWidePart(table, a);
  buildWidePart(table + PART_TABLES, b);
  buildWidePart(table + PART_TABLES * 2, a ^ b);
  buildWidePart(table + PART_TABLES * 3, c);
  buildWidePart(table + PART_TABLES * 4, d);
  buildWidePart(table + PART_TABLES * 5, c ^ d);
  buildWidePart(table + PART_TABLES * 6, a ^ c);
  buildWidePart(table + PART_TABLES * 7, b ^ d);
  buildWidePart(table + PART_TABLES * 8, a ^ b ^ c ^ d);
}

/** Builds every table of the slot from the hash key H at `h`: 128 bytes, of which the last 112 are zero. Wipes it. */
export function ghashInit(slot: usize, h: usize): void {
  const tables = slot + SLOT_BYTE_TABLES;
  buildByteTables(tables, h);
  const zero = i64x2.splat(0);
  for (let i = 1; i < POWERS; i++) {
    v128.store(h, absorbFew(slot, zero, h, 1));
    buildByteTables(tables + BYTE_TABLES_PER_POWER * <usize>i, h);
  }
  // A block followed by seven zero blocks is multiplied by H^8.
  v128.store(h, absorbFew(slot, zero, h, POWERS));
  for (let g: usize = 0; g < WIDE_GROUPS; g++) {
    buildWideTables(slot + SLOT_WIDE_TABLES + g * 2 * NIBBLE_TABLES, h);
    v128.store(h, absorbFew(slot, zero, h, POWERS));
    v128.store(h, absorbFew(slot, zero, h, POWERS));
  }
  v128.store(h, zero);
}

/** Sixteen interleaved Horner chains, then joined as sixteen ordinary blocks. */
function absorbWide(slot: usize, y: v128, p: usize, groups: usize): v128 {
  wideStart(p, y);
  p += 256;
  groups--;
  while (groups > 0) {
    const g: usize = groups < WIDE_GROUPS ? groups : WIDE_GROUPS;
    wideStep(slot + SLOT_WIDE_TABLES, p, g);
    p += g << 8;
    groups -= g;
  }
  const lanes = wideFinish();
  return absorbFew(slot, absorbFew(slot, i64x2.splat(0), lanes, 8), lanes + 128, 8);
}

/** Absorbs whole blocks into the slot's Y. */
export function ghash(slot: usize, p: usize, blocks: usize): void {
  let y = v128.load(slot + SLOT_Y);
  if (blocks >= WIDE_MIN_BLOCKS) {
    const groups = blocks >> 4;
    y = absorbWide(slot, y, p, groups);
    p += groups << 8;
    blocks &= 15;
  }
  while (blocks > 0) {
    const m: usize = blocks < 8 ? blocks : 8;
    y = absorbFew(slot, y, p, <i32>m);
    p += m << 4;
    blocks -= m;
  }
  v128.store(slot + SLOT_Y, y);
}

/** Work areas hold hash values before their mask is added, from which H could be computed. */
export function wipeGhash(): void {
  memory.fill(NIBBLES, 0, 256);
  wipeWide();
}
