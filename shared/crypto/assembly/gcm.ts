/** GCM (SP 800-38D) with 96-bit nonces over any of the block ciphers, as start / aad / chunks / tag. */
import { blockEncrypt, counterMode } from "./cipher";
import { ghash, ghashInit, wipeGhash } from "./ghash";
import {
  SLOT_AAD_BYTES,
  SLOT_COUNTER,
  SLOT_DATA_BYTES,
  SLOT_MASK,
  SLOT_Y,
} from "./layout";

const BLOCK = memory.data(128, 16);
const TAG = memory.data(16, 16);

/** Computes the hash key and its tables; the cipher's schedule must be in the slot. */
export function gcmInit(slot: usize): void {
  memory.fill(BLOCK, 0, 128);
  blockEncrypt(slot, BLOCK, BLOCK);
  ghashInit(slot, BLOCK);
  memory.fill(BLOCK, 0, 128);
}

export function gcmStart(slot: usize, nonce: usize): void {
  memory.copy(slot + SLOT_COUNTER, nonce, 12);
  store<u32>(slot, bswap<u32>(1), SLOT_COUNTER + 12);
  blockEncrypt(slot, slot + SLOT_COUNTER, slot + SLOT_MASK);
  store<u32>(slot, 2, SLOT_COUNTER + 12);
  v128.store(slot + SLOT_Y, i64x2.splat(0));
  store<u64>(slot, 0, SLOT_AAD_BYTES);
  store<u64>(slot, 0, SLOT_DATA_BYTES);
}

/** Zero-fills the rest of the last block so that it reads as padded. */
// @ts-ignore: decorator
@inline
function pad(p: usize, bytes: usize): void {
  v128.store(p + bytes, i64x2.splat(0));
}

/** All pieces but the last must be a multiple of 16 bytes. */
export function gcmAad(slot: usize, p: usize, bytes: usize): void {
  pad(p, bytes);
  ghash(slot, p, (bytes + 15) >> 4);
  store<u64>(slot, load<u64>(slot, SLOT_AAD_BYTES) + bytes, SLOT_AAD_BYTES);
}

/** Adds key stream to a piece in place; all pieces but the last must be a multiple of 256 bytes. */
// @ts-ignore: decorator
@inline
function cipherPiece(slot: usize, p: usize, bytes: usize): void {
  const counter = load<u32>(slot, SLOT_COUNTER + 12);
  counterMode(slot, slot + SLOT_COUNTER, counter, p, bytes);
  store<u32>(slot, counter + <u32>((bytes + 15) >> 4), SLOT_COUNTER + 12);
}

// @ts-ignore: decorator
@inline
function hashPiece(slot: usize, p: usize, bytes: usize): void {
  pad(p, bytes);
  ghash(slot, p, (bytes + 15) >> 4);
  store<u64>(slot, load<u64>(slot, SLOT_DATA_BYTES) + bytes, SLOT_DATA_BYTES);
}

export function gcmSeal(slot: usize, p: usize, bytes: usize): void {
  cipherPiece(slot, p, bytes);
  hashPiece(slot, p, bytes);
}

export function gcmOpen(slot: usize, p: usize, bytes: usize): void {
  hashPiece(slot, p, bytes);
  cipherPiece(slot, p, bytes);
}

export function gcmTag(slot: usize, tag: usize): void {
  store<u64>(BLOCK, bswap<u64>(load<u64>(slot, SLOT_AAD_BYTES) << 3), 0);
  store<u64>(BLOCK, bswap<u64>(load<u64>(slot, SLOT_DATA_BYTES) << 3), 8);
  ghash(slot, BLOCK, 1);
  v128.store(tag, v128.xor(v128.load(slot + SLOT_Y), v128.load(slot + SLOT_MASK)));
  v128.store(slot + SLOT_Y, i64x2.splat(0));
  v128.store(slot + SLOT_MASK, i64x2.splat(0));
}

/** 1 when the computed tag equals the 16 bytes at `tag`. One vector comparison: no early exit. */
export function gcmCheck(slot: usize, tag: usize): i32 {
  const given = v128.load(tag);
  gcmTag(slot, tag);
  return i32(!v128.any_true(v128.xor(given, v128.load(tag))));
}

/** A whole message of one piece; the tag follows the ciphertext. */
export function gcmSealOnce(slot: usize, nonce: usize, aad: usize, aadBytes: usize, p: usize, bytes: usize): void {
  gcmStart(slot, nonce);
  if (aadBytes > 0) gcmAad(slot, aad, aadBytes);
  gcmSeal(slot, p, bytes);
  gcmTag(slot, p + bytes);
}

/** 1 when the tag behind the ciphertext is right; only then is there plaintext at `p`. */
export function gcmOpenOnce(slot: usize, nonce: usize, aad: usize, aadBytes: usize, p: usize, bytes: usize): i32 {
  // Padding and key stream overwrite what follows the data.
  const tag = v128.load(p + bytes);
  gcmStart(slot, nonce);
  if (aadBytes > 0) gcmAad(slot, aad, aadBytes);
  hashPiece(slot, p, bytes);
  v128.store(TAG, tag);
  if (!gcmCheck(slot, TAG)) return 0;
  cipherPiece(slot, p, bytes);
  return 1;
}

export function wipeGcm(): void {
  memory.fill(BLOCK, 0, 128);
  memory.fill(TAG, 0, 16);
  wipeGhash();
}
