import { FluxError } from "../lib/errors.ts";
import { type AeadKey, MAX_AAD_BYTES, MAX_PLAINTEXT_BYTES, NONCE_BYTES, type Suite, TAG_BYTES } from "./types.ts";
import type { WasmModule } from "./wasm-module.ts";

function overlaps(a: Uint8Array, b: Uint8Array): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  );
}

function checkNonce(nonce: Uint8Array): void {
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

/** A key slot of the binary. Data passes through the binary's fixed chunk, so memory does not depend on frame size. */
export class WasmAeadKey implements AeadKey {
  readonly suite: Suite;
  readonly #wasm: WasmModule;
  #slot: number | undefined;

  constructor(suite: Suite, wasm: WasmModule, slot: number) {
    this.suite = suite;
    this.#wasm = wasm;
    this.#slot = slot;
  }

  sealInto(
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array | readonly Uint8Array[],
    out: Uint8Array,
    outOffset: number,
  ): number {
    const slot = this.#live();
    checkNonce(nonce);
    checkLength("aad", aad.length, MAX_AAD_BYTES);
    let pieces = plaintext instanceof Uint8Array ? [plaintext] : plaintext;
    let total = 0;
    for (const piece of pieces) total += piece.length;
    checkLength("plaintext", total, MAX_PLAINTEXT_BYTES);
    const sealedBytes = total + TAG_BYTES;
    if (!Number.isInteger(outOffset) || outOffset < 0 || outOffset + sealedBytes > out.length) {
      throw new FluxError("crypto.no_room", `out has no room for ${sealedBytes} bytes at ${outOffset}`, {
        field: "out",
      });
    }
    const target = out.subarray(outOffset, outOffset + sealedBytes);
    // Within one chunk all input is read before any output is written; beyond it, overlapping input is copied first.
    if (total > this.#wasm.chunkBytes && pieces.some((piece) => overlaps(piece, target))) {
      pieces = pieces.map((piece) => piece.slice());
    }
    this.#start(slot, nonce, aad);
    this.#sealPieces(slot, pieces, target);
    const { calls, params } = this.#wasm;
    calls.gcmTag(slot, params);
    target.set(this.#wasm.bytes.subarray(params, params + TAG_BYTES), total);
    return sealedBytes;
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
    const slot = this.#live();
    checkNonce(nonce);
    checkLength("aad", aad.length, MAX_AAD_BYTES);
    checkLength("sealed", sealed.length, MAX_PLAINTEXT_BYTES + TAG_BYTES);
    const total = sealed.length - TAG_BYTES;
    if (total < 0) throw new FluxError("crypto.auth_failed", "sealed data is shorter than its tag");
    const plaintext = new Uint8Array(total);
    const { calls, chunk, chunkBytes, params } = this.#wasm;
    const bytes = this.#wasm.bytes;
    this.#start(slot, nonce, aad);
    for (let at = 0; at < total; at += chunkBytes) {
      const size = Math.min(chunkBytes, total - at);
      bytes.set(sealed.subarray(at, at + size), chunk);
      calls.gcmOpen(slot, chunk, size);
      plaintext.set(bytes.subarray(chunk, chunk + size), at);
    }
    bytes.set(sealed.subarray(total), params);
    if (calls.gcmCheck(slot, params) !== 1) {
      plaintext.fill(0);
      calls.wipe(chunk, chunkBytes);
      calls.wipe(params, TAG_BYTES);
      throw new FluxError(
        "crypto.auth_failed",
        "the frame is not authentic: wrong key, altered data or altered header",
      );
    }
    return plaintext;
  }

  dispose(): void {
    if (this.#slot === undefined) return;
    this.#wasm.giveBackSlot(this.#slot);
    this.#slot = undefined;
  }

  #live(): number {
    if (this.#slot === undefined) throw new FluxError("crypto.disposed", "this key has been disposed of");
    return this.#slot;
  }

  #start(slot: number, nonce: Uint8Array, aad: Uint8Array): void {
    const { calls, chunk, params, bytes } = this.#wasm;
    bytes.set(nonce, params);
    calls.gcmStart(slot, params);
    if (aad.length === 0) return;
    bytes.set(aad, chunk);
    calls.gcmAad(slot, chunk, aad.length);
  }

  #sealPieces(slot: number, pieces: readonly Uint8Array[], target: Uint8Array): void {
    const { calls, chunk, chunkBytes, bytes } = this.#wasm;
    let filled = 0;
    let written = 0;
    const flush = (): void => {
      if (filled === 0) return;
      calls.gcmSeal(slot, chunk, filled);
      target.set(bytes.subarray(chunk, chunk + filled), written);
      written += filled;
      filled = 0;
    };
    for (const piece of pieces) {
      let from = 0;
      while (from < piece.length) {
        const size = Math.min(piece.length - from, chunkBytes - filled);
        bytes.set(from === 0 && size === piece.length ? piece : piece.subarray(from, from + size), chunk + filled);
        filled += size;
        from += size;
        if (filled === chunkBytes) flush();
      }
    }
    flush();
  }
}
