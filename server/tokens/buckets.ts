import type { Clock } from "../../shared/lib/clock.ts";
import { RateLimited } from "../auth/rate-limit.ts";

interface Bucket {
  left: number;
  atMs: number;
}

const MAX_BUCKETS = 10_000;

/** Token buckets by key: `perMinute` on average, and a tenth of it (at least 10) at once. */
export class Buckets {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws `RateLimited`, with the time until the next one is free. */
  take(key: string, perMinute: number): void {
    const bucket = this.#filled(key, perMinute);
    if (bucket.left < 1) throw new RateLimited(Math.ceil(((1 - bucket.left) * 60_000) / perMinute));
    bucket.left--;
  }

  /** Whether one could be taken, without taking it. Throws `RateLimited`. */
  look(key: string, perMinute: number): void {
    const bucket = this.#filled(key, perMinute);
    if (bucket.left < 1) throw new RateLimited(Math.ceil(((1 - bucket.left) * 60_000) / perMinute));
  }

  #filled(key: string, perMinute: number): Bucket {
    const now = this.#clock.monotonicMs();
    const burst = Math.max(10, Math.ceil(perMinute / 10));
    const bucket = this.#buckets.get(key) ?? { left: burst, atMs: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.atMs) * perMinute) / 60_000);
    bucket.atMs = now;
    // The map's order is that of the last use: the first one has been full for longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
