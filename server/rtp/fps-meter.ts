const UNITS = 25;

/** Frame rate from presentation times, for streams whose parameter sets do not tell. Measured once. */
export class FpsMeter {
  #count = 0;
  #first = 0;
  #last = 0;
  value: number | undefined;

  /** True when the rate has just become known. */
  add(ptsMicros: number, discontinuity: boolean): boolean {
    if (this.value !== undefined) return false;
    if (discontinuity || this.#count === 0) {
      this.#first = ptsMicros;
      this.#last = ptsMicros;
      this.#count = 1;
      return false;
    }
    this.#count++;
    if (ptsMicros > this.#last) this.#last = ptsMicros;
    if (this.#count <= UNITS || this.#last <= this.#first) return false;
    const fps = ((this.#count - 1) * 1e6) / (this.#last - this.#first);
    this.value = Math.round(fps * 10) / 10;
    return true;
  }
}
