/**
 * Memory map of one key slot and of the fixed work areas. Nothing is allocated at run time: the host owns the page
 * range above `ioEnd` and hands out slots there.
 */

export const CIPHER_LEA: i32 = 1;
export const CIPHER_ARIA: i32 = 2;
export const CIPHER_AES: i32 = 3;

/** Header: cipher, rounds. */
export const SLOT_CIPHER: usize = 0;
export const SLOT_ROUNDS: usize = 4;
/** LEA: 32 rounds x 6 words. ARIA: 17 x 16 bytes. AES: 15 x 16 bytes. */
export const SLOT_SCHEDULE: usize = 16;
export const SCHEDULE_BYTES: usize = 768;
/** Byte tables of H^1..H^8: for each power a vector for each of the 17 bytes that its product with a nibble has. */
export const SLOT_BYTE_TABLES: usize = SLOT_SCHEDULE + SCHEDULE_BYTES;
export const BYTE_TABLES_PER_POWER: usize = 272;
export const POWERS: i32 = 8;
/** Nibble tables of H^16, H^32, ... for the sixteen-lane product: nine Karatsuba parts x 10 vectors each. */
export const SLOT_WIDE_TABLES: usize = SLOT_BYTE_TABLES + BYTE_TABLES_PER_POWER * 8;
export const WIDE_TABLE_BYTES: usize = 1440;
export const WIDE_GROUPS: usize = 4;
/** GCM state while a message is under way: Y, tag mask, counter block, lengths. */
export const SLOT_Y: usize = SLOT_WIDE_TABLES + WIDE_TABLE_BYTES * WIDE_GROUPS;
export const SLOT_MASK: usize = SLOT_Y + 16;
export const SLOT_COUNTER: usize = SLOT_MASK + 16;
export const SLOT_AAD_BYTES: usize = SLOT_COUNTER + 16;
export const SLOT_DATA_BYTES: usize = SLOT_AAD_BYTES + 8;
export const SLOT_BYTES: usize = (SLOT_DATA_BYTES + 8 + 63) & ~63;

/** One chunk of data passes through here; the slack is zero-filled so that a partial block reads as padded. */
export const CHUNK_BYTES: usize = 65536;
export const CHUNK_SLACK: usize = 256;
