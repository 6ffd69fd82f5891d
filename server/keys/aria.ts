import { type CipherGCMTypes, createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { FluxError } from "../../shared/lib/errors.ts";

// OpenSSL has it, Node's type declarations list only AES.
const ARIA = "aria-256-gcm" as CipherGCMTypes;
/** 96-bit random nonces: safe for 2^32 messages under one key; these keys wrap thousands at most. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** ARIA-256-GCM of OpenSSL, for keys and fields (never frames). Returns nonce(12) | ciphertext | tag(16). */
export function ariaSeal(key: Uint8Array, plaintext: Uint8Array, aad: string | Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ARIA, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(toBytes(aad), { plaintextLength: plaintext.byteLength });
  const ciphertext = cipher.update(plaintext);
  return new Uint8Array(Buffer.concat([nonce, ciphertext, cipher.final(), cipher.getAuthTag()]));
}

/** Throws `keys.auth_failed` when key, data or context do not belong together. */
export function ariaOpen(key: Uint8Array, sealed: Uint8Array, aad: string | Uint8Array): Uint8Array {
  if (sealed.byteLength < NONCE_BYTES + TAG_BYTES) throw new FluxError("keys.auth_failed", "sealed value is too short");
  const end = sealed.byteLength - TAG_BYTES;
  const decipher = createDecipheriv(ARIA, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(toBytes(aad), { plaintextLength: end - NONCE_BYTES });
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, end));
  try {
    return new Uint8Array(Buffer.concat([plaintext, decipher.final()]));
  } catch {
    throw new FluxError("keys.auth_failed", "sealed value does not open: wrong key, or changed data");
  }
}

/** HKDF-SHA-256 to 32 bytes. */
export function deriveKey(secret: Uint8Array, salt: Uint8Array, info: string | Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, salt, toBytes(info), 32));
}

const NO_SALT = new Uint8Array(0);

/** A key for one purpose from a uniformly random key: no salt needed (RFC 5869, 3.1). */
export function subKey(key: Uint8Array, purpose: string): Uint8Array {
  return deriveKey(key, NO_SALT, purpose);
}

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? Buffer.from(text, "utf8") : text;
}
