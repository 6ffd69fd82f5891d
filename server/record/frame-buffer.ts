import { type SealedHeader, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import { isKeyframe } from "../fanout/frames.ts";
import { CHUNK_BYTES, type Chunk, type ChunkPool } from "./chunk-pool.ts";

export interface WaitingFrame {
  readonly header: SealedHeader;
  readonly bytes: Uint8Array;
}

/** Frames of one stream back to back in chunks, as they will lie in the file. */
export class FrameBuffer {
  readonly #pool: ChunkPool;
  readonly #headers: SealedHeader[] = [];
  #chunks: Chunk[] = [];
  #bytes = 0;
  #keyframes = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  get headers(): readonly SealedHeader[] {
    return this.#headers;
  }
  get empty(): boolean {
    return this.#headers.length === 0;
  }
  get hasKeyframe(): boolean {
    return this.#keyframes > 0;
  }
  /** Of frames. */
  get bytes(): number {
    return this.#bytes;
  }
  /** Of memory. */
  get heldBytes(): number {
    return this.#chunks.length * CHUNK_BYTES;
  }

  /** Copies the frame. False: no memory for it. */
  add(header: SealedHeader, bytes: Uint8Array): boolean {
    const missing = this.#bytes + bytes.byteLength - this.heldBytes;
    if (missing > 0) {
      const more = this.#pool.take(Math.ceil(missing / CHUNK_BYTES));
      if (!more) return false;
      this.#chunks.push(...more);
    }
    for (let done = 0; done < bytes.byteLength; ) {
      const within = this.#bytes % CHUNK_BYTES;
      const part = bytes.subarray(done, done + CHUNK_BYTES - within);
      this.#chunks[Math.floor(this.#bytes / CHUNK_BYTES)]?.set(part, within);
      this.#bytes += part.byteLength;
      done += part.byteLength;
    }
    this.#headers.push(header);
    if (isKeyframe(header)) this.#keyframes++;
    return true;
  }

  /** All bytes in order, as views. */
  pieces(): Uint8Array[] {
    return this.#chunks.map((chunk, at) => chunk.subarray(0, Math.min(CHUNK_BYTES, this.#bytes - at * CHUNK_BYTES)));
  }

  /** Each frame in memory of its own. */
  copies(): WaitingFrame[] {
    const all = Buffer.concat(this.pieces());
    let at = 0;
    return this.#headers.map((header) => {
      const bytes = all.subarray(at, at + sealedFrameBytes(header.length));
      at += bytes.byteLength;
      return { header, bytes };
    });
  }

  /** Hands the memory back. `inUse`: an operation may still read it, so that nobody else may have it. */
  release(inUse = false): void {
    if (inUse) this.#pool.drop(this.#chunks);
    else this.#pool.give(this.#chunks);
    this.#chunks = [];
    this.#headers.length = 0;
    this.#bytes = 0;
    this.#keyframes = 0;
  }
}
