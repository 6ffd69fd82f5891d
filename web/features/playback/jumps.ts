import type { TimelineCamera } from "../../../shared/api/recording.ts";
import { DAY, HOUR, type Range } from "./viewport.ts";

/** Next and previous event, bookmark or gap. */

/** Nearer ones are the one that is being looked at. */
const SAME_MICROS = 1_000_000;

function marksOf(cameras: readonly TimelineCamera[]): number[] {
  const marks = cameras.flatMap(({ events, gaps, bookmarks }) =>
    [...events, ...gaps, ...bookmarks].map(({ startMicros }) => startMicros),
  );
  return marks.sort((a, b) => a - b);
}

export function jumpFrom(
  cameras: readonly TimelineCamera[],
  fromMicros: number,
  direction: 1 | -1,
): number | undefined {
  const marks = marksOf(cameras);
  return direction === 1
    ? marks.find((mark) => mark > fromMicros + SAME_MICROS)
    : marks.findLast((mark) => mark < fromMicros - SAME_MICROS);
}

/** Stretches to look through one after the other, each larger than the last and next to it. */
export function jumpWindows(fromMicros: number, direction: 1 | -1, nowMicros: number): Range[] {
  const windows: Range[] = [];
  let near = fromMicros;
  for (const length of [6 * HOUR, 3 * DAY, 31 * DAY, 92 * DAY]) {
    const far = direction === 1 ? Math.min(near + length, nowMicros) : Math.max(0, near - length);
    if (far === near) break;
    windows.push({ startMicros: Math.round(Math.min(near, far)), endMicros: Math.round(Math.max(near, far)) });
    near = far;
  }
  return windows;
}
