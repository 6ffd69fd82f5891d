import { eq } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { sessions } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

/** How long a proof counts, unless an action wants a fresher one. */
export const RECENT_MS = 10 * 60_000;

/** Whose request it is. */
export interface Asker {
  readonly userId: string;
  readonly sessionId: string;
}

export interface RecentAuthParts {
  readonly orm: Orm;
  readonly clock: Clock;
  /** Throws `auth.wrong_password`, `auth.rate_limited`. */
  readonly confirmPassword: (userId: string, password: string, field: string) => Promise<void>;
}

/**
 * Proof that it is still the user who sits there, before what cannot be undone or gives something away. A stolen access
 * token or an unlocked desk is not enough for these. Programs (API tokens, devices) have no session and never pass.
 */
export class RecentAuth {
  readonly #parts: RecentAuthParts;

  constructor(parts: RecentAuthParts) {
    this.#parts = parts;
  }

  /** Throws `auth.reauth_required` when the last proof in this session is older than `maxAgeMs`. */
  async require({ sessionId }: Asker, { maxAgeMs = RECENT_MS }: { maxAgeMs?: number } = {}): Promise<void> {
    const { orm, clock } = this.#parts;
    const uuid = /^[0-9a-f-]{36}$/.test(sessionId);
    const [row] = uuid ? await orm.select().from(sessions).where(eq(sessions.id, sessionId)) : [];
    const proved = row?.provedAt ?? row?.createdAt;
    const age = proved === undefined ? Number.POSITIVE_INFINITY : clock.utcMicros() / 1000 - proved.getTime();
    if (age > maxAgeMs) {
      throw new FluxError("auth.reauth_required", "confirm that it is you: sign in once more");
    }
  }

  /** A password that came along with the request, which is checked, or else a recent proof. `field` names it in errors. */
  async confirm(asker: Asker, password: string | undefined, field = "password"): Promise<void> {
    if (password === undefined) return this.require(asker);
    await this.#parts.confirmPassword(asker.userId, password, field);
    await this.proved(asker.sessionId);
  }

  /** The user has just proved who they are. Answers until when it counts. */
  async proved(sessionId: string): Promise<Date> {
    const now = toDate(this.#parts.clock.utcMicros());
    await this.#parts.orm.update(sessions).set({ provedAt: now }).where(eq(sessions.id, sessionId));
    return new Date(now.getTime() + RECENT_MS);
  }
}
