import type { Clock } from "./clock.ts";

/** Allows `perSecond` on average and `burst` at once. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#atMs = clock.monotonicMs();
  }

  take(amount = 1): boolean {
    const now = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#atMs) * this.#perMs);
    this.#atMs = now;
    if (this.#tokens < amount) return false;
    this.#tokens -= amount;
    return true;
  }

  /** Gives back what was taken and not used. */
  give(amount = 1): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + amount);
  }

  /** Until `amount` can be taken, at the present rate. */
  waitMs(amount = 1): number {
    return Math.max(0, Math.ceil((amount - this.#tokens) / this.#perMs));
  }
}
