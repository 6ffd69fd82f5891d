import type { Zone } from "./zone.ts";

/** A time as it is typed or picked, in the viewer's zone, to the second. Pure. */
export interface TypedTime {
  /** "2026-11-20T14:05:09", as in a `datetime-local` input. */
  readonly text: string;
  /** Of a time that comes twice, in autumn, the second is meant. */
  readonly second: boolean;
}

export function typedTime(micros: number, zone: Zone): TypedTime {
  const text = zone.local(micros).toISOString().slice(0, 19);
  const [, later] = instantsOf(text, zone);
  return { text, second: later !== undefined && micros >= later };
}

/** µs UTC: none where clocks skip the time or nothing is typed, two where it comes twice; earliest first. */
export function instantsOf(text: string, zone: Zone): number[] {
  const found = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?/.exec(text);
  if (found === null) return [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return zone.instants({ year, month, day, hour, minute, second });
}

/** µs UTC; undefined: no such time, or none typed. */
export function instantOf({ text, second }: TypedTime, zone: Zone): number | undefined {
  const [first, later] = instantsOf(text, zone);
  return second ? (later ?? first) : first;
}
