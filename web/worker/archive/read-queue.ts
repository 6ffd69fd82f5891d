/** Cameras remembered for fairness; far more than a wall has tiles. */
const MOST_CAMERAS = 1024;

/** Reads that wait to be asked, by their number. The camera that was asked for longest ago comes first. */
export class ReadQueue<T extends { readonly request: { readonly cameraId: string } }> {
  readonly #waiting = new Map<number, T>();
  /** When each camera had its last turn. */
  readonly #turns = new Map<string, number>();
  #turn = 0;

  get size(): number {
    return this.#waiting.size;
  }

  add(id: number, read: T): void {
    this.#waiting.set(id, read);
  }

  has(id: number): boolean {
    return this.#waiting.has(id);
  }

  /** False when it does not wait (any more). */
  delete(id: number): boolean {
    return this.#waiting.delete(id);
  }

  /**
   * The next one. Not simply the oldest: while the position moves faster than reads may be asked, each tile replaces
   * its own again and again, and the first tiles of the wall would have every turn.
   */
  take(): { readonly id: number; readonly read: T } | undefined {
    let first: { readonly id: number; readonly read: T; readonly turn: number } | undefined;
    for (const [id, read] of this.#waiting) {
      const turn = this.#turns.get(read.request.cameraId) ?? 0;
      if (!first || turn < first.turn) first = { id, read, turn };
    }
    if (!first) return undefined;
    this.#waiting.delete(first.id);
    if (this.#turns.size >= MOST_CAMERAS) this.#turns.clear();
    this.#turns.set(first.read.request.cameraId, ++this.#turn);
    return first;
  }

  clear(): void {
    this.#waiting.clear();
    this.#turns.clear();
  }
}
