/** Seeded mutations of valid inputs, for fuzzing parsers. The seed in a failing test's name repeats it. */
export class Mutator {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761 + 1) >>> 0;
  }

  /** 0 to `below - 1` (xorshift32). */
  int(below: number): number {
    let x = this.#state || 1;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return below <= 0 ? 0 : this.#state % below;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.int(256));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T;
  }

  /** A few flips, cuts, repeats, insertions and extreme values. */
  mutate(input: Uint8Array): Uint8Array {
    let out = Array.from(input);
    for (let i = this.int(4) + 1; i > 0; i--) {
      const at = this.int(out.length + 1);
      switch (this.int(7)) {
        case 0:
          if (at < out.length) out[at] = (out[at] as number) ^ (1 << this.int(8));
          break;
        case 1:
          if (at < out.length) out[at] = this.pick([0, 1, 3, 0x7f, 0x80, 0xfe, 0xff]);
          break;
        case 2:
          out = out.slice(0, at);
          break;
        case 3:
          out.splice(at, this.int(8));
          break;
        case 4:
          out.splice(at, 0, ...this.bytes(this.int(8)));
          break;
        case 5:
          out.splice(at, 0, ...out.slice(this.int(out.length), this.int(out.length) + 64).slice(0, 200));
          break;
        default:
          out = out.slice(at);
      }
    }
    return Uint8Array.from(out.slice(0, 8192));
  }
}
