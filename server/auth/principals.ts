import { and, eq, isNull } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { compileAccess, type Places } from "../access/access.ts";
import { grantColumns, heldBy, type Transaction, toGrant } from "../access/grant-rows.ts";
import type { Orm } from "../db/database.ts";
import { withPatience } from "../db/deadline.ts";
import { roleGrants, roles, sessions, users } from "../db/schema/index.ts";
import type { Principal, PrincipalLimit } from "./policy.ts";

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

/** Whom an id that is no session's stands for: a user's rights, narrowed. Undefined: nobody any more. */
export type PrincipalSource = (
  id: string,
  orm: Orm | Transaction,
) => Promise<{ readonly userId: string; readonly limit: PrincipalLimit } | undefined>;

/** Who a session belongs to and what that user may do now. Cached for seconds, so that a request costs no query. */
export class Principals {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #entries = new Map<string, Entry>();
  readonly #sources = new Map<string, PrincipalSource>();
  /** Counts changes: what was read before a change must not be kept after it. */
  #version = 0;
  #awayUntilMs = Number.NEGATIVE_INFINITY;

  constructor(orm: Orm, clock: Clock, places: Places) {
    this.#orm = orm;
    this.#clock = clock;
    this.#places = places;
  }

  /** Ids that begin with `prefix` (`token:`) are resolved by `source`: tokens and devices act for a user. */
  addSource(prefix: string, source: PrincipalSource): void {
    this.#sources.set(prefix, source);
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
      principal = await withPatience(this.#clock, this.#load(sessionId, this.#orm));
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

  /**
   * Who is asking as of now, past what is remembered: before something is decided that had to wait. Read through `orm`, so
   * that a transaction sees what holds within it. The server itself, which has no session, stays who it is. Throws
   * `auth.session_ended`.
   */
  async current(by: Principal, orm: Orm | Transaction = this.#orm): Promise<Principal> {
    if (by.sessionId === "") return by;
    const now = await this.#load(by.sessionId, orm);
    if (now?.userId !== by.userId) {
      throw new FluxError("auth.session_ended", "the session has ended, sign in again");
    }
    return now;
  }

  /** What a user may do now, signed in or not: for work that goes on without them. Undefined: gone or disabled. */
  ofUser(userId: string): Promise<Principal | undefined> {
    return this.#ofUser(userId, "", this.#orm);
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

  /** A role or a group changed: nobody's rights are known any more. */
  forgetAll(): void {
    this.#version++;
    this.#entries.clear();
  }

  #remember(sessionId: string, principal: Principal): void {
    this.#entries.delete(sessionId);
    this.#entries.set(sessionId, { principal, loadedMs: this.#clock.monotonicMs() });
    if (this.#entries.size > MAX_CACHED) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }

  async #load(id: string, orm: Orm | Transaction): Promise<Principal | undefined> {
    for (const [prefix, source] of this.#sources) if (id.startsWith(prefix)) return this.#loadFrom(source, id, orm);
    const rows = await orm
      .select({ userId: users.id, username: users.username, grant: grantColumns })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .leftJoin(roleGrants, heldBy(users.id))
      .leftJoin(roles, eq(roles.id, roleGrants.roleId))
      .where(and(eq(sessions.id, id), isNull(sessions.revokedAt), eq(users.enabled, true)));
    return this.#principal(rows, id);
  }

  async #loadFrom(source: PrincipalSource, id: string, orm: Orm | Transaction): Promise<Principal | undefined> {
    const found = await source(id, orm);
    return found && this.#ofUser(found.userId, id, orm, found.limit);
  }

  async #ofUser(
    userId: string,
    sessionId: string,
    orm: Orm | Transaction,
    limit?: PrincipalLimit,
  ): Promise<Principal | undefined> {
    const rows = await orm
      .select({ userId: users.id, username: users.username, grant: grantColumns })
      .from(users)
      .leftJoin(roleGrants, heldBy(users.id))
      .leftJoin(roles, eq(roles.id, roleGrants.roleId))
      .where(and(eq(users.id, userId), eq(users.enabled, true)));
    return this.#principal(rows, sessionId, limit);
  }

  #principal(rows: readonly Row[], sessionId: string, limit?: PrincipalLimit): Principal | undefined {
    const [first] = rows;
    if (!first) return undefined;
    const grants = rows.flatMap(({ grant }) => (grant === null ? [] : (toGrant(grant) ?? [])));
    const { userId, username } = first;
    const access = compileAccess(grants, this.#places);
    return { userId, sessionId, username, access, ...(limit === undefined ? {} : { limit }) };
  }
}

interface Row {
  readonly userId: string;
  readonly username: string;
  readonly grant: Parameters<typeof toGrant>[0] | null;
}
