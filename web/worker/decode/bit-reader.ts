/** Reads bits and Exp-Golomb codes (H.264 9.1), most significant first. Beyond the end it reads zeros and says so. */
export class BitReader {
  readonly #data: Uint8Array;
  #bit = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  /** More was read than there is: nothing that was read counts. */
  get exhausted(): boolean {
    return this.#bit > this.#data.length * 8;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const byte = this.#data[this.#bit >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#bit & 7))) & 1);
      this.#bit++;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** ue(v); codes longer than 32 bits are no number that a stream may hold. */
  unsigned(): number {
    let zeros = 0;
    while (zeros < 32 && !this.exhausted && this.bits(1) === 0) zeros++;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v) */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}
