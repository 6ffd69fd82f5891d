const FIRST_CAPACITY = 32 * 1024;
/** Units between looks at whether the buffer has become much larger than what is needed. */
const REVIEW_UNITS = 1024;

/** A growing byte buffer that is reused for every picture of a stream. Never larger than `maxBytes`. */
export class UnitBuffer {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;
  #largest = 0;
  #units = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** A view that is valid until the next call. */
  view(start = 0, end = this.#length): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  /** False, and nothing is written, if that would exceed the limit. */
  append(source: Uint8Array, start: number, end: number): boolean {
    const at = this.#length;
    const length = at + end - start;
    if (length > this.#bytes.length && !this.#grow(length)) return false;
    this.#bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
    this.#length = length;
    return true;
  }

  /** A four-byte start code and one or two header bytes. */
  appendHeader(first: number, second: number, headerBytes: 1 | 2): boolean {
    const at = this.#length;
    const length = at + 4 + headerBytes;
    if (length > this.#bytes.length && !this.#grow(length)) return false;
    const bytes = this.#bytes;
    bytes[at] = 0;
    bytes[at + 1] = 0;
    bytes[at + 2] = 0;
    bytes[at + 3] = 1;
    bytes[at + 4] = first;
    if (headerBytes === 2) bytes[at + 5] = second;
    this.#length = length;
    return true;
  }

  /** Forgets what was appended beyond this length. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  clear(): void {
    if (this.#length > this.#largest) this.#largest = this.#length;
    this.#length = 0;
    if (++this.#units < REVIEW_UNITS) return;
    // One huge picture must not hold its memory for ever.
    const enough = Math.max(FIRST_CAPACITY, this.#largest * 2);
    if (this.#bytes.length > enough * 2) this.#bytes = new Uint8Array(enough);
    this.#units = 0;
    this.#largest = 0;
  }

  #grow(needed: number): boolean {
    if (needed > this.#maxBytes) return false;
    const bytes = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#bytes.length * 2)));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    return true;
  }
}
