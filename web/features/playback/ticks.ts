import { DAY, endOf, HOUR, MINUTE, SECOND, type Viewport } from "./viewport.ts";
import type { Zone } from "./zone.ts";

export type TickUnit = "millisecond" | "second" | "minute" | "hour" | "day" | "month";

export interface Tick {
  readonly micros: number;
  /** Labelled and longer. */
  readonly major: boolean;
  /** What the label has to tell; minor ticks have none. */
  readonly unit: TickUnit;
  /** The clocks were changed within the last step before this tick. */
  readonly afterChange: boolean;
}

interface Step {
  readonly micros: number;
  readonly minor: number;
  readonly unit: TickUnit;
}

const MILLISECOND = 1000;
/** From fine to coarse. Steps up to half a day divide it, so that they lie on local hours. */
const steps: readonly Step[] = [
  { micros: 100 * MILLISECOND, minor: 20 * MILLISECOND, unit: "millisecond" },
  { micros: 200 * MILLISECOND, minor: 50 * MILLISECOND, unit: "millisecond" },
  { micros: 500 * MILLISECOND, minor: 100 * MILLISECOND, unit: "millisecond" },
  { micros: SECOND, minor: 200 * MILLISECOND, unit: "second" },
  { micros: 2 * SECOND, minor: 500 * MILLISECOND, unit: "second" },
  { micros: 5 * SECOND, minor: SECOND, unit: "second" },
  { micros: 10 * SECOND, minor: 2 * SECOND, unit: "second" },
  { micros: 30 * SECOND, minor: 5 * SECOND, unit: "second" },
  { micros: MINUTE, minor: 10 * SECOND, unit: "minute" },
  { micros: 2 * MINUTE, minor: 30 * SECOND, unit: "minute" },
  { micros: 5 * MINUTE, minor: MINUTE, unit: "minute" },
  { micros: 10 * MINUTE, minor: 2 * MINUTE, unit: "minute" },
  { micros: 30 * MINUTE, minor: 5 * MINUTE, unit: "minute" },
  { micros: HOUR, minor: 10 * MINUTE, unit: "hour" },
  { micros: 3 * HOUR, minor: 30 * MINUTE, unit: "hour" },
  { micros: 6 * HOUR, minor: HOUR, unit: "hour" },
  { micros: 12 * HOUR, minor: 3 * HOUR, unit: "hour" },
  { micros: DAY, minor: 6 * HOUR, unit: "day" },
  { micros: 2 * DAY, minor: 12 * HOUR, unit: "day" },
  { micros: 7 * DAY, minor: DAY, unit: "day" },
  { micros: 14 * DAY, minor: DAY, unit: "day" },
];
const coarsest: Step = { micros: 28 * DAY, minor: DAY, unit: "month" };

/** Local Mondays are whole weeks after this one. */
const MONDAY = Date.UTC(1970, 0, 5) * 1000;

function isMajor(local: number, step: Step): boolean {
  if (step.unit === "month") return new Date(local / 1000).getUTCDate() === 1 && local % DAY === 0;
  if (step.micros > DAY) return (((local - MONDAY) % step.micros) + step.micros) % step.micros === 0;
  return local % step.micros === 0;
}

/**
 * Ticks of what is shown, on whole local hours and days. The view is cut where the zone's offset changes: the hour that
 * comes twice in autumn has its ticks twice, the skipped one in spring has none.
 */
export function ticksFor(view: Viewport, width: number, zone: Zone, labelPx = 72): Tick[] {
  const perLabel = (view.spanMicros / Math.max(1, width)) * labelPx;
  const step = steps.find(({ micros }) => micros >= perLabel) ?? coarsest;
  const end = endOf(view);
  const cuts = [view.startMicros, ...zone.transitions(view.startMicros - step.minor, end), end];
  const ticks: Tick[] = [];
  let from = view.startMicros;
  for (const to of cuts.slice(1)) {
    if (to <= from) continue;
    const offset = zone.offsetAt(from);
    const changed = from !== view.startMicros;
    const before = changed ? zone.offsetAt(from - 1) : offset;
    // A day whose midnight was skipped begins at the change itself.
    if (changed && step.micros >= DAY && Math.floor((from + before - 1) / DAY) !== Math.floor((from + offset) / DAY)) {
      if ((from + offset) % DAY !== 0) {
        const midnight = Math.floor((from + offset) / DAY) * DAY;
        ticks.push({ micros: from, major: isMajor(midnight, step), unit: unitOf(midnight, step), afterChange: true });
      }
    }
    for (let local = Math.ceil((from + offset) / step.minor) * step.minor; local - offset < to; local += step.minor) {
      const micros = local - offset;
      const major = isMajor(local, step);
      ticks.push({ micros, major, unit: unitOf(local, step), afterChange: changed && micros - from < step.micros });
    }
    from = to;
  }
  return ticks;
}

/** Midnight is said as a day, the first of a month still as a day: only where months are the step, as a month. */
function unitOf(local: number, step: Step): TickUnit {
  if (step.micros < DAY && local % DAY === 0) return "day";
  return step.unit;
}
