/**
 * Gathers frames into one message. Frames that lie behind one another in the same buffer (as they came from an ingest
 * worker) become one view without a copy; anything else is copied once, into a buffer of exactly the right size.
 */
export class FrameBatch {
  readonly #pieces: Uint8Array[] = [];
  #last: Uint8Array | undefined;
  #bytes = 0;

  get byteLength(): number {
    return this.#bytes;
  }

  add(bytes: Uint8Array): void {
    const last = this.#last;
    this.#bytes += bytes.byteLength;
    if (last && last.buffer === bytes.buffer && last.byteOffset + last.byteLength === bytes.byteOffset) {
      const merged = new Uint8Array(last.buffer, last.byteOffset, last.byteLength + bytes.byteLength);
      this.#pieces[this.#pieces.length - 1] = merged;
      this.#last = merged;
    } else {
      this.#pieces.push(bytes);
      this.#last = bytes;
    }
  }

  /** Everything gathered, as one piece of memory; empties the batch. Undefined when there is nothing. */
  take(): Uint8Array | undefined {
    const first = this.#pieces[0];
    if (!first) return undefined;
    const whole = this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces, this.#bytes);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#last = undefined;
    this.#bytes = 0;
  }
}
