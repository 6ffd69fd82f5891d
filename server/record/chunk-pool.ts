/** Small enough that a quiet sub stream wastes little, large enough that a main stream's second is a few pieces. */
export const CHUNK_BYTES = 64 * 1024;
export type Chunk = Uint8Array<ArrayBuffer>;

/**
 * Above every allocator's limit for memory of its own: only pages that were used cost anything, all of it goes back when
 * it is let go, and what comes and goes beside it (batches for the relay) tears no holes into it.
 */
const SLAB_CHUNKS = 528;

interface Slab {
  readonly memory: ArrayBuffer;
  readonly free: Chunk[];
  /** Nothing of it was used since the last `trim`. */
  idle: boolean;
}

/** A thread's memory for frames, in chunks. */
export class Slabs {
  readonly #slabs: Slab[] = [];

  get bytes(): number {
    return this.#slabs.length * SLAB_CHUNKS * CHUNK_BYTES;
  }

  /** Of the oldest slab that has room, so that the others become free. */
  take(): Chunk {
    const slab = this.#slabs.find(({ free }) => free.length > 0) ?? this.#add();
    slab.idle = false;
    const chunk = slab.free.pop();
    if (!chunk) throw new RangeError("a slab with room has none");
    return chunk;
  }

  give(chunk: Chunk): void {
    this.#slabs.find(({ memory }) => memory === chunk.buffer)?.free.push(chunk);
  }

  /** Call every few seconds: lets go of what nobody used since the call before. */
  trim(): void {
    for (const slab of this.#slabs.slice(1)) {
      if (slab.idle && slab.free.length === SLAB_CHUNKS) this.#slabs.splice(this.#slabs.indexOf(slab), 1);
      slab.idle = true;
    }
  }

  #add(): Slab {
    // Unlike `new Uint8Array`, touches no page.
    const memory = Buffer.allocUnsafeSlow(SLAB_CHUNKS * CHUNK_BYTES).buffer;
    // The last one is taken first.
    const free = Array.from({ length: SLAB_CHUNKS }, (_, at) => {
      return new Uint8Array(memory, (SLAB_CHUNKS - 1 - at) * CHUNK_BYTES, CHUNK_BYTES);
    });
    const slab = { memory, free, idle: false };
    this.#slabs.push(slab);
    return slab;
  }
}

/** Memory for one purpose, with a limit for all streams of the thread. */
export class ChunkPool {
  readonly #slabs: Slabs;
  readonly #limitBytes: number;
  #used = 0;

  constructor(slabs: Slabs, limitBytes: number) {
    this.#slabs = slabs;
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#used * CHUNK_BYTES;
  }

  /** All of them, or undefined: over the limit. */
  take(count: number): Chunk[] | undefined {
    if ((this.#used + count) * CHUNK_BYTES > this.#limitBytes) return undefined;
    this.#used += count;
    return Array.from({ length: count }, () => this.#slabs.take());
  }

  /** The caller keeps no view of them. */
  give(chunks: readonly Chunk[]): void {
    this.#used -= chunks.length;
    for (const chunk of chunks) this.#slabs.give(chunk);
  }

  /** Not used again, as an operation that hangs may still read them. */
  drop(chunks: readonly Chunk[]): void {
    this.#used -= chunks.length;
  }
}
