/**
 * Puts frames together for one message. Viewers of the same cameras send the same frames in the same turn: the last
 * result is kept, so that it is put together once for all of them.
 */
export class FrameJoiner {
  #buffers: ArrayBufferLike[] = [];
  #starts: number[] = [];
  #ends: number[] = [];
  #joined: Buffer | undefined;

  /** Returns memory that is never written to again. */
  join(buffers: ArrayBufferLike[], starts: number[], ends: number[], byteLength: number): Buffer {
    const first = buffers[0];
    if (buffers.length === 1 && first) return Buffer.from(first, starts[0], byteLength);
    if (this.#joined?.byteLength === byteLength && this.#isLast(buffers, starts, ends)) return this.#joined;
    const joined = Buffer.allocUnsafeSlow(byteLength);
    let offset = 0;
    for (const [index, buffer] of buffers.entries()) {
      const start = starts[index] ?? 0;
      const length = (ends[index] ?? 0) - start;
      joined.set(new Uint8Array(buffer, start, length), offset);
      offset += length;
    }
    this.#buffers = [...buffers];
    this.#starts = [...starts];
    this.#ends = [...ends];
    this.#joined = joined;
    return joined;
  }

  #isLast(buffers: ArrayBufferLike[], starts: number[], ends: number[]): boolean {
    if (this.#buffers.length !== buffers.length) return false;
    for (let i = 0; i < buffers.length; i++) {
      if (this.#buffers[i] !== buffers[i] || this.#starts[i] !== starts[i] || this.#ends[i] !== ends[i]) return false;
    }
    return true;
  }
}

/**
 * Gathers frames into one message. Frames that lie behind one another in the same buffer (as they came from an ingest
 * worker) become one view without a copy. Allocates nothing per frame.
 */
export class FrameBatch {
  readonly #joiner: FrameJoiner;
  readonly #buffers: ArrayBufferLike[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #bytes = 0;

  constructor(joiner: FrameJoiner) {
    this.#joiner = joiner;
  }

  get byteLength(): number {
    return this.#bytes;
  }

  add({ buffer, byteOffset, byteLength }: Uint8Array): void {
    const last = this.#buffers.length - 1;
    if (last >= 0 && this.#buffers[last] === buffer && this.#ends[last] === byteOffset) {
      this.#ends[last] = byteOffset + byteLength;
    } else {
      this.#buffers.push(buffer);
      this.#starts.push(byteOffset);
      this.#ends.push(byteOffset + byteLength);
    }
    this.#bytes += byteLength;
  }

  /** Everything gathered, as one piece of memory; empties the batch. Undefined when there is nothing. */
  take(): Buffer | undefined {
    if (this.#bytes === 0) return undefined;
    const whole = this.#joiner.join(this.#buffers, this.#starts, this.#ends, this.#bytes);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#buffers.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#bytes = 0;
  }
}
