/**
 * LEA and GCM as plainly as the standards write them: one block at a time, one bit at a time, big integers.
 * An independent second opinion for tests; slow, and not constant time.
 */

const DELTA = [0xc3efe9db, 0x44626b02, 0x79e27c8a, 0x78df30ec, 0x715ea49e, 0xc785da0a, 0xe04ef22a, 0xe5c40957];
const TURNS = [1, 3, 6, 11, 13, 17];

const rotl = (value: number, by: number): number => {
  const n = ((by % 32) + 32) % 32;
  return (n === 0 ? value : (value << n) | (value >>> (32 - n))) >>> 0;
};

const words = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
};

/** TTAK.KO-12.0223, key schedule for 256-bit keys. */
function roundKeys(key: Uint8Array): number[][] {
  const t = words(key);
  return Array.from({ length: 32 }, (_, i) =>
    TURNS.map((turn, j) => {
      const at = (6 * i + j) % 8;
      const sum = ((t[at] ?? 0) + rotl(DELTA[i % 8] ?? 0, i + j)) >>> 0;
      t[at] = rotl(sum, turn);
      return t[at];
    }),
  );
}

function encrypt(keys: number[][], block: Uint8Array): Uint8Array {
  let x = words(block);
  for (const k of keys) {
    const mix = (i: number, turn: number): number =>
      rotl(((((x[i] ?? 0) ^ (k[2 * i] ?? 0)) >>> 0) + (((x[i + 1] ?? 0) ^ (k[2 * i + 1] ?? 0)) >>> 0)) >>> 0, turn);
    x = [mix(0, 9), mix(1, -5), mix(2, -3), x[0] ?? 0];
  }
  const out = new Uint8Array(16);
  x.forEach((word, i) => {
    new DataView(out.buffer).setUint32(4 * i, word, true);
  });
  return out;
}

const toBig = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const fromBig = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * (15 - i))) & 0xffn));

/** SP 800-38D, algorithm 1. */
function multiply(x: bigint, y: bigint): bigint {
  let z = 0n;
  let v = y;
  for (let i = 127n; i >= 0n; i--) {
    if ((x >> i) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return z;
}

function* blocks(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 16) {
    const block = new Uint8Array(16);
    block.set(bytes.subarray(at, at + 16));
    yield block;
  }
}

/** ciphertext || tag of LEA-256-GCM. */
export function referenceLeaGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const keys = roundKeys(key);
  const counterBlock = (n: number): Uint8Array => {
    const block = new Uint8Array(16);
    block.set(nonce);
    new DataView(block.buffer).setUint32(12, n);
    return encrypt(keys, block);
  };
  const out = new Uint8Array(plaintext.length + 16);
  for (let at = 0; at < plaintext.length; at++) {
    if (at % 16 === 0) out.set(counterBlock(2 + at / 16).subarray(0, Math.min(16, plaintext.length - at)), at);
    out[at] = (out[at] ?? 0) ^ (plaintext[at] ?? 0);
  }
  const h = toBig(encrypt(keys, new Uint8Array(16)));
  let y = 0n;
  for (const block of blocks(aad)) y = multiply(y ^ toBig(block), h);
  for (const block of blocks(out.subarray(0, plaintext.length))) y = multiply(y ^ toBig(block), h);
  y = multiply(y ^ ((BigInt(aad.length * 8) << 64n) | BigInt(plaintext.length * 8)), h);
  out.set(fromBig(y ^ toBig(counterBlock(1))), plaintext.length);
  return out;
}
