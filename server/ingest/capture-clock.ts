import { type Micros, micros } from "../../shared/lib/time.ts";
import type { CaptureStamp } from "../seal/sealer.ts";

/** Up to here a camera's clock is taken at its word; NTP keeps a LAN well inside. */
const TRUST_MICROS = 500_000;
/** And only from here again, so that a clock at the border does not flip. */
const TRUST_AGAIN_MICROS = 250_000;
/** The offset is the best of the last one to two windows. */
const WINDOW_MICROS = 10_000_000;
/** Below the estimate by more than this, for this long: the clock was set back, it is no delay. */
const STEP_MICROS = 2_000_000;
const STEP_AFTER_MICROS = 3_000_000;
/** A corrected capture time that lies further back than this is a wrong correction. */
const MAX_DELAY_MICROS = 10_000_000;

/**
 * Turns a camera's own time into a capture time on the server's clock (SPEC W30-W33).
 * The offset is the largest `camera time - arrival time` seen lately: the frame with the least delay tells most.
 */
export class CaptureClock {
  #best: number | undefined;
  #previousBest: number | undefined;
  #windowStart = 0;
  #trusted = true;
  #lowSince: number | undefined;

  /** Camera clock minus server clock; undefined before the first frame with a camera time. */
  get offsetMs(): number | undefined {
    const offset = this.#offset();
    return offset === undefined ? undefined : offset / 1000;
  }

  stamp(cameraTime: Micros | undefined, arrivalTime: Micros): CaptureStamp {
    if (cameraTime === undefined) return { captureTime: arrivalTime, cameraClock: false };
    this.#observe(cameraTime - arrivalTime, arrivalTime);
    const offset = this.#offset() ?? 0;
    this.#trusted = Math.abs(offset) <= (this.#trusted ? TRUST_MICROS : TRUST_AGAIN_MICROS);
    if (this.#trusted) return { captureTime: cameraTime, cameraClock: true };
    const corrected = cameraTime - offset;
    const plausible = corrected <= arrivalTime && corrected >= arrivalTime - MAX_DELAY_MICROS;
    return { captureTime: plausible ? micros(corrected) : arrivalTime, cameraClock: false };
  }

  #offset(): number | undefined {
    if (this.#best === undefined) return this.#previousBest;
    return this.#previousBest === undefined ? this.#best : Math.max(this.#best, this.#previousBest);
  }

  #observe(sample: number, at: number): void {
    const offset = this.#offset();
    if (offset !== undefined && sample < offset - STEP_MICROS) {
      this.#lowSince ??= at;
      if (at - this.#lowSince >= STEP_AFTER_MICROS || at < this.#lowSince) this.#restart(sample, at);
      return;
    }
    this.#lowSince = undefined;
    // A forward step, or the server's own clock set back: what was learnt before is void.
    if (offset === undefined || sample > offset + STEP_MICROS || at < this.#windowStart) {
      this.#restart(sample, at);
      return;
    }
    if (at - this.#windowStart >= WINDOW_MICROS) {
      this.#previousBest = this.#best;
      this.#best = sample;
      this.#windowStart = at;
      return;
    }
    this.#best = Math.max(this.#best ?? sample, sample);
  }

  #restart(sample: number, at: number): void {
    this.#best = sample;
    this.#previousBest = undefined;
    this.#windowStart = at;
    this.#lowSince = undefined;
  }
}
