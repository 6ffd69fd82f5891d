import type { Clock } from "../../shared/lib/clock.ts";
import { LoginLimiter, RateLimited } from "../auth/rate-limit.ts";

const WINDOW_MS = 10 * 60_000;
/** Wrong codes of one account within the window, from devices that were never used with it. */
const MAX_STRANGERS = 20;
const MAX_ACCOUNTS = 10_000;

/**
 * Slows down guessing of six-digit codes, which only somebody who knows the password can do. Devices that the user has
 * signed in with are counted by themselves; all others share a small budget per account, however many addresses they
 * have, because a million codes are not many. Passkeys and recovery codes cannot be guessed and have no such limit.
 */
export class FactorLimiter {
  readonly #clock: Clock;
  readonly #limiter: LoginLimiter;
  readonly #strangers = new Map<string, { count: number; readonly sinceMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#limiter = new LoginLimiter(clock);
  }

  /** Call before the code is looked at. Throws `auth.rate_limited`. */
  attempt(userId: string, ip: string, deviceId: string | undefined): void {
    const waitMs = this.#limiter.waitMs(userId, ip, deviceId);
    if (waitMs > 0) throw new RateLimited(waitMs);
    if (deviceId === undefined) this.#countStranger(userId);
    this.#limiter.attempt(userId, ip, deviceId);
  }

  succeeded(userId: string, ip: string, deviceId: string | undefined): void {
    this.#limiter.succeeded(userId, ip, deviceId);
    const strangers = this.#strangers.get(userId);
    if (deviceId === undefined && strangers) strangers.count--;
  }

  #countStranger(userId: string): void {
    const now = this.#clock.monotonicMs();
    let window = this.#strangers.get(userId);
    if (!window || now - window.sinceMs >= WINDOW_MS) window = { count: 0, sinceMs: now };
    if (window.count >= MAX_STRANGERS) throw new RateLimited(window.sinceMs + WINDOW_MS - now);
    window.count++;
    this.#strangers.delete(userId);
    this.#strangers.set(userId, window);
    const [oldest] = this.#strangers.size > MAX_ACCOUNTS ? this.#strangers.keys() : [];
    if (oldest !== undefined) this.#strangers.delete(oldest);
  }
}
