/** Small enough that a quiet sub stream wastes little, large enough that a main stream's second is a few pieces. */
export const CHUNK_BYTES = 64 * 1024;
export type Chunk = Uint8Array<ArrayBuffer>;

/** Memory that frames lie in until they are safely on disk. One pool per thread, with a limit for all of its streams. */
export class ChunkPool {
  readonly #limitBytes: number;
  readonly #idle: Chunk[] = [];
  #used = 0;
  /** Most chunks in use since the last `trim`. */
  #peak = 0;

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
    this.#peak = Math.max(this.#peak, this.#used);
    return Array.from({ length: count }, () => this.#idle.pop() ?? new Uint8Array(CHUNK_BYTES));
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

  /** Call now and then: keeps as much as was needed at once since the last call. */
  trim(): void {
    this.#idle.length = Math.min(this.#idle.length, Math.max(0, this.#peak - this.#used));
    this.#peak = this.#used;
  }
}
