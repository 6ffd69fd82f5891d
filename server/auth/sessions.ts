import { randomUUID, timingSafeEqual } from "node:crypto";
import { and, eq, isNull, lt, ne } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { sessions } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { createRefreshToken, nextRefreshToken, parseRefreshToken } from "./refresh-token.ts";

const DAY_MS = 86_400_000;
/** A device that is not used for a week signs in again, and every device once in 30 days. */
export const IDLE_MS = 7 * DAY_MS;
export const ABSOLUTE_MS = 30 * DAY_MS;

/** How often the use of a session is noted, and of how many at most. */
const SEEN_MS = 60_000;
const MAX_SEEN = 10_000;

/** How long a token that was just exchanged is answered again. */
const REPEAT_MS = 30_000;

export type RevokeReason = "logout" | "reuse" | "admin" | "password" | "disabled" | "user";

export interface Device {
  readonly ip: string;
  readonly userAgent: string;
}

export interface OpenSession {
  readonly id: string;
  readonly userId: string;
  readonly refreshToken: string;
  readonly expiresAt: Date;
}

/** Login sessions: one row per device, its refresh token exchanged for a new one at every use. */
export class Sessions {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #macKey: Uint8Array;
  readonly #onRevoked: (sessionIds: readonly string[], reason: RevokeReason) => void;
  readonly #seenMs = new Map<string, number>();

  /** `onRevoked` is told after the database has it. */
  constructor(
    orm: Orm,
    clock: Clock,
    macKey: Uint8Array,
    onRevoked: (sessionIds: readonly string[], reason: RevokeReason) => void,
  ) {
    this.#orm = orm;
    this.#clock = clock;
    this.#macKey = macKey;
    this.#onRevoked = onRevoked;
  }

  /** `methods`: how the user proved who they are. */
  async open(userId: string, device: Device, methods: readonly string[] = ["password"]): Promise<OpenSession> {
    const id = randomUUID();
    const now = toDate(this.#clock.utcMicros());
    const token = createRefreshToken(this.#macKey, id);
    const expiresAt = new Date(now.getTime() + IDLE_MS);
    await this.#orm.delete(sessions).where(lt(sessions.expiresAt, now)); // Keeps the table small; an index makes it cheap.
    await this.#orm.insert(sessions).values({
      id,
      userId,
      refreshHash: token.hash,
      createdAt: now,
      lastActivityAt: now,
      expiresAt,
      device: device.userAgent.slice(0, 200),
      ip: device.ip,
      authMethods: methods.join(" "),
      provedAt: now,
      lastSeenAt: now,
    });
    return { id, userId, refreshToken: token.text, expiresAt };
  }

  /**
   * Exchanges the token. Throws `auth.invalid_refresh`; a reused token ends the whole session. The token before the
   * current one is no reuse for 30 s: its answer may have been lost, or a page loaded twice.
   */
  async rotate(refreshToken: string, device: Device): Promise<OpenSession> {
    const presented = parseRefreshToken(this.#macKey, refreshToken);
    if (!presented) throw invalid();
    const { sessionId, rotation } = presented;
    const now = toDate(this.#clock.utcMicros());
    const next = nextRefreshToken(this.#macKey, presented);
    const session = await this.#alive(sessionId, now);
    if (rotation === session.rotation && timingSafeEqual(presented.hash, session.refreshHash)) {
      const limit = session.createdAt.getTime() + ABSOLUTE_MS;
      const expiresAt = new Date(Math.min(now.getTime() + IDLE_MS, limit));
      // The rotation in the condition decides between two that come at once: one of them comes second.
      const updated = await this.#orm
        .update(sessions)
        .set({ refreshHash: next.hash, rotation: rotation + 1, lastActivityAt: now, expiresAt, ip: device.ip })
        .where(and(eq(sessions.id, sessionId), eq(sessions.rotation, rotation), isNull(sessions.revokedAt)))
        .returning({ userId: sessions.userId });
      if (updated[0]) return { id: sessionId, userId: updated[0].userId, refreshToken: next.text, expiresAt };
    }
    const current = await this.#alive(sessionId, now);
    // Its successor is the current token: so this is the one just exchanged, and not merely one with its number.
    const justExchanged = rotation + 1 === current.rotation && timingSafeEqual(next.hash, current.refreshHash);
    if (justExchanged && now.getTime() - current.lastActivityAt.getTime() <= REPEAT_MS) {
      return { id: sessionId, userId: current.userId, refreshToken: next.text, expiresAt: current.expiresAt };
    }
    await this.revoke(sessionId, "reuse");
    throw invalid();
  }

  async #alive(sessionId: string, now: Date): Promise<typeof sessions.$inferSelect> {
    const [session] = await this.#orm.select().from(sessions).where(eq(sessions.id, sessionId));
    if (!session || session.revokedAt !== null || session.expiresAt <= now) throw invalid();
    return session;
  }

  /** The session that a refresh token belongs to, good or not; undefined when it was never ours. */
  sessionOf(refreshToken: string): string | undefined {
    return parseRefreshToken(this.#macKey, refreshToken)?.sessionId;
  }

  async revoke(sessionId: string, reason: RevokeReason): Promise<void> {
    await this.#revoke(and(eq(sessions.id, sessionId), isNull(sessions.revokedAt)), reason);
  }

  /** Ends every session of the user, except one when the user keeps the device in hand. Answers how many. */
  async revokeUser(userId: string, reason: RevokeReason, exceptSessionId?: string): Promise<number> {
    const others = exceptSessionId === undefined ? undefined : ne(sessions.id, exceptSessionId);
    return this.#revoke(and(eq(sessions.userId, userId), isNull(sessions.revokedAt), others), reason);
  }

  /**
   * The session is in use: noted once a minute. Apart from `lastActivityAt`, which tells a token that came twice from one
   * that was stolen. Never rejects: a note that fails costs nobody their request.
   */
  async seen(sessionId: string): Promise<void> {
    if (sessionId.includes(":")) return; // A token's or a display's: these note their use themselves.
    const nowMs = this.#clock.monotonicMs();
    const last = this.#seenMs.get(sessionId);
    if (last !== undefined && nowMs - last < SEEN_MS) return;
    this.#seenMs.delete(sessionId);
    this.#seenMs.set(sessionId, nowMs);
    const [oldest] = this.#seenMs.size > MAX_SEEN ? this.#seenMs.keys() : [];
    if (oldest !== undefined) this.#seenMs.delete(oldest);
    await this.#orm
      .update(sessions)
      .set({ lastSeenAt: toDate(this.#clock.utcMicros()) })
      .where(eq(sessions.id, sessionId))
      .catch(() => undefined);
  }

  async #revoke(condition: ReturnType<typeof and>, reason: RevokeReason): Promise<number> {
    const revoked = await this.#orm
      .update(sessions)
      .set({ revokedAt: toDate(this.#clock.utcMicros()), revokedReason: reason })
      .where(condition)
      .returning({ id: sessions.id });
    if (revoked.length > 0)
      this.#onRevoked(
        revoked.map((row) => row.id),
        reason,
      );
    return revoked.length;
  }
}

function invalid(): FluxError {
  return new FluxError("auth.invalid_refresh", "sign in again");
}
