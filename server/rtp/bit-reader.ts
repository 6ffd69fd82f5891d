import { FluxError } from "../../shared/lib/errors.ts";

/** Reads bits and Exp-Golomb codes from an RBSP. Reading beyond the end throws `rtp.parameter_set`. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #bit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#bit;
  }

  bit(): number {
    const byte = this.#bytes[this.#bit >> 3];
    if (byte === undefined) throw new FluxError("rtp.parameter_set", "a parameter set ends too early");
    const value = (byte >> (7 - (this.#bit & 7))) & 1;
    this.#bit++;
    return value;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** Unsigned, up to 32 bits. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    if (count > this.bitsLeft) throw new FluxError("rtp.parameter_set", "a parameter set ends too early");
    this.#bit += count;
  }

  /** ue(v): H.264 9.1. At most 32 leading zeros are legal. */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      if (++zeros > 32) throw new FluxError("rtp.parameter_set", "an Exp-Golomb code is too long");
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -(code / 2);
  }
}

/** A NAL unit's payload without emulation prevention bytes (00 00 03 -> 00 00), H.264 7.3.1. */
export function unescapeRbsp(nal: Uint8Array, start = 0, end = nal.length): Uint8Array {
  const out = new Uint8Array(Math.max(0, end - start));
  let length = 0;
  let zeros = 0;
  for (let i = start; i < end; i++) {
    const byte = nal[i] as number;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    out[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, length);
}
