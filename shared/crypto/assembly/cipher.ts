/** Dispatch over the block ciphers. The cipher is public, so branching on it leaks nothing. */
import { aesBlock, aesCtr, aesSchedule } from "./aes";
import { ariaBlock, ariaCtr, ariaSchedule } from "./aria";
import { CIPHER_ARIA, CIPHER_LEA, SLOT_CIPHER } from "./layout";
import { leaBlock, leaCtr, leaSchedule } from "./lea";

export function schedule(cipher: i32, slot: usize, key: usize, keyBytes: i32): void {
  store<i32>(slot, cipher, SLOT_CIPHER);
  if (cipher == CIPHER_LEA) leaSchedule(slot, key, keyBytes);
  else if (cipher == CIPHER_ARIA) ariaSchedule(slot, key, keyBytes);
  else aesSchedule(slot, key, keyBytes);
}

export function blockEncrypt(slot: usize, input: usize, output: usize): void {
  const cipher = load<i32>(slot, SLOT_CIPHER);
  if (cipher == CIPHER_LEA) leaBlock(slot, input, output);
  else if (cipher == CIPHER_ARIA) ariaBlock(slot, input, output);
  else aesBlock(slot, input, output);
}

/** CTR with a 32-bit big-endian counter behind a 12-byte prefix; writes less than 256 bytes past the end. */
export function counterMode(slot: usize, prefix: usize, counter: u32, p: usize, bytes: usize): void {
  const cipher = load<i32>(slot, SLOT_CIPHER);
  if (cipher == CIPHER_LEA) leaCtr(slot, prefix, counter, p, bytes);
  else if (cipher == CIPHER_ARIA) ariaCtr(slot, prefix, counter, p, bytes);
  else aesCtr(slot, prefix, counter, p, bytes);
}
