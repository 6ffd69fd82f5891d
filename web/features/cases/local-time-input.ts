import type { Zone } from "../playback/zone.ts";

/** Times in `datetime-local` inputs, in the viewer's zone, to the second. Pure. */

/** "2026-11-20T14:05:09" */
export function inputOf(micros: number, zone: Zone): string {
  return zone.local(micros).toISOString().slice(0, 19);
}

/** µs UTC; undefined: no such time, or none typed. A time that comes twice means the first one. */
export function microsOf(text: string, zone: Zone): number | undefined {
  const found = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?/.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return zone.instants({ year, month, day, hour, minute, second })[0];
}
