import { FluxError } from "../lib/errors.ts";
import { MAX_AAD_BYTES, MAX_PLAINTEXT_BYTES, NONCE_BYTES, TAG_BYTES } from "./types.ts";

/** Whether two views share bytes. */
export function overlaps(a: Uint8Array, b: Uint8Array): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  );
}

/** Throws `crypto.bad_nonce`. */
export function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== NONCE_BYTES) {
    throw new FluxError("crypto.bad_nonce", `nonce must be ${NONCE_BYTES} bytes, got ${nonce.length}`, {
      field: "nonce",
    });
  }
}

function checkLength(field: string, bytes: number, limit: number): void {
  if (bytes > limit) {
    throw new FluxError("crypto.too_long", `${field} is ${bytes} bytes, the limit is ${limit}`, { field });
  }
}

/** Throws `crypto.no_room`. */
export function checkRoom(bytes: number, out: Uint8Array, outOffset: number): void {
  if (!Number.isInteger(outOffset) || outOffset < 0 || outOffset + bytes > out.length) {
    throw new FluxError("crypto.no_room", `out has no room for ${bytes} bytes at ${outOffset}`, { field: "out" });
  }
}

/** Bytes that the sealed form takes. Throws `crypto.too_long` and `crypto.no_room`. */
export function checkSealLengths(
  aad: Uint8Array,
  pieces: readonly Uint8Array[],
  out: Uint8Array,
  outOffset: number,
): number {
  checkLength("aad", aad.length, MAX_AAD_BYTES);
  let total = 0;
  for (const piece of pieces) total += piece.length;
  checkLength("plaintext", total, MAX_PLAINTEXT_BYTES);
  const sealedBytes = total + TAG_BYTES;
  checkRoom(sealedBytes, out, outOffset);
  return sealedBytes;
}

/** Bytes of plaintext in `sealed`. Throws `crypto.too_long`, and `crypto.auth_failed` when there is no whole tag. */
export function checkOpenLengths(aad: Uint8Array, sealed: Uint8Array): number {
  checkLength("aad", aad.length, MAX_AAD_BYTES);
  checkLength("sealed", sealed.length, MAX_PLAINTEXT_BYTES + TAG_BYTES);
  if (sealed.length < TAG_BYTES) throw new FluxError("crypto.auth_failed", "sealed data is shorter than its tag");
  return sealed.length - TAG_BYTES;
}

export function wrongTag(cause?: unknown): FluxError {
  return new FluxError("crypto.auth_failed", "not authentic: wrong key, altered data or altered header", { cause });
}
