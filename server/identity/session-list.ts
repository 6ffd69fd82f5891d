import { and, desc, eq, gt, isNull } from "drizzle-orm";
import type { SessionInfo } from "../../shared/api/identity.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Sessions } from "../auth/sessions.ts";
import type { Orm } from "../db/database.ts";
import { sessions, users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

const MAX_LISTED = 1000;

/** Who is signed in where, and the way to end it. Whatever ends here ends its live pictures and playback too. */
export class SessionList {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #sessions: Sessions;

  constructor(orm: Orm, clock: Clock, auth: Sessions) {
    this.#orm = orm;
    this.#clock = clock;
    this.#sessions = auth;
  }

  /** Of one user, or of all; the most recently used first. `currentId` is marked. */
  async list(currentId: string, userId?: string): Promise<SessionInfo[]> {
    const now = toDate(this.#clock.utcMicros());
    const rows = await this.#orm
      .select({ session: sessions, username: users.username })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(
        and(
          isNull(sessions.revokedAt),
          gt(sessions.expiresAt, now),
          userId === undefined ? undefined : eq(sessions.userId, userId),
        ),
      )
      .orderBy(desc(sessions.lastActivityAt))
      .limit(MAX_LISTED);
    return rows
      .map(({ session, username }) => ({
        id: session.id,
        userId: session.userId,
        username,
        device: session.device,
        ip: session.ip,
        methods: session.authMethods.split(" "),
        createdAt: session.createdAt.toISOString(),
        lastSeenAt: latest(session.lastActivityAt, session.lastSeenAt).toISOString(),
        expiresAt: session.expiresAt.toISOString(),
        current: session.id === currentId,
      }))
      .sort((a, b) => b.lastSeenAt.localeCompare(a.lastSeenAt));
  }

  /** Whose it is. Throws `session.not_found`. */
  async ownerOf(id: string): Promise<string> {
    const [row] = await this.#orm
      .select({ userId: sessions.userId })
      .from(sessions)
      .where(and(eq(sessions.id, id), isNull(sessions.revokedAt)));
    if (!row) throw new FluxError("session.not_found", "there is no such session");
    return row.userId;
  }

  /** `ownerId`: only a session of that user, by that user. Throws `session.not_found`. */
  async end(id: string, ownerId?: string): Promise<void> {
    const owner = await this.ownerOf(id);
    if (ownerId !== undefined && owner !== ownerId) {
      throw new FluxError("session.not_found", "there is no such session");
    }
    await this.#sessions.revoke(id, ownerId === undefined ? "admin" : "user");
  }

  /** All sessions of the user but `exceptId`. Answers how many. */
  async endAll(userId: string, by: "admin" | "user", exceptId?: string): Promise<number> {
    return this.#sessions.revokeUser(userId, by, exceptId);
  }
}

function latest(a: Date, b: Date | null): Date {
  return b !== null && b > a ? b : a;
}
