/** Frames up to this size share chunks; larger ones get memory of their own. */
const CHUNK_BYTES = 128 * 1024;
const MAX_IDLE = 64;

/** Memory that frames lie in until they are safely on disk. One pool per thread, with a limit for all of its streams. */
export class ChunkPool {
  readonly #limitBytes: number;
  readonly #idle: Uint8Array<ArrayBuffer>[] = [];
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** undefined: over the limit. */
  take(leastBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const bytes = Math.max(CHUNK_BYTES, leastBytes);
    if (this.#usedBytes + bytes > this.#limitBytes) return undefined;
    this.#usedBytes += bytes;
    if (bytes > CHUNK_BYTES) return new Uint8Array(bytes);
    return this.#idle.pop() ?? new Uint8Array(bytes);
  }

  /** Not used again, as somebody may still look at it. */
  drop(chunk: Uint8Array<ArrayBuffer>): void {
    this.#usedBytes -= chunk.byteLength;
  }

  /** The caller keeps no view of it. */
  give(chunk: Uint8Array<ArrayBuffer>): void {
    this.#usedBytes -= chunk.byteLength;
    if (chunk.byteLength === CHUNK_BYTES && this.#idle.length < MAX_IDLE) this.#idle.push(chunk);
  }
}
