import type { Micros } from "../lib/time.ts";

/** One epoch key covers ten minutes of video (SPEC W20). */
export const EPOCH_SECONDS = 600;

/** The epoch in which a frame sealed at this instant belongs. */
export function epochAt(utc: Micros): number {
  return Math.floor(utc / 1_000_000 / EPOCH_SECONDS);
}
