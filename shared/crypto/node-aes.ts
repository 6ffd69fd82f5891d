import { createCipheriv, createDecipheriv } from "node:crypto";
import { FluxError } from "../lib/errors.ts";
import { checkNonce, checkOpenLengths, checkRoom, checkSealLengths, overlaps, wrongTag } from "./aead-checks.ts";
import { type ImportedKey, TAG_BYTES } from "./types.ts";

const ALGORITHM = "aes-256-gcm";

/**
 * AES-256-GCM of OpenSSL behind the same interface: with the CPU's own AES it is an order of magnitude faster than the
 * binary's. Node only; the browser bundle never imports this file.
 */
class NodeAesKey implements ImportedKey {
  readonly suite = "AES-256-GCM" as const;
  #key: Uint8Array | undefined;

  constructor(key: Uint8Array) {
    this.#key = key.slice();
  }

  sealInto(
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array | readonly Uint8Array[],
    out: Uint8Array,
    outOffset: number,
  ): number {
    const key = this.#live();
    checkNonce(nonce);
    const pieces = plaintext instanceof Uint8Array ? [plaintext] : plaintext;
    const sealedBytes = checkSealLengths(aad, pieces, out, outOffset);
    const target = out.subarray(outOffset, outOffset + sealedBytes);
    const source = pieces.some((piece) => overlaps(piece, target)) ? pieces.map((piece) => piece.slice()) : pieces;
    const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(aad);
    let at = 0;
    for (const piece of source) {
      target.set(cipher.update(piece), at);
      at += piece.length;
    }
    cipher.final();
    target.set(cipher.getAuthTag(), at);
    return sealedBytes;
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
    const plaintext = new Uint8Array(checkOpenLengths(aad, sealed));
    this.openInto(nonce, aad, sealed, plaintext, 0);
    return plaintext;
  }

  openInto(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array, outOffset: number): number {
    const key = this.#live();
    checkNonce(nonce);
    const total = checkOpenLengths(aad, sealed);
    checkRoom(total, out, outOffset);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(aad);
    decipher.setAuthTag(sealed.subarray(total));
    const opened = decipher.update(sealed.subarray(0, total));
    try {
      decipher.final();
      out.set(opened, outOffset);
    } catch (cause) {
      throw wrongTag(cause);
    } finally {
      opened.fill(0);
    }
    return total;
  }

  dispose(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }

  #live(): Uint8Array {
    if (this.#key === undefined) throw new FluxError("crypto.disposed", "this key has been disposed of");
    return this.#key;
  }
}

/** For `createFluxCrypto(wasm, { importAesKey: importNodeAesKey })`; the facade has checked the key's length. */
export function importNodeAesKey(key: Uint8Array): ImportedKey {
  return new NodeAesKey(key);
}
