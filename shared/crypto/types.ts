/** The AEAD suites of a sealed frame. LEA is the default; see README.md for what each one leaks and costs. */
export type Suite = "LEA-256-GCM" | "ARIA-256-GCM" | "AES-256-GCM";

/** Block ciphers reachable on their own, for vectors and known-answer tests only. */
export type BlockCipher = "LEA" | "ARIA" | "AES";

/** The one byte that names a suite on the wire and on disk (shared/wire/SPEC.md). */
export const SUITE_IDS: Record<Suite, number> = { "LEA-256-GCM": 1, "ARIA-256-GCM": 2, "AES-256-GCM": 3 };

/** Bytes of a suite key: all suites use 256-bit keys. */
export const KEY_BYTES = 32;
/** Bytes of a GCM nonce: only the 96-bit form of SP 800-38D is offered. */
export const NONCE_BYTES = 12;
/** Bytes of a GCM tag: never truncated. */
export const TAG_BYTES = 16;
/** Largest plaintext of one seal: a frame may be 8 MiB, plus head room for its inner framing. */
export const MAX_PLAINTEXT_BYTES = 9 * 1024 * 1024;
/** Largest additional authenticated data of one seal. */
export const MAX_AAD_BYTES = 64 * 1024;

/**
 * One imported AEAD key: key schedule and GHASH tables are computed once, at import.
 * Nonces are the caller's duty: a (key, nonce) pair must never seal twice.
 */
export interface AeadKey {
  readonly suite: Suite;
  /**
   * Writes ciphertext||tag (plaintext length + 16 bytes) into `out` at `outOffset` and returns the bytes written.
   * `plaintext` may be several pieces, sealed as their concatenation. `out` may overlap `plaintext`.
   * Throws `crypto.bad_nonce`, `crypto.too_long`, `crypto.no_room`, `crypto.disposed`.
   */
  sealInto(
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array | readonly Uint8Array[],
    out: Uint8Array,
    outOffset: number,
  ): number;
  /**
   * Opens `sealed` = ciphertext||tag into a fresh array.
   * Throws `crypto.auth_failed` (and releases no plaintext), `crypto.bad_nonce`, `crypto.too_long`, `crypto.disposed`.
   */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array;
  /** Wipes the key schedule and the GHASH tables. Idempotent; any later call throws `crypto.disposed`. */
  dispose(): void;
}

/** What `importKey` gives: an AEAD key that can also open without allocating. */
export interface ImportedKey extends AeadKey {
  /**
   * Like `open`, into `out` at `outOffset`; returns the plaintext's length. Spares the allocation of `open`, which costs
   * up to a tenth of the whole. `out` may overlap `sealed`. A refused frame leaves no plaintext in `out`: its place is
   * untouched or zero. Throws also `crypto.no_room`.
   */
  openInto(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array, outOffset: number): number;
}

/** Every suite's synchronous implementation. One instance per thread: it owns one WebAssembly memory. */
export interface FluxCrypto {
  /** Throws `crypto.bad_key` unless `key` is 32 bytes, `crypto.too_many_keys` when live keys fill the fixed memory. */
  importKey(suite: Suite, key: Uint8Array): ImportedKey;
  /** Encrypts one 16-byte block with LEA (16, 24 or 32 byte key). */
  leaBlock(key: Uint8Array, block: Uint8Array): Uint8Array;
  /** Encrypts one 16-byte block with ARIA (16, 24 or 32 byte key). */
  ariaBlock(key: Uint8Array, block: Uint8Array): Uint8Array;
  /** Encrypts one 16-byte block with any of the ciphers. */
  block(cipher: BlockCipher, key: Uint8Array, block: Uint8Array): Uint8Array;
  /** CTR mode with a 16-byte initial counter block, incremented as one 128-bit big-endian number. */
  ctr(cipher: BlockCipher, key: Uint8Array, counter: Uint8Array, data: Uint8Array): Uint8Array;
  /** Compares without a data-dependent branch; lengths are public. */
  constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
