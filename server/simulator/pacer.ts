import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { type Millis, millis } from "../../shared/lib/time.ts";

/** Called when a job is due. Returns the monotonic time of its next turn, or undefined to stop. */
export type PacedJob = (now: Millis) => Millis | undefined;

/** Runs all periodic work of a simulator from one timer: jobs due within the same millisecond share a wake-up. */
export class Pacer {
  readonly #clock: Clock;
  readonly #due = new Map<PacedJob, Millis>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets when the job runs next; a job that is known already moves. */
  schedule(job: PacedJob, at: Millis): void {
    if (this.#closed) return;
    this.#due.set(job, at);
    if (at < this.#timerAt) this.#arm(at);
  }

  cancel(job: PacedJob): void {
    this.#due.delete(job);
  }

  close(): void {
    this.#closed = true;
    this.#due.clear();
    this.#timer?.cancel();
  }

  #arm(at: Millis): void {
    this.#timer?.cancel();
    this.#timerAt = at;
    const delay = millis(Math.max(0, Math.ceil(at - this.#clock.monotonicMs())));
    this.#timer = this.#clock.after(delay, () => this.#run());
  }

  #run(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonicMs();
    for (const [job, at] of this.#due) {
      if (at > now) continue;
      this.#due.delete(job);
      const next = job(now);
      // Never in the past: a job that is late gets its turns one by one, the others in between.
      if (next !== undefined && !this.#closed) this.#due.set(job, next);
    }
    let earliest = Number.POSITIVE_INFINITY;
    for (const at of this.#due.values()) earliest = Math.min(earliest, at);
    if (!this.#closed && earliest < Number.POSITIVE_INFINITY) this.#arm(millis(earliest));
  }
}
