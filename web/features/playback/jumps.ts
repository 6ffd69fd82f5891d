import type { TimelineMark } from "../../../shared/api/timeline-marks.ts";

/** Next and previous event, bookmark or gap. */

export type JumpDirection = 1 | -1;

/** So long after a jump, going back means what lies before the mark, and not the mark again. */
const SAME_MICROS = 1_000_000;

/**
 * From where the next mark is looked for. `last`: the mark that was gone to last. Playback runs on from it, jumps over a
 * gap, and may show a picture of just before it: none of this may lead to the same mark again.
 */
export function jumpOrigin(positionMicros: number, last: TimelineMark | undefined, direction: JumpDirection): number {
  if (last === undefined) return positionMicros;
  const { kind, startMicros, endMicros } = last;
  const past = positionMicros - startMicros;
  if (direction === 1) return past < 0 && past > -SAME_MICROS ? startMicros : positionMicros;
  const length = kind === "gap" ? endMicros - startMicros : 0;
  return past >= 0 && past < length + SAME_MICROS ? startMicros : positionMicros;
}
