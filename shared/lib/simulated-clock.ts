import type { Clock, Timer } from "./clock.ts";
import { type Micros, type Millis, micros, millis } from "./time.ts";

interface Pending {
  dueMs: number;
  periodMs: number | undefined;
  run: () => void;
  order: number;
}

/** A clock for tests: time moves only by `advance`, timers run in due order. */
export class SimulatedClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #utcStart: number;
  readonly #pending = new Set<Pending>();

  constructor(utcStart: Micros = micros(1_700_000_000_000_000)) {
    this.#utcStart = utcStart;
  }

  get pendingTimers(): number {
    return this.#pending.size;
  }

  utcMicros(): Micros {
    return micros(this.#utcStart + this.#nowMs * 1000);
  }

  monotonicMs(): Millis {
    return millis(this.#nowMs);
  }

  /** Steps the wall clock without moving monotonic time, as NTP or an operator would. */
  stepUtc(by: Micros): void {
    this.#utcStart += by;
  }

  after(delay: Millis, run: () => void): Timer {
    return this.#add(delay, undefined, run);
  }

  every(period: Millis, run: () => void): Timer {
    return this.#add(period, Math.max(1, period), run);
  }

  advance(by: Millis): void {
    const end = this.#nowMs + by;
    for (;;) {
      const next = this.#next(end);
      if (!next) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.periodMs === undefined) this.#pending.delete(next);
      else next.dueMs += next.periodMs;
      next.run();
    }
    this.#nowMs = end;
  }

  #add(delayMs: number, periodMs: number | undefined, run: () => void): Timer {
    const pending: Pending = { dueMs: this.#nowMs + Math.max(0, delayMs), periodMs, run, order: this.#order++ };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  #next(endMs: number): Pending | undefined {
    let best: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.dueMs > endMs) continue;
      if (!best || entry.dueMs < best.dueMs || (entry.dueMs === best.dueMs && entry.order < best.order)) best = entry;
    }
    return best;
  }
}
