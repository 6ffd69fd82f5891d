/** Reuses the memory that frames are copied through: a wall copies hundreds of frames a second. */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #maxFree: number;

  constructor(maxFree = 64) {
    this.#maxFree = maxFree;
  }

  /** At least `bytes` long; what is in it is undefined. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    // The same few sizes come again and again: an exact or slightly larger buffer is nearly always there.
    const index = this.#free.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= bytes * 2);
    const found = index >= 0 ? this.#free.splice(index, 1)[0] : undefined;
    return found ?? new Uint8Array(bytes);
  }

  giveBack(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length >= this.#maxFree) this.#free.shift();
    this.#free.push(buffer);
  }
}
