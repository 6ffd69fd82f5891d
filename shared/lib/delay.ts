import type { Clock } from "./clock.ts";
import type { Millis } from "./time.ts";

/** Resolves after `wait` on the given clock. An unfinished wait does not keep the process alive. */
export function delay(clock: Clock, wait: Millis): Promise<void> {
  return new Promise((done) => void clock.after(wait, done));
}
