import { FluxError } from "../lib/errors.ts";

/** What flux-crypto.wasm exports (assembly/index.ts). All pointers and lengths are unsigned 32-bit. */
interface CryptoExports {
  readonly memory: WebAssembly.Memory;
  chunk(): number;
  chunkBytes(): number;
  params(): number;
  slotBytes(): number;
  slotsStart(): number;
  importKey(cipher: number, slot: number, key: number, keyBytes: number, gcm: number): void;
  blockEncrypt(slot: number, input: number, output: number): void;
  counterMode(slot: number, prefix: number, counter: number, data: number, bytes: number): void;
  gcmStart(slot: number, nonce: number): void;
  gcmAad(slot: number, data: number, bytes: number): void;
  gcmSeal(slot: number, data: number, bytes: number): void;
  gcmOpen(slot: number, data: number, bytes: number): void;
  gcmTag(slot: number, tag: number): void;
  gcmSealOnce(slot: number, nonce: number, aad: number, aadBytes: number, data: number, bytes: number): void;
  gcmOpenOnce(slot: number, nonce: number, aad: number, aadBytes: number, data: number, bytes: number): number;
  gcmCheck(slot: number, tag: number): number;
  wipe(at: number, bytes: number): void;
  wipeWork(): void;
}

const REQUIRED: readonly (keyof CryptoExports)[] = ["memory", "chunk", "importKey", "gcmStart", "gcmCheck", "wipe"];

function hasExports(exports: object): exports is CryptoExports {
  return REQUIRED.every((name) => name in exports);
}

const PAGE_BYTES = 65_536;
const GROW_PAGES = 8;

/** The instance, its memory view and its key slots. Memory grows in small steps up to the binary's fixed maximum. */
export class WasmModule {
  readonly calls: CryptoExports;
  readonly chunk: number;
  readonly chunkBytes: number;
  readonly params: number;
  readonly #slotBytes: number;
  #bytes: Uint8Array;
  #nextSlot: number;
  readonly #freeSlots: number[] = [];

  constructor(calls: CryptoExports) {
    this.calls = calls;
    this.chunk = calls.chunk();
    this.chunkBytes = calls.chunkBytes();
    this.params = calls.params();
    this.#slotBytes = calls.slotBytes();
    this.#nextSlot = calls.slotsStart();
    this.#bytes = new Uint8Array(calls.memory.buffer);
  }

  /** The module's memory. Read it again after `takeSlot`, which may move it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Throws `crypto.too_many_keys` when the fixed maximum of memory is full of live keys. */
  takeSlot(): number {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    const slot = this.#nextSlot;
    const end = slot + this.#slotBytes;
    if (end > this.#bytes.length) {
      try {
        this.calls.memory.grow(Math.max(GROW_PAGES, Math.ceil((end - this.#bytes.length) / PAGE_BYTES)));
      } catch (cause) {
        throw new FluxError("crypto.too_many_keys", "too many live keys: dispose of those no longer used", { cause });
      }
      this.#bytes = new Uint8Array(this.calls.memory.buffer);
    }
    this.#nextSlot = end;
    return slot;
  }

  /** Wipes the slot and every work area, and makes the slot available again. */
  giveBackSlot(slot: number): void {
    this.calls.wipe(slot, this.#slotBytes);
    this.calls.wipeWork();
    this.#freeSlots.push(slot);
  }

  static async instantiate(wasm: BufferSource | WebAssembly.Module): Promise<WasmModule> {
    try {
      const module = wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm);
      const { exports } = await WebAssembly.instantiate(module, {});
      if (!hasExports(exports)) throw new TypeError("not the FluxVision crypto binary");
      return new WasmModule(exports);
    } catch (cause) {
      throw new FluxError(
        "crypto.unavailable",
        "the crypto binary could not be loaded (WebAssembly SIMD is required)",
        {
          cause,
        },
      );
    }
  }
}
