import { type Micros, micros } from "../../shared/lib/time.ts";

const MAX_DEPTH = 16;

/**
 * Decoding times for units that come in decoding order with presentation times only.
 *
 * With at most `depth` pictures before a picture in decoding order and after it in output order, the n-th decoding time is
 * the (n - depth)-th smallest presentation time seen: that value is final when the n-th unit arrives, so nothing waits,
 * and decoding times never go back and never pass a presentation time. A stream that reorders deeper than its parameter
 * sets said is learnt from; there alone, once for each step of depth, a decoding time goes back.
 */
export class DecodeOrder {
  #depth = 0;
  #period = 40_000;
  #last = Number.NEGATIVE_INFINITY;
  /** Ascending presentation times not yet used up; `#depth` of them between calls. */
  readonly #window: number[] = [];

  /** What the parameter sets say. Learnt depth is kept. */
  expect(depth: number, periodMicros: number | undefined): void {
    if (periodMicros !== undefined) this.#period = periodMicros;
    this.#depth = Math.min(MAX_DEPTH, Math.max(depth, this.#depth));
  }

  next(pts: Micros): Micros {
    if (pts < this.#last && this.#depth < MAX_DEPTH) {
      // The last time was used up too early.
      this.#depth++;
      this.#window.unshift(this.#last);
      this.#last = pts;
    }
    if (this.#depth === 0) {
      this.#last = pts;
      return pts;
    }
    const window = this.#window;
    while (window.length < this.#depth) window.unshift((window[0] ?? pts) - this.#period);
    let at = window.length;
    while (at > 0 && (window[at - 1] as number) > pts) at--;
    window.splice(at, 0, pts);
    const dts = Math.min(pts, Math.max(this.#last, window.shift() as number));
    this.#last = dts;
    return micros(dts);
  }
}
