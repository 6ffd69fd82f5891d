import type { Clock } from "../../shared/lib/clock.ts";
import { micros } from "../../shared/lib/time.ts";

/** What is told reaches a busy page late: news that lag so little say nothing of the clocks. */
const LATE_MICROS = 250_000;

/** A clock that counts UTC as the server does. */
export interface ServerClock extends Clock {
  /** The server's UTC, µs, as it was a moment ago. */
  learn(serverMicros: number): void;
}

/**
 * UTC of the server on a machine whose own clock may be wrong. Until the server has told its time, this machine's;
 * while it cannot be reached, what was known last. Timers and durations are always this machine's.
 */
export function createServerClock(local: Clock): ServerClock {
  let offsetMicros: number | undefined;
  return {
    utcMicros: () => micros(Math.round(local.utcMicros() + (offsetMicros ?? 0))),
    monotonicMs: () => local.monotonicMs(),
    after: (delay, run) => local.after(delay, run),
    every: (period, run) => local.every(period, run),
    learn: (serverMicros) => {
      if (!Number.isFinite(serverMicros)) return;
      const told = serverMicros - local.utcMicros();
      // The one that came soonest is the truest, until the clocks have drifted or one was set.
      if (offsetMicros === undefined || told > offsetMicros || told < offsetMicros - LATE_MICROS) offsetMicros = told;
    },
  };
}
