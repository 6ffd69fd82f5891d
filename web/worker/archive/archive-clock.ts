import type { Clock } from "../../../shared/lib/clock.ts";
import type { FreeClock } from "../../engine/worker-protocol.ts";

export const MAX_RATE = 16;
const MIN_RATE = 0.25;

export interface Loop {
  readonly startMicros: number;
  readonly endMicros: number;
}

/** 0, or a rate of magnitude 0.25 to 16. */
export function clampRate(rate: number): number {
  if (!Number.isFinite(rate) || rate === 0) return 0;
  return Math.sign(rate) * Math.min(MAX_RATE, Math.max(MIN_RATE, Math.abs(rate)));
}

/**
 * The time that is played: runs at its rate, stands while it is held, stays within its loop. Knows nothing of
 * pictures; who plays holds it while they are on their way.
 */
export class ArchiveClock {
  readonly #clock: Clock;
  #anchorMicros: number;
  #anchorMs: number;
  #rate = 1;
  #held = false;
  #loop: Loop | undefined;

  constructor(clock: Clock, positionMicros: number) {
    this.#clock = clock;
    this.#anchorMicros = positionMicros;
    this.#anchorMs = clock.monotonicMs();
  }

  get rate(): number {
    return this.#rate;
  }
  get loop(): Loop | undefined {
    return this.#loop;
  }
  get running(): boolean {
    return !this.#held && this.#rate !== 0;
  }

  /** µs UTC. */
  position(): number {
    if (!this.running) return this.#anchorMicros;
    const elapsedMicros = (this.#clock.monotonicMs() - this.#anchorMs) * 1000;
    return this.#wrap(Math.round(this.#anchorMicros + elapsedMicros * this.#rate));
  }

  /** What the page is told. */
  state(buffering: boolean): Omit<FreeClock, "tileId"> {
    return { positionMicros: this.position(), rate: this.#rate, buffering, loop: this.#loop };
  }

  seek(micros: number): void {
    this.#anchorMicros = Math.max(0, Math.round(micros));
    this.#anchorMs = this.#clock.monotonicMs();
  }

  setRate(rate: number): void {
    this.seek(this.position());
    this.#rate = clampRate(rate);
  }

  /** Stands where it is until `release`. */
  hold(): void {
    if (this.#held) return;
    this.seek(this.position());
    this.#held = true;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#anchorMs = this.#clock.monotonicMs();
  }

  /** Ignored when it is no range. A position outside goes to its beginning, playing backward to its end. */
  setLoop(loop: Loop | undefined): void {
    const position = this.position();
    this.#loop = loop && loop.endMicros > loop.startMicros ? loop : undefined;
    const range = this.#loop;
    if (!range) this.seek(position);
    else if (position < range.startMicros || position >= range.endMicros) {
      this.seek(this.#rate < 0 ? range.endMicros : range.startMicros);
    } else this.seek(position);
  }

  #wrap(micros: number): number {
    const loop = this.#loop;
    if (!loop) return Math.max(0, micros);
    const length = loop.endMicros - loop.startMicros;
    if (micros >= loop.endMicros && this.#rate > 0) return loop.startMicros + ((micros - loop.startMicros) % length);
    if (micros < loop.startMicros && this.#rate < 0) return loop.endMicros - ((loop.endMicros - micros) % length);
    return Math.max(0, micros);
  }
}
