import { FluxError } from "../lib/errors.ts";
import { checkNonce, checkOpenLengths, checkRoom, checkSealLengths, overlaps, wrongTag } from "./aead-checks.ts";
import { type ImportedKey, type Suite, TAG_BYTES } from "./types.ts";
import type { WasmModule } from "./wasm-module.ts";

/** Where additional data lies in the parameter area (256 bytes), behind the nonce; longer data goes through the chunk. */
const PARAMS_AAD = 16;
const SHORT_AAD_BYTES = 192;

/** A key slot of the binary. Data passes through the binary's fixed chunk, so memory does not depend on frame size. */
export class WasmAeadKey implements ImportedKey {
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
    let pieces = plaintext instanceof Uint8Array ? [plaintext] : plaintext;
    const sealedBytes = checkSealLengths(aad, pieces, out, outOffset);
    const total = sealedBytes - TAG_BYTES;
    if (total <= this.#wasm.chunkBytes && aad.length <= SHORT_AAD_BYTES) {
      this.#sealOnce(slot, nonce, aad, pieces, total, out, outOffset);
      return sealedBytes;
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
    const plaintext = new Uint8Array(checkOpenLengths(aad, sealed));
    this.openInto(nonce, aad, sealed, plaintext, 0);
    return plaintext;
  }

  openInto(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array, outOffset: number): number {
    const slot = this.#live();
    checkNonce(nonce);
    const total = checkOpenLengths(aad, sealed);
    checkRoom(total, out, outOffset);
    if (total <= this.#wasm.chunkBytes && aad.length <= SHORT_AAD_BYTES) {
      this.#openOnce(slot, nonce, aad, sealed, total, out, outOffset);
      return total;
    }
    const target = out.subarray(outOffset, outOffset + total);
    const source = overlaps(sealed, target) ? sealed.slice() : sealed;
    const { calls, chunk, chunkBytes, params } = this.#wasm;
    const bytes = this.#wasm.bytes;
    this.#start(slot, nonce, aad);
    for (let at = 0; at < total; at += chunkBytes) {
      const size = Math.min(chunkBytes, total - at);
      bytes.set(source.subarray(at, at + size), chunk);
      calls.gcmOpen(slot, chunk, size);
      target.set(bytes.subarray(chunk, chunk + size), at);
    }
    bytes.set(source.subarray(total), params);
    if (calls.gcmCheck(slot, params) !== 1) {
      target.fill(0);
      calls.wipeWork();
      throw wrongTag();
    }
    return total;
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

  /** The usual frame: one call, one copy each way. All input is read before any output is written. */
  #sealOnce(
    slot: number,
    nonce: Uint8Array,
    aad: Uint8Array,
    pieces: readonly Uint8Array[],
    total: number,
    out: Uint8Array,
    outOffset: number,
  ): void {
    const { calls, chunk, params, bytes } = this.#wasm;
    bytes.set(nonce, params);
    bytes.set(aad, params + PARAMS_AAD);
    let at = chunk;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    calls.gcmSealOnce(slot, params, params + PARAMS_AAD, aad.length, chunk, total);
    out.set(bytes.subarray(chunk, chunk + total + TAG_BYTES), outOffset);
  }

  /** Checks the tag before it decrypts, so that a refused frame never exists in the clear. */
  #openOnce(
    slot: number,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
    total: number,
    out: Uint8Array,
    outOffset: number,
  ): void {
    const { calls, chunk, params, bytes } = this.#wasm;
    bytes.set(nonce, params);
    bytes.set(aad, params + PARAMS_AAD);
    bytes.set(sealed, chunk);
    if (calls.gcmOpenOnce(slot, params, params + PARAMS_AAD, aad.length, chunk, total) !== 1) {
      calls.wipeWork();
      throw wrongTag();
    }
    out.set(bytes.subarray(chunk, chunk + total), outOffset);
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
