import { type Millis, millis } from "../../../shared/lib/time.ts";

const FIRST_MS = 500;
const LARGEST_MS = 15_000;

/** Waiting times between attempts: doubling, capped, and jittered so that clients do not come back all at once. */
export class Backoff {
  readonly #random: () => number;
  #attempt = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  next(): Millis {
    const full = Math.min(LARGEST_MS, FIRST_MS * 2 ** Math.min(this.#attempt, 10));
    this.#attempt++;
    return millis(full * (0.5 + this.#random() / 2));
  }

  reset(): void {
    this.#attempt = 0;
  }
}
