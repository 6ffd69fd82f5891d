import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { type Millis, millis } from "../../shared/lib/time.ts";
import { addressOwner } from "../net/address-class.ts";

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
/** Failures of one account within 10 minutes, from wherever, after which each attempt is answered later. */
const FREE_FAILURES_PER_ACCOUNT = 20;
const ACCOUNT_WINDOW_MS = 10 * 60_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;

interface AccountFailures {
  count: number;
  sinceMs: number;
}

/**
 * Slows down guessing. Counts per user *and* address, so that nobody can lock a user out from elsewhere, and per
 * address, so that one address cannot try many names. Waits double up to a minute; nothing is ever locked for good.
 * An account that is tried from many addresses answers slowly, and still answers: its owner comes in. A device that the
 * owner has used before is not even slowed down.
 */
export class LoginLimiter {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  readonly #accounts = new Map<string, AccountFailures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until the next attempt is allowed; 0: now. `deviceId`: see `attempt`. */
  waitMs(usernameKey: string, ip: string, deviceId?: string): number {
    const now = this.#clock.monotonicMs();
    const until = Math.max(
      0,
      ...keys(usernameKey, ip, deviceId).map((key = "") => this.#buckets.get(key)?.blockedUntilMs ?? 0),
    );
    return Math.max(0, until - now);
  }

  /**
   * Call before the password is checked: parallel attempts then count too. `succeeded` takes it back. Answers how long
   * to hold this attempt back. `deviceId`: a device of that user's, known from an earlier sign-in. It is counted by
   * itself alone, so whatever others do to the account or from the same address leaves it free.
   */
  attempt(usernameKey: string, ip: string, deviceId?: string): Millis {
    const now = this.#clock.monotonicMs();
    const [pair, address] = keys(usernameKey, ip, deviceId);
    this.#count(pair, FREE_FAILURES, now);
    if (address === undefined) return millis(0);
    this.#count(address, FREE_FAILURES_PER_ADDRESS, now);
    const beyond = this.#countAccount(usernameKey, now) - FREE_FAILURES_PER_ACCOUNT;
    return millis(beyond <= 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** Math.min(beyond - 1, 10), LONGEST_DELAY_MS));
  }

  succeeded(usernameKey: string, ip: string, deviceId?: string): void {
    const [pair, address] = keys(usernameKey, ip, deviceId);
    this.#buckets.delete(pair);
    if (address === undefined) return;
    const account = this.#accounts.get(usernameKey);
    if (account) account.count = Math.max(0, account.count - 1);
    const bucket = this.#buckets.get(address);
    if (bucket) {
      bucket.failures = Math.max(0, bucket.failures - 1);
      if (bucket.failures < FREE_FAILURES_PER_ADDRESS) bucket.blockedUntilMs = 0;
    }
  }

  #countAccount(usernameKey: string, now: number): number {
    let account = this.#accounts.get(usernameKey);
    if (!account || now - account.sinceMs >= ACCOUNT_WINDOW_MS) account = { count: 0, sinceMs: now };
    account.count++;
    this.#accounts.delete(usernameKey);
    this.#accounts.set(usernameKey, account);
    forgetOldest(this.#accounts);
    return account.count;
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
    forgetOldest(this.#buckets);
  }
}

function keys(usernameKey: string, ip: string, deviceId: string | undefined): [pair: string, address?: string] {
  if (deviceId !== undefined) return [`device ${deviceId} ${usernameKey}`];
  const owner = addressOwner(ip);
  return [`${owner} ${usernameKey}`, owner];
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= MAX_BUCKETS) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

/** Too many failed attempts from there. */
export class RateLimited extends FluxError {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super("auth.rate_limited", `too many attempts, try again in ${Math.ceil(retryAfterMs / 1000)} s`);
    this.retryAfterMs = retryAfterMs;
  }
}
