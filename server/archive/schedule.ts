import type { WeeklySchedule } from "../../shared/api/recording.ts";

type ScheduledAction = "off" | "continuous" | "event";

const ACTIONS: Readonly<Record<string, ScheduledAction>> = { c: "continuous", e: "event" };
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Answers what a weekly grid says at an instant, by the wall clock of its time zone: DST moves with it. */
export class Schedules {
  readonly #formats = new Map<string, Intl.DateTimeFormat>();

  /** `off` for a time zone that this system does not know. */
  at(schedule: WeeklySchedule, utcMicros: number): ScheduledAction {
    const format = this.#format(schedule.timeZone);
    if (!format) return "off";
    const parts = new Map(format.formatToParts(utcMicros / 1000).map(({ type, value }) => [type, value]));
    const day = WEEKDAYS.indexOf(parts.get("weekday") ?? "");
    const halfHour = Number(parts.get("hour")) * 2 + (Number(parts.get("minute")) >= 30 ? 1 : 0);
    return ACTIONS[schedule.days[day]?.[halfHour] ?? ""] ?? "off";
  }

  #format(timeZone: string): Intl.DateTimeFormat | undefined {
    const known = this.#formats.get(timeZone);
    if (known) return known;
    if (!isTimeZone(timeZone)) return undefined;
    const options = { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    const format = new Intl.DateTimeFormat("en-GB", options);
    this.#formats.set(timeZone, format);
    return format;
  }
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
