import { randomBytes } from "node:crypto";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Principal } from "../auth/policy.ts";

interface Ticket {
  readonly principal: Principal;
  readonly jobId: string;
  readonly untilMicros: number;
}

/** A browser's download begins soon, and may be taken up again (Range) within the same time. */
const LIFE_MICROS = 5 * 60_000_000;
const MAX_TICKETS = 1000;

/**
 * A browser saves what a link points to and sends no Authorization header with it. A ticket stands for the signed-in
 * caller, for one package and a few minutes; it lives in memory and is no use for anything else.
 */
export class DownloadTickets {
  readonly #clock: Clock;
  readonly #tickets = new Map<string, Ticket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(principal: Principal, jobId: string): string {
    const now = this.#clock.utcMicros();
    for (const [key, { untilMicros }] of this.#tickets) {
      if (untilMicros <= now || this.#tickets.size >= MAX_TICKETS) this.#tickets.delete(key);
    }
    const ticket = randomBytes(32).toString("base64url");
    this.#tickets.set(ticket, { principal, jobId, untilMicros: now + LIFE_MICROS });
    return ticket;
  }

  /** Throws `export.not_found`. */
  redeem(ticket: string): { readonly principal: Principal; readonly jobId: string } {
    const found = this.#tickets.get(ticket);
    if (!found || found.untilMicros <= this.#clock.utcMicros()) {
      throw new FluxError("export.not_found", "this link is not valid any more");
    }
    return found;
  }
}
