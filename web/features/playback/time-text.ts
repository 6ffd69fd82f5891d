import type { TickUnit } from "./ticks.ts";
import type { Zone } from "./zone.ts";

/** Times in words, for one language and zone. Formatters are made once: making them is slow. */
export interface TimeText {
  /** Label of a tick. `withOffset`: right after the clocks changed. */
  tick(micros: number, unit: TickUnit, withOffset?: boolean): string;
  /** 14:05:09 */
  time(micros: number): string;
  /** 14:05:09.250 */
  exact(micros: number): string;
  /** Fri, 20 Nov 2026 */
  date(micros: number): string;
  /** 2026-11-20, for inputs and file names. */
  isoDate(micros: number): string;
  /** Date, time and offset. */
  full(micros: number): string;
  /** 2026-11-20 05:05:09 UTC */
  utc(micros: number): string;
  /** 2 h 05 min, 1 min 30 s, 0.5 s */
  duration(micros: number): string;
}

export function createTimeText(language: string, zone: Zone): TimeText {
  const formatter = (options: Intl.DateTimeFormatOptions): ((micros: number) => string) => {
    const format = new Intl.DateTimeFormat(language, { timeZone: zone.name, hourCycle: "h23", ...options });
    return (micros) => format.format(micros / 1000);
  };
  const month = formatter({ month: "short", year: "numeric" });
  const day = formatter({ weekday: "short", day: "numeric", month: "short" });
  const date = formatter({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const minute = formatter({ hour: "2-digit", minute: "2-digit" });
  const second = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  // Not by Intl: its separator of fractions differs by language.
  const exact = (micros: number): string =>
    `${second(micros)}.${String(Math.floor(micros / 1000) % 1000).padStart(3, "0")}`;
  const byUnit: Readonly<Record<TickUnit, (micros: number) => string>> = {
    month,
    day,
    hour: minute,
    minute,
    second,
    millisecond: exact,
  };
  return {
    tick: (micros, unit, withOffset = false) =>
      withOffset && unit !== "month" && unit !== "day"
        ? `${byUnit[unit](micros)} ${zone.offsetName(micros)}`
        : byUnit[unit](micros),
    time: second,
    exact,
    date,
    isoDate: (micros) => zone.local(micros).toISOString().slice(0, 10),
    full: (micros) => `${date(micros)} ${second(micros)} ${zone.offsetName(micros)}`,
    utc: (micros) => `${new Date(micros / 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`,
    duration: (micros) => duration(micros, language.startsWith("ko") ? KOREAN : SYMBOLS),
  };
}

/** Not by Intl: its English units are long or have no blank, and it knows no zero before the seconds. */
const SYMBOLS = { s: " s", min: " min", h: " h", d: " d" } as const;
const KOREAN = { s: "초", min: "분", h: "시간", d: "일" } as const;

function duration(micros: number, { s, min, h, d }: typeof SYMBOLS | typeof KOREAN): string {
  const seconds = micros / 1_000_000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10}${s}`;
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}${s}`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${min} ${two(whole % 60)}${s}`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}${h} ${two(Math.floor((whole % 3600) / 60))}${min}`;
  return `${Math.floor(whole / 86_400)}${d} ${Math.floor((whole % 86_400) / 3600)}${h}`;
}
