import { type Micros, type Millis, micros } from "../../shared/lib/time.ts";

/** B pictures may go back this far; further back is a jump of the camera's clock. */
const MAX_BACKWARD_MICROS = 1_500_000;
/** A picture may be stamped this much later than the time that really passed: bursts, idle encoders. */
const MAX_AHEAD_MICROS = 5_000_000;
/** Until a frame period is known, 25 fps. */
const FIRST_PERIOD_MICROS = 40_000;

/**
 * RTP timestamps (32 bits, random start, wrapping, jumping when a camera restarts its encoder) to one unbroken line of
 * microseconds. A jump continues where the line was, later by the time that passed meanwhile.
 */
export class Timeline {
  readonly #clockRate: number;
  #started = false;
  #restarted = false;
  #lastTimestamp = 0;
  #lastArrivalMs: number | undefined;
  #ticks = 0;
  #base = 0;
  #latest = 0;
  #period = FIRST_PERIOD_MICROS;
  /** The last unit could not follow the one before on its own clock. */
  jumped = false;

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** The line begins now, with 0: the first unit is placed by its arrival. */
  startNow(nowMs: Millis): void {
    this.#lastArrivalMs = nowMs;
  }

  /** Position of a unit. Sets `jumped`. Units come in decoding order. */
  place(timestamp: number, arrivalMs: Millis): Micros {
    this.jumped = false;
    if (!this.#started) {
      this.#started = true;
      this.#base = Math.round((arrivalMs - (this.#lastArrivalMs ?? arrivalMs)) * 1000);
      this.#latest = this.#base;
    } else {
      const delta = (timestamp - this.#lastTimestamp) | 0;
      const deltaMicros = (delta * 1e6) / this.#clockRate;
      const elapsedMicros = Math.max(0, arrivalMs - (this.#lastArrivalMs ?? arrivalMs)) * 1000;
      const maxBackward = this.#restarted ? 0 : MAX_BACKWARD_MICROS;
      if (deltaMicros < -maxBackward || deltaMicros > elapsedMicros + MAX_AHEAD_MICROS) {
        this.#base = this.#latest + Math.max(this.#period, elapsedMicros);
        this.#ticks = 0;
        this.jumped = true;
      } else {
        this.#ticks += delta;
        if (delta > 0 && deltaMicros < 1_000_000) this.#period += (deltaMicros - this.#period) / 16;
      }
    }
    this.#restarted = false;
    this.#lastTimestamp = timestamp;
    this.#lastArrivalMs = arrivalMs;
    const pts = micros(this.#base + (this.#ticks * 1e6) / this.#clockRate);
    if (pts > this.#latest) this.#latest = pts;
    return pts;
  }

  /** The sender started anew: going back, even a little, is now a jump. */
  restart(): void {
    this.#restarted = true;
  }

  /** A timestamp and its position, to relate this line to another; undefined before the first unit. */
  get reference(): { readonly timestamp: number; readonly pts: Micros } | undefined {
    if (!this.#started) return undefined;
    return { timestamp: this.#lastTimestamp, pts: micros(this.#base + (this.#ticks * 1e6) / this.#clockRate) };
  }
}
