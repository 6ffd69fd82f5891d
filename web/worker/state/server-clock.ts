import type { Clock } from "../../../shared/lib/clock.ts";

interface Sample {
  readonly roundTripMs: number;
  /** Server UTC minus local monotonic time, µs. */
  readonly offsetMicros: number;
}

const KEPT = 8;

/** The server's clock seen from here, so that latency is right on a machine whose own clock is wrong. */
export class ServerClock {
  readonly #clock: Clock;
  #samples: Sample[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A server time that was asked for at `sentMs` (monotonic) and has just come. */
  sample(sentMs: number, serverTimeMicros: number): void {
    const now = this.#clock.monotonicMs();
    const roundTripMs = Math.max(0, now - sentMs);
    const offsetMicros = serverTimeMicros - ((sentMs + now) / 2) * 1000;
    this.#samples = [...this.#samples.slice(1 - KEPT), { roundTripMs, offsetMicros }];
  }

  /** Another server: its clock has nothing to do with the one before. */
  restart(): void {
    this.#samples = [];
  }

  /** µs UTC; the sample with the shortest round trip is the most exact one. */
  nowMicros(): number | undefined {
    let best: Sample | undefined;
    for (const sample of this.#samples) if (!best || sample.roundTripMs < best.roundTripMs) best = sample;
    return best && best.offsetMicros + this.#clock.monotonicMs() * 1000;
  }
}
