import { and, eq, isNull } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { withPatience } from "../db/deadline.ts";
import { cameraAccess, sessions, users } from "../db/schema/index.ts";
import type { Principal } from "./policy.ts";

/** How long another server's change may stay unseen. Our own changes are seen at once (`forget*`). */
const FRESH_MS = 5_000;
/** While the database is away, people who were seen this recently stay signed in. */
const USABLE_MS = 15 * 60_000;
/** A database that did not answer is not asked again for this long on behalf of people who were seen lately. */
const AWAY_MS = 2_000;
const MAX_CACHED = 5_000;

interface Entry {
  readonly principal: Principal;
  readonly loadedMs: number;
}

/** Who a session belongs to and what that user may see now. Cached for seconds, so that a request costs no query. */
export class Principals {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  /** Counts changes: what was read before a change must not be kept after it. */
  #version = 0;
  #awayUntilMs = Number.NEGATIVE_INFINITY;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  /** Throws `auth.session_ended` when the session is over or its user is disabled; `database.unavailable`. */
  async ofSession(sessionId: string): Promise<Principal> {
    const entry = this.#entries.get(sessionId);
    const nowMs = this.#clock.monotonicMs();
    const ageMs = entry ? nowMs - entry.loadedMs : Number.POSITIVE_INFINITY;
    const goodForMs = nowMs < this.#awayUntilMs ? USABLE_MS : FRESH_MS;
    if (entry && ageMs < goodForMs) return entry.principal;
    const version = this.#version;
    let principal: Principal | undefined;
    try {
      principal = await withPatience(this.#clock, this.#load(sessionId));
    } catch (cause) {
      this.#awayUntilMs = this.#clock.monotonicMs() + AWAY_MS;
      if (entry && ageMs < USABLE_MS && this.#entries.get(sessionId) === entry) return entry.principal;
      throw new FluxError("database.unavailable", "the database does not answer", { cause });
    }
    if (!principal) {
      this.#entries.delete(sessionId);
      throw new FluxError("auth.session_ended", "the session has ended, sign in again");
    }
    if (version === this.#version) this.#remember(sessionId, principal);
    return principal;
  }

  forgetSession(sessionId: string): void {
    this.#version++;
    this.#entries.delete(sessionId);
  }

  forgetUser(userId: string): void {
    this.#version++;
    for (const [sessionId, { principal }] of this.#entries) {
      if (principal.userId === userId) this.#entries.delete(sessionId);
    }
  }

  #remember(sessionId: string, principal: Principal): void {
    this.#entries.delete(sessionId);
    this.#entries.set(sessionId, { principal, loadedMs: this.#clock.monotonicMs() });
    if (this.#entries.size > MAX_CACHED) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }

  async #load(sessionId: string): Promise<Principal | undefined> {
    const rows = await this.#orm
      .select({ userId: users.id, username: users.username, role: users.role, cameraId: cameraAccess.cameraId })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .leftJoin(cameraAccess, eq(cameraAccess.userId, users.id))
      .where(and(eq(sessions.id, sessionId), isNull(sessions.revokedAt), eq(users.enabled, true)));
    const [first] = rows;
    if (!first) return undefined;
    const { userId, username, role } = first;
    const cameraIds = new Set(rows.flatMap((row) => (row.cameraId === null ? [] : [row.cameraId])));
    return { userId, sessionId, username, role, cameraIds };
  }
}
