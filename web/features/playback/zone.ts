/** Local time of a zone by Intl, which knows every daylight saving rule. Instants in µs UTC. */

const MINUTE_MS = 60_000;
/** Every zone's offset has changed at whole quarters of an hour since 1972. */
const QUARTER_MS = 15 * MINUTE_MS;
const MOST_CACHED = 4096;

export interface WallClockTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
  readonly micros?: number;
}

export class Zone {
  readonly name: string;
  readonly #parts: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /** Throws a RangeError for a zone that Intl does not know. */
  constructor(name: string) {
    this.name = name;
    this.#parts = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** Local minus UTC at that instant, µs. */
  offsetAt(micros: number): number {
    const quarter = Math.floor(micros / 1000 / QUARTER_MS);
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const at = quarter * QUARTER_MS;
    const fields: Record<string, number> = {};
    for (const { type, value } of this.#parts.formatToParts(at)) fields[type] = Number(value);
    const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
    const offset = (Date.UTC(year, month - 1, day, hour, minute, second) - at) * 1000;
    if (this.#offsets.size >= MOST_CACHED) this.#offsets.clear();
    this.#offsets.set(quarter, offset);
    return offset;
  }

  /** Where the offset changes within [start, end), each to a quarter of an hour: the first instant of the new offset. */
  transitions(startMicros: number, endMicros: number): number[] {
    const found: number[] = [];
    const step = 7 * 86_400_000_000;
    for (let from = startMicros; from < endMicros; from += step) {
      const to = Math.min(endMicros, from + step);
      if (this.offsetAt(from) === this.offsetAt(to - 1)) continue;
      let low = Math.floor(from / 1000 / QUARTER_MS);
      let high = Math.floor((to - 1) / 1000 / QUARTER_MS);
      const before = this.offsetAt(from);
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (this.offsetAt(middle * QUARTER_MS * 1000) === before) low = middle;
        else high = middle;
      }
      found.push(high * QUARTER_MS * 1000);
    }
    return found;
  }

  /** Local fields as if they were UTC: only to be read with `getUTC…`. */
  local(micros: number): Date {
    return new Date(Math.floor((micros + this.offsetAt(micros)) / 1000));
  }

  /**
   * The instants at which clocks of the zone show that time: none in the hour that is skipped in spring, two in the one
   * that comes twice in autumn, earliest first.
   */
  instants(time: WallClockTime): number[] {
    const { year, month, day, hour = 0, minute = 0, second = 0, micros = 0 } = time;
    const local = Date.UTC(year, month - 1, day, hour, minute, second) * 1000 + micros;
    const offsets = new Set([this.offsetAt(local - 86_400_000_000), this.offsetAt(local + 86_400_000_000)]);
    return [...offsets]
      .map((offset) => local - offset)
      .filter((instant) => instant + this.offsetAt(instant) === local)
      .sort((a, b) => a - b);
  }

  /** "UTC+2", "UTC+5:30". */
  offsetName(micros: number): string {
    const minutes = Math.round(this.offsetAt(micros) / 60_000_000);
    if (minutes === 0) return "UTC";
    const size = Math.abs(minutes);
    const rest = size % 60 === 0 ? "" : `:${String(size % 60).padStart(2, "0")}`;
    return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(size / 60)}${rest}`;
  }
}

export function browserZone(): Zone {
  return new Zone(Intl.DateTimeFormat().resolvedOptions().timeZone);
}
