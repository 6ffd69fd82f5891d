import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";

interface Bucket {
  failures: number;
  /** Monotonic ms until which attempts are refused. */
  blockedUntilMs: number;
  lastFailureMs: number;
}

/** Failures that cost nothing: people mistype. */
const FREE_FAILURES = 5;
const FREE_FAILURES_PER_ADDRESS = 30;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** After this long without a failure a count starts anew. */
const FORGET_AFTER_MS = 15 * 60_000;
const MAX_BUCKETS = 20_000;

/**
 * Slows down guessing. Counts per user *and* address, so that nobody can lock a user out from elsewhere, and per
 * address, so that one address cannot try many names. Waits double up to a minute; nothing is ever locked for good.
 */
export class LoginLimiter {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until the next attempt is allowed; 0: now. */
  waitMs(usernameKey: string, ip: string): number {
    const now = this.#clock.monotonicMs();
    const until = Math.max(0, ...keys(usernameKey, ip).map((key) => this.#buckets.get(key)?.blockedUntilMs ?? 0));
    return Math.max(0, until - now);
  }

  /** Call before the password is checked: parallel attempts then count too. `succeeded` takes it back. */
  attempt(usernameKey: string, ip: string): void {
    const now = this.#clock.monotonicMs();
    const [pair, address] = keys(usernameKey, ip);
    this.#count(pair, FREE_FAILURES, now);
    this.#count(address, FREE_FAILURES_PER_ADDRESS, now);
  }

  succeeded(usernameKey: string, ip: string): void {
    const [pair, address] = keys(usernameKey, ip);
    this.#buckets.delete(pair);
    const bucket = this.#buckets.get(address);
    if (bucket) {
      bucket.failures = Math.max(0, bucket.failures - 1);
      if (bucket.failures < FREE_FAILURES_PER_ADDRESS) bucket.blockedUntilMs = 0;
    }
  }

  #count(key: string, free: number, now: number): void {
    let bucket = this.#buckets.get(key);
    if (!bucket || now - bucket.lastFailureMs > FORGET_AFTER_MS) {
      bucket = { failures: 0, blockedUntilMs: 0, lastFailureMs: now };
    }
    bucket.failures++;
    bucket.lastFailureMs = now;
    if (bucket.failures >= free) {
      const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(bucket.failures - free, 10), LONGEST_WAIT_MS);
      bucket.blockedUntilMs = now + wait;
    }
    // Re-inserted at the end: the map's order is that of the last failure, so the first is the one to forget.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
  }
}

function keys(usernameKey: string, ip: string): [pair: string, address: string] {
  return [`${ip} ${usernameKey}`, ip];
}

/** Too many failed attempts from there. */
export class RateLimited extends FluxError {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super("auth.rate_limited", `too many attempts, try again in ${Math.ceil(retryAfterMs / 1000)} s`);
    this.retryAfterMs = retryAfterMs;
  }
}
