import type { Clock } from "../../shared/lib/clock.ts";

export interface RateLimits {
  /** On average. */
  readonly perSecond: number;
  /** At once. */
  readonly burst: number;
  /** Keys that are remembered; the one that was idle longest is forgotten, and begins anew. */
  readonly maxKeys?: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const MAX_KEYS = 20_000;

/** Token buckets by key (an address, a user, a token), in bounded memory. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  readonly #maxKeys: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, { perSecond, burst, maxKeys = MAX_KEYS }: RateLimits) {
    this.#clock = clock;
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** 0: taken. Else the milliseconds after which asking again is worth it; nothing was taken. */
  take(key: string, amount = 1): number {
    const now = this.#clock.monotonicMs();
    const known = this.#buckets.get(key);
    const tokens = known ? Math.min(this.#burst, known.tokens + (now - known.atMs) * this.#perMs) : this.#burst;
    const enough = tokens >= amount;
    // Put in again at the end: the map's order is that of the last use.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: enough ? tokens - amount : tokens, atMs: now });
    if (this.#buckets.size > this.#maxKeys) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return enough ? 0 : Math.max(1, Math.ceil((amount - tokens) / this.#perMs));
  }
}
