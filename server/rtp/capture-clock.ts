import { type Micros, type Millis, micros } from "../../shared/lib/time.ts";

/** Cameras without time setting say 1900, 1970 or 2000. */
const EARLIEST = Date.UTC(2015, 0, 1) * 1000;
const LATEST = Date.UTC(2100, 0, 1) * 1000;
const NTP_TO_UNIX_SECONDS = 2_208_988_800;
const MAX_REPORTS = 64;
const MIN_DRIFT_SPAN_MS = 60_000;
/** A camera whose clock was set between two reports: what came before says nothing about its drift. */
const STEP_MICROS = 2_000_000;

/** Camera time from RTCP sender reports (RFC 3550, 6.4.1), and how that clock runs against ours. */
export class CaptureClock {
  readonly #clockRate: number;
  #ntpMicros = 0;
  #timestamp = 0;
  #known = false;
  #plausible = false;
  #offsetMicros = 0;
  /** Monotonic arrival (ms) and offset (µs) of past reports. */
  readonly #reports: { atMs: number; offset: number }[] = [];

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** @param ntpSeconds,ntpFraction as in the report; `now` and `nowMs` at its arrival. */
  report(ntpSeconds: number, ntpFraction: number, timestamp: number, now: Micros, nowMs: Millis): void {
    if (ntpSeconds === 0 && ntpFraction === 0) return;
    // Era 1 begins in 2036: small values are after it, not before 1970.
    const era = ntpSeconds < 0x40000000 && now > Date.UTC(2035, 0, 1) * 1000 ? 0x100000000 : 0;
    const micro = (ntpSeconds + era - NTP_TO_UNIX_SECONDS) * 1e6 + (ntpFraction / 0x100000000) * 1e6;
    this.#ntpMicros = micro;
    this.#timestamp = timestamp;
    this.#known = true;
    this.#plausible = micro >= EARLIEST && micro < LATEST;
    const offset = micro - now;
    if (this.#reports.length > 0 && Math.abs(offset - this.#offsetMicros) > STEP_MICROS) this.#reports.length = 0;
    this.#offsetMicros = offset;
    this.#reports.push({ atMs: nowMs, offset });
    if (this.#reports.length > MAX_REPORTS) this.#reports.splice(1, 1);
  }

  /** The sender restarted its timestamps: the last report no longer tells anything. */
  restart(): void {
    this.#known = false;
  }

  /** When the camera took what it stamped so. Undefined before the first report or if its clock cannot be right. */
  at(timestamp: number): Micros | undefined {
    if (!this.#known || !this.#plausible) return undefined;
    return micros(this.#ntpMicros + (((timestamp - this.#timestamp) | 0) * 1e6) / this.#clockRate);
  }

  /** Reported time of a timestamp, plausible or not: to align a camera's audio with its video. */
  reported(timestamp: number): number | undefined {
    if (!this.#known) return undefined;
    return this.#ntpMicros + (((timestamp - this.#timestamp) | 0) * 1e6) / this.#clockRate;
  }

  get offsetMs(): number | undefined {
    return this.#reports.length > 0 && this.#plausible ? this.#offsetMicros / 1000 : undefined;
  }

  get implausibleYear(): number | undefined {
    if (this.#reports.length === 0 || this.#plausible) return undefined;
    return new Date(this.#ntpMicros / 1000).getUTCFullYear();
  }

  /** Least-squares slope of the offset: microseconds per second. */
  get driftPpm(): number | undefined {
    const reports = this.#reports;
    const first = reports[0];
    const last = reports[reports.length - 1];
    if (!first || !last || last.atMs - first.atMs < MIN_DRIFT_SPAN_MS) return undefined;
    let sumX = 0;
    let sumY = 0;
    let sumXx = 0;
    let sumXy = 0;
    for (const report of reports) {
      const x = (report.atMs - first.atMs) / 1000;
      const y = report.offset - first.offset;
      sumX += x;
      sumY += y;
      sumXx += x * x;
      sumXy += x * y;
    }
    const count = reports.length;
    const spread = count * sumXx - sumX * sumX;
    return spread > 0 ? (count * sumXy - sumX * sumY) / spread : undefined;
  }
}
