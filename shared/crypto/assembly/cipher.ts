/** Dispatch over the block ciphers. The cipher is public, so branching on it leaks nothing. */
import { CIPHER_LEA, SLOT_CIPHER } from "./layout";
import { leaBlock, leaCtr, leaSchedule } from "./lea";

export function schedule(cipher: i32, slot: usize, key: usize, keyBytes: i32): void {
  store<i32>(slot, cipher, SLOT_CIPHER);
  if (cipher == CIPHER_LEA) leaSchedule(slot, key, keyBytes);
  else unreachable();
}

export function blockEncrypt(slot: usize, input: usize, output: usize): void {
  if (load<i32>(slot, SLOT_CIPHER) == CIPHER_LEA) leaBlock(slot, input, output);
  else unreachable();
}

/** CTR with a 32-bit big-endian counter behind a 12-byte prefix; writes up to 256 bytes past the end. */
export function counterMode(slot: usize, prefix: usize, counter: u32, p: usize, bytes: usize): void {
  if (load<i32>(slot, SLOT_CIPHER) == CIPHER_LEA) leaCtr(slot, prefix, counter, p, bytes);
  else unreachable();
}
