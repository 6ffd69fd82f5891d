/** Small enough that a quiet sub stream wastes little, large enough that a main stream's second is a few pieces. */
export const CHUNK_BYTES = 64 * 1024;
export type Chunk = Uint8Array<ArrayBuffer>;

/**
 * Above every allocator's limit for memory of its own: only pages that were used cost anything, and what comes and goes
 * beside it (batches for the relay) tears no holes into it.
 */
const SLAB_BYTES = 33 * 1024 * 1024;

/** Memory that frames lie in for seconds. One pool per thread and purpose, with a limit for all of its streams. */
export class ChunkPool {
  readonly #limitBytes: number;
  /** The last one used is the next one used: so that few pages are touched. */
  readonly #idle: Chunk[] = [];
  #slab: Uint8Array<ArrayBuffer> | undefined;
  #slabUsed = 0;
  #used = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#used * CHUNK_BYTES;
  }

  /** All of them, or undefined: over the limit. */
  take(count: number): Chunk[] | undefined {
    if ((this.#used + count) * CHUNK_BYTES > this.#limitBytes) return undefined;
    this.#used += count;
    return Array.from({ length: count }, () => this.#idle.pop() ?? this.#cut());
  }

  /** The caller keeps no view of them. */
  give(chunks: readonly Chunk[]): void {
    this.#used -= chunks.length;
    this.#idle.push(...chunks);
  }

  /** Not used again, as an operation that hangs may still read them. */
  drop(chunks: readonly Chunk[]): void {
    this.#used -= chunks.length;
  }

  #cut(): Chunk {
    if (!this.#slab || this.#slabUsed + CHUNK_BYTES > this.#slab.byteLength) {
      const bytes = Math.min(SLAB_BYTES, Math.ceil(this.#limitBytes / CHUNK_BYTES) * CHUNK_BYTES);
      // Unlike `new Uint8Array`, touches no page.
      this.#slab = new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
      this.#slabUsed = 0;
    }
    const chunk = this.#slab.subarray(this.#slabUsed, this.#slabUsed + CHUNK_BYTES);
    this.#slabUsed += CHUNK_BYTES;
    return chunk;
  }
}
