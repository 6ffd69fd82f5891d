const WINDOW_MS = 5_000;
/** Visible to a viewer: some picture in every second is damaged. */
const BAD_PERCENT = 2;
const GOOD_PERCENT = 1;

/** Watches the share of lost packets over windows of five seconds, with hysteresis. */
export class LossMeter {
  #windowStartMs: number | undefined;
  #packets = 0;
  #lost = 0;
  #bad = false;

  /** Whether `observe` would look: the totals cost something to gather. */
  due(nowMs: number): boolean {
    return this.#windowStartMs === undefined || nowMs - this.#windowStartMs >= WINDOW_MS;
  }

  /** The totals so far. Returns, when a verdict changes: the percentage lost (> 0), or 0 when it is well again. */
  observe(nowMs: number, packets: number, lost: number): number | undefined {
    if (this.#windowStartMs === undefined) {
      this.#begin(nowMs, packets, lost);
      return undefined;
    }
    if (nowMs - this.#windowStartMs < WINDOW_MS) return undefined;
    const newPackets = packets - this.#packets;
    const newLost = lost - this.#lost;
    this.#begin(nowMs, packets, lost);
    const total = newPackets + newLost;
    const percent = total > 0 ? (100 * newLost) / total : 0;
    if (!this.#bad && percent >= BAD_PERCENT) {
      this.#bad = true;
      return Math.round(percent);
    }
    if (this.#bad && percent < GOOD_PERCENT) {
      this.#bad = false;
      return 0;
    }
    return undefined;
  }

  reset(): void {
    this.#windowStartMs = undefined;
    this.#bad = false;
  }

  #begin(nowMs: number, packets: number, lost: number): void {
    this.#windowStartMs = nowMs;
    this.#packets = packets;
    this.#lost = lost;
  }
}
