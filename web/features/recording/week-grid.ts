import type { WeeklySchedule } from "../../../shared/api/recording.ts";

/** The weekly grid: 7 days from Monday, 48 half hours each. Pure. */

export const SLOTS = 48;
export const DAYS = 7;
/** off, continuous, on event */
export const BRUSHES = ["-", "c", "e"] as const;
export type Brush = (typeof BRUSHES)[number];
export type Week = WeeklySchedule["days"];

export interface Cell {
  readonly day: number;
  readonly slot: number;
}

export function filledWeek(brush: Brush): Week {
  return Array.from({ length: DAYS }, () => brush.repeat(SLOTS));
}

export function brushAt(week: Week, { day, slot }: Cell): Brush {
  return BRUSHES.find((brush) => brush === week[day]?.[slot]) ?? "-";
}

/** The rectangle between two corners, painted. */
export function paint(week: Week, from: Cell, to: Cell, brush: Brush): Week {
  const [firstDay, lastDay] = [Math.min(from.day, to.day), Math.max(from.day, to.day)];
  const [first, last] = [Math.min(from.slot, to.slot), Math.max(from.slot, to.slot)];
  return week.map((slots, day) =>
    day < firstDay || day > lastDay
      ? slots
      : slots.slice(0, first) + brush.repeat(last - first + 1) + slots.slice(last + 1),
  );
}

/** Half hours from `start` up to `end` (48: midnight) of some days. An end before the start goes on the next day. */
export function fillSpan(week: Week, days: readonly number[], start: number, end: number, brush: Brush): Week {
  let filled = week;
  for (const day of days) {
    if (end > start) {
      filled = paint(filled, { day, slot: start }, { day, slot: end - 1 }, brush);
      continue;
    }
    filled = paint(filled, { day, slot: start }, { day, slot: SLOTS - 1 }, brush);
    const next = (day + 1) % DAYS;
    if (end > 0) filled = paint(filled, { day: next, slot: 0 }, { day: next, slot: end - 1 }, brush);
  }
  return filled;
}

export function copyDay(week: Week, from: number, to: readonly number[]): Week {
  const source = week[from] ?? "-".repeat(SLOTS);
  return week.map((slots, day) => (to.includes(day) ? source : slots));
}

/** Hours of the week with that brush. */
export function hoursOf(week: Week, brush: Brush): number {
  return week.reduce((sum, slots) => sum + [...slots].filter((slot) => slot === brush).length, 0) / 2;
}

export interface Span {
  readonly brush: Brush;
  readonly start: number;
  readonly end: number;
}

/** A day as stretches of one brush: what is drawn, and what a screen reader says. */
export function spansOf(slots: string): Span[] {
  const spans: Span[] = [];
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const brush = BRUSHES.find((one) => one === slots[slot]) ?? "-";
    const last = spans.at(-1);
    if (last?.brush === brush) spans[spans.length - 1] = { ...last, end: slot + 1 };
    else spans.push({ brush, start: slot, end: slot + 1 });
  }
  return spans;
}

/** 08:30; the end of the day is 24:00. */
export function slotTime(slot: number): string {
  return `${String(Math.floor(slot / 2)).padStart(2, "0")}:${slot % 2 === 0 ? "00" : "30"}`;
}
