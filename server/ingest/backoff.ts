import { type Millis, millis } from "../../shared/lib/time.ts";

export interface BackoffLimits {
  readonly firstMs: number;
  readonly capMs: number;
}

/** Reconnecting: quick at first, never slower than every 30 s, and never given up. */
export const RECONNECT: BackoffLimits = { firstMs: 500, capMs: 30_000 };

/** Wrong password: slow, because cameras lock accounts after a few wrong attempts. */
export const UNAUTHORISED: BackoffLimits = { firstMs: 60_000, capMs: 300_000 };

/**
 * The delay before attempt `failures` (1 = after the first failure): doubled each time, capped, and spread over its lower
 * half so that cameras that failed together do not return together. `random` is in [0, 1).
 */
export function backoffDelay(failures: number, limits: BackoffLimits, random: number): Millis {
  const doublings = Math.min(Math.max(0, failures - 1), 30);
  const full = Math.min(limits.capMs, limits.firstMs * 2 ** doublings);
  return millis(Math.round(full * (0.5 + 0.5 * random)));
}

/** The slow kind keeps its minimum: the delay is never below `firstMs`. */
export function slowDelay(failures: number, limits: BackoffLimits, random: number): Millis {
  const doublings = Math.min(Math.max(0, failures - 1), 30);
  const full = Math.min(limits.capMs, limits.firstMs * 2 ** doublings);
  return millis(Math.round(Math.min(limits.capMs, full * (1 + 0.5 * random))));
}
