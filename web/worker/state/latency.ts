/** Share of the newest sample: settles within about ten pictures. */
const WEIGHT = 0.1;

/** Moving average of a tile's camera-to-screen delay. */
export class LatencyMeter {
  #average: number | undefined;

  add(latencyMs: number): void {
    this.#average = this.#average === undefined ? latencyMs : this.#average + (latencyMs - this.#average) * WEIGHT;
  }

  get ms(): number | undefined {
    return this.#average;
  }
}

/** 95th percentile by nearest rank; undefined without samples. */
export function percentile95(samples: readonly number[]): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)];
}
