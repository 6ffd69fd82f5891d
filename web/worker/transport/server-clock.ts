interface Sample {
  readonly atMs: number;
  readonly rttMs: number;
  readonly offsetMicros: number;
}

const SAMPLES = 16;
/** Clocks drift: a sample that was good an hour ago says nothing today. */
const MAX_AGE_MS = 120_000;

/**
 * How far the server's clock is ahead of ours. Of the recent round trips the shortest is believed: its halves differ
 * least. Pure.
 */
export class ServerClock {
  #samples: Sample[] = [];

  /** `sentMs` and `receivedMs` on a monotonic clock; `localMicros` is our UTC on receipt. */
  add(sentMs: number, receivedMs: number, localMicros: number, serverMicros: number): void {
    const rttMs = receivedMs - sentMs;
    if (!(rttMs >= 0) || !Number.isFinite(serverMicros)) return;
    const offsetMicros = serverMicros + (rttMs * 1000) / 2 - localMicros;
    this.#samples = this.#samples.filter((sample) => receivedMs - sample.atMs <= MAX_AGE_MS).slice(-(SAMPLES - 1));
    this.#samples.push({ atMs: receivedMs, rttMs, offsetMicros });
  }

  /** Server minus local, µs; undefined before the first round trip. */
  get offsetMicros(): number | undefined {
    return this.#best()?.offsetMicros;
  }

  get rttMs(): number | undefined {
    return this.#best()?.rttMs;
  }

  #best(): Sample | undefined {
    let best: Sample | undefined;
    for (const sample of this.#samples) if (!best || sample.rttMs < best.rttMs) best = sample;
    return best;
  }
}
