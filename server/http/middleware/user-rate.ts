import type { Clock } from "../../../shared/lib/clock.ts";
import { RateLimited } from "../../auth/rate-limit.ts";
import { RateLimiter } from "../../net/rate-limiter.ts";

/** A wall of many tiles asks for some hundred thumbnails at once, and then for few things a second. */
const PER_SECOND = 100;
const BURST = 1000;

/**
 * Bounds what one user asks for, from however many addresses: who has stolen a token, or has a broken script, keeps
 * nobody else waiting. Requests of this machine itself (`local`, as the front says) do not count; an
 * address of this machine may be a proxy's.
 */
export class UserRate {
  readonly #limiter: RateLimiter;

  constructor(clock: Clock) {
    this.#limiter = new RateLimiter(clock, { perSecond: PER_SECOND, burst: BURST });
  }

  /** Throws `auth.rate_limited`. */
  take(userId: string, local: boolean): void {
    const waitMs = local ? 0 : this.#limiter.take(userId);
    if (waitMs > 0) throw new RateLimited(waitMs);
  }
}
