import type { Clock } from "../../shared/lib/clock.ts";
import { wait } from "./wait.ts";

/** Lets bytes through at no more than so many per second, in the order of asking. */
export class Pace {
  readonly bytesPerSecond: number;
  readonly #clock: Clock;
  /** When what was asked for so far has gone through. */
  #freeAtMs = 0;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
  }

  /** Resolves when it is these bytes' turn. Rejects when `signal` is aborted. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonicMs();
    const from = Math.max(now, this.#freeAtMs);
    this.#freeAtMs = from + (bytes / this.bytesPerSecond) * 1000;
    if (from > now) await wait(this.#clock, from - now, signal);
  }
}
