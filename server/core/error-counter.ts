import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";

/**
 * Errors of a hot path: counted, and reported at most once per second with the last one.
 * The timer runs only while there is something to report.
 */
export class ErrorCounter {
  readonly #clock: Clock;
  readonly #report: (count: number, last: unknown) => void;
  #count = 0;
  #total = 0;
  #last: unknown;
  #timer: Timer | undefined;

  constructor(clock: Clock, report: (count: number, last: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Errors since the start. */
  get total(): number {
    return this.#total;
  }

  add(error: unknown): void {
    this.#count++;
    this.#total++;
    this.#last = error;
    this.#timer ??= this.#clock.after(millis(1000), () => this.#flush());
  }

  close(): void {
    this.#timer?.cancel();
    if (this.#count > 0) this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    const count = this.#count;
    this.#count = 0;
    this.#report(count, this.#last);
  }
}
