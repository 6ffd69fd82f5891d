import { FluxError } from "../lib/errors.ts";
import { WasmAeadKey } from "./aead-key.ts";
import { type BlockCipher, type FluxCrypto, type ImportedKey, KEY_BYTES, type Suite } from "./types.ts";
import { WasmModule } from "./wasm-module.ts";

export type { AeadKey, BlockCipher, FluxCrypto, ImportedKey, Suite } from "./types.ts";
export { KEY_BYTES, MAX_AAD_BYTES, MAX_PLAINTEXT_BYTES, NONCE_BYTES, SUITE_IDS, TAG_BYTES } from "./types.ts";

/** assembly/layout.ts */
const CIPHER_IDS: Record<BlockCipher, number> = { LEA: 1, ARIA: 2, AES: 3 };
const SUITE_CIPHERS: Record<Suite, BlockCipher> = {
  "LEA-256-GCM": "LEA",
  "ARIA-256-GCM": "ARIA",
  "AES-256-GCM": "AES",
};
const BLOCK_BYTES = 16;

/** What a platform does better than the binary. */
export interface PlatformCrypto {
  /** A synchronous AES-256-GCM key from 32 bytes; without it AES runs in the binary. */
  readonly importAesKey?: (key: Uint8Array) => ImportedKey;
}

class WasmFluxCrypto implements FluxCrypto {
  readonly #wasm: WasmModule;
  readonly #platform: PlatformCrypto;

  constructor(wasm: WasmModule, platform: PlatformCrypto) {
    this.#wasm = wasm;
    this.#platform = platform;
  }

  importKey(suite: Suite, key: Uint8Array): ImportedKey {
    const cipher = SUITE_CIPHERS[suite];
    if (cipher === undefined) throw new FluxError("crypto.bad_suite", "unknown suite", { field: "suite" });
    if (key.length !== KEY_BYTES) {
      throw new FluxError("crypto.bad_key", `key must be ${KEY_BYTES} bytes, got ${key.length}`, { field: "key" });
    }
    if (suite === "AES-256-GCM" && this.#platform.importAesKey !== undefined) return this.#platform.importAesKey(key);
    return new WasmAeadKey(suite, this.#wasm, this.#fillSlot(cipher, key, true));
  }

  leaBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
    return this.block("LEA", key, block);
  }

  ariaBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
    return this.block("ARIA", key, block);
  }

  block(cipher: BlockCipher, key: Uint8Array, block: Uint8Array): Uint8Array {
    checkBlock("block", block);
    return this.#withSlot(cipher, key, (slot) => {
      const { calls, params, bytes } = this.#wasm;
      bytes.set(block, params);
      calls.blockEncrypt(slot, params, params);
      return bytes.slice(params, params + BLOCK_BYTES);
    });
  }

  ctr(cipher: BlockCipher, key: Uint8Array, counter: Uint8Array, data: Uint8Array): Uint8Array {
    checkBlock("counter", counter);
    return this.#withSlot(cipher, key, (slot) => {
      const { calls, params, chunk, chunkBytes, bytes } = this.#wasm;
      const out = new Uint8Array(data.length);
      const next = counter.slice();
      const low = new DataView(next.buffer);
      for (let at = 0; at < data.length; ) {
        // The binary counts in 32 bits: a piece ends where those wrap, and the carry goes on here.
        const first = low.getUint32(12);
        const size = Math.min(chunkBytes, data.length - at, (2 ** 32 - first) * BLOCK_BYTES);
        bytes.set(next.subarray(0, 12), params);
        bytes.set(data.subarray(at, at + size), chunk);
        calls.counterMode(slot, params, first, chunk, size);
        out.set(bytes.subarray(chunk, chunk + size), at);
        at += size;
        addToCounter(next, Math.ceil(size / BLOCK_BYTES));
      }
      return out;
    });
  }

  constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
    if (a.length !== b.length) return false;
    let difference = 0;
    for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
    return difference === 0;
  }

  #fillSlot(cipher: BlockCipher, key: Uint8Array, gcm: boolean): number {
    if (key.length !== 16 && key.length !== 24 && key.length !== KEY_BYTES) {
      throw new FluxError("crypto.bad_key", `key must be 16, 24 or 32 bytes, got ${key.length}`, { field: "key" });
    }
    const slot = this.#wasm.takeSlot();
    const { calls, params, bytes } = this.#wasm;
    bytes.set(key, params);
    calls.importKey(CIPHER_IDS[cipher], slot, params, key.length, gcm ? 1 : 0);
    return slot;
  }

  #withSlot<T>(cipher: BlockCipher, key: Uint8Array, use: (slot: number) => T): T {
    const slot = this.#fillSlot(cipher, key, false);
    try {
      return use(slot);
    } finally {
      this.#wasm.giveBackSlot(slot);
    }
  }
}

function checkBlock(field: string, block: Uint8Array): void {
  if (block.length !== BLOCK_BYTES) {
    throw new FluxError("crypto.bad_block", `${field} must be ${BLOCK_BYTES} bytes, got ${block.length}`, { field });
  }
}

/** Adds to a 128-bit big-endian counter, modulo 2^128. */
function addToCounter(counter: Uint8Array, blocks: number): void {
  let carry = blocks;
  for (let i = BLOCK_BYTES - 1; i >= 0 && carry > 0; i--) {
    const sum = (counter[i] ?? 0) + carry;
    counter[i] = sum & 0xff;
    carry = Math.floor(sum / 256);
  }
}

/**
 * Builds the synchronous facade on the compiled binary; runs in Node, in a page and in a worker.
 * Throws `crypto.unavailable` when the binary cannot be compiled here.
 */
export async function createFluxCrypto(
  wasm: BufferSource | WebAssembly.Module,
  platform: PlatformCrypto = {},
): Promise<FluxCrypto> {
  return new WasmFluxCrypto(await WasmModule.instantiate(wasm), platform);
}
