import type { Clock } from "../../../shared/lib/clock.ts";

const BUCKET_MS = 250;
const BUCKETS = 12;

/** How much there was of something per second, over the last three seconds. */
export class RateMeter {
  readonly #clock: Clock;
  readonly #sums = new Float64Array(BUCKETS);
  readonly #since: number;
  #bucket: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonicMs();
    this.#bucket = Math.floor(this.#since / BUCKET_MS);
  }

  add(amount = 1): void {
    this.#advance();
    const slot = this.#bucket % BUCKETS;
    this.#sums[slot] = (this.#sums[slot] ?? 0) + amount;
  }

  perSecond(): number {
    this.#advance();
    // The bucket in progress is left out, so that the figure does not swing with the moment of asking.
    const current = this.#sums[this.#bucket % BUCKETS] ?? 0;
    const total = this.#sums.reduce((sum, value) => sum + value, 0) - current;
    const wholeBuckets = Math.min(BUCKETS - 1, this.#bucket - Math.floor(this.#since / BUCKET_MS));
    return wholeBuckets <= 0 ? 0 : total / ((wholeBuckets * BUCKET_MS) / 1000);
  }

  #advance(): void {
    const now = Math.floor(this.#clock.monotonicMs() / BUCKET_MS);
    if (now - this.#bucket >= BUCKETS) this.#sums.fill(0);
    else for (let bucket = this.#bucket + 1; bucket <= now; bucket++) this.#sums[bucket % BUCKETS] = 0;
    this.#bucket = Math.max(this.#bucket, now);
  }
}
