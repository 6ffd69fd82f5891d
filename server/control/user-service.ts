import { randomUUID } from "node:crypto";
import { and, asc, eq, inArray } from "drizzle-orm";
import type { z } from "zod";
import type { createUserRequest, User, updateUserRequest } from "../../shared/api/schemas.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { PasswordHasher } from "../auth/password.ts";
import type { Principals } from "../auth/principals.ts";
import { LoginLimiter, RateLimited } from "../auth/rate-limit.ts";
import type { Sessions } from "../auth/sessions.ts";
import { usernameKey } from "../auth/username.ts";
import type { Orm } from "../db/database.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { cameraAccess, cameras, users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

export type CreateUser = z.infer<typeof createUserRequest>;
export type UpdateUser = z.infer<typeof updateUserRequest>;
type Transaction = Parameters<Parameters<Orm["transaction"]>[0]>[0];

export interface UserServiceParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
  readonly sessions: Sessions;
  readonly principals: Principals;
  /** Told after a user's rights changed: live connections ask again. */
  readonly onAccessChanged: (userId: string) => void;
}

/** User accounts. Changes hold at once: sessions end, live connections ask again. */
export class UserService {
  readonly #parts: UserServiceParts;
  readonly #limiter: LoginLimiter;

  constructor(parts: UserServiceParts) {
    this.#parts = parts;
    this.#limiter = new LoginLimiter(parts.clock);
  }

  async list(): Promise<User[]> {
    const { orm } = this.#parts;
    const [rows, access] = await Promise.all([
      orm.select().from(users).orderBy(asc(users.usernameKey)),
      orm.select().from(cameraAccess),
    ]);
    const byUser = new Map<string, string[]>();
    for (const { userId, cameraId } of access) byUser.set(userId, [...(byUser.get(userId) ?? []), cameraId]);
    return rows.map((row) => toBody(row, byUser.get(row.id) ?? []));
  }

  /** Throws `user.not_found`. */
  get(id: string): Promise<User> {
    return this.#read(this.#parts.orm, id);
  }

  /** Throws `user.exists`, `user.unknown_camera`. */
  async create(input: CreateUser): Promise<User> {
    const { orm, clock, hasher } = this.#parts;
    const passwordHash = await hasher.hash(input.password);
    const now = toDate(clock.utcMicros());
    const id = randomUUID();
    const row = {
      id,
      username: input.username,
      usernameKey: usernameKey(input.username),
      displayName: input.displayName ?? input.username,
      role: input.role,
      passwordHash,
      language: input.language ?? "en",
      createdAt: now,
      updatedAt: now,
    };
    try {
      return await orm.transaction(async (transaction) => {
        await transaction.insert(users).values(row);
        await assignCameras(transaction, id, input.cameraIds ?? []);
        return this.#read(transaction, id);
      });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new FluxError("user.exists", "there is a user of that name", { cause, field: "username" });
    }
  }

  /**
   * A new password or a disabled account ends the user's sessions (all but `keepSessionId`). Throws `user.not_found`,
   * `user.last_admin`, `user.unknown_camera`.
   */
  async update(id: string, input: UpdateUser, keepSessionId?: string): Promise<User> {
    const { orm, clock, hasher, sessions, principals, onAccessChanged } = this.#parts;
    const { password, cameraIds, ...plain } = input;
    const passwordHash = password === undefined ? undefined : await hasher.hash(password);
    const user = await orm.transaction(async (transaction) => {
      if (plain.enabled === false || (plain.role !== undefined && plain.role !== "admin")) {
        await requireOtherAdmin(transaction, id);
      }
      const set = {
        ...plain,
        ...(passwordHash === undefined ? {} : { passwordHash }),
        updatedAt: toDate(clock.utcMicros()),
      };
      const changed = await transaction.update(users).set(set).where(eq(users.id, id)).returning({ id: users.id });
      if (changed.length === 0) throw notFound();
      if (cameraIds !== undefined) await assignCameras(transaction, id, cameraIds);
      return this.#read(transaction, id);
    });
    principals.forgetUser(id);
    if (plain.enabled === false) await sessions.revokeUser(id, "disabled");
    else if (password !== undefined) await sessions.revokeUser(id, "password", keepSessionId);
    onAccessChanged(id);
    return user;
  }

  /** Throws `user.not_found`, `user.last_admin`. */
  async remove(id: string): Promise<void> {
    const { orm, sessions, principals, onAccessChanged } = this.#parts;
    await this.#read(orm, id);
    await orm.transaction((transaction) => requireOtherAdmin(transaction, id));
    await sessions.revokeUser(id, "admin");
    await orm.transaction(async (transaction) => {
      await requireOtherAdmin(transaction, id);
      await transaction.delete(users).where(eq(users.id, id));
    });
    principals.forgetUser(id);
    onAccessChanged(id);
  }

  /**
   * Own password, with proof of the old one. Slowed down like a log-in: whoever got hold of a session must not find the
   * password with it. Throws `auth.wrong_password`, `auth.rate_limited`.
   */
  async changePassword(id: string, current: string, next: string, sessionId: string): Promise<void> {
    await this.confirmPassword(id, current, "currentPassword");
    await this.update(id, { password: next }, sessionId);
  }

  /**
   * Proof that it is still the user who sits there, before what cannot be undone. `field` is the one named when it fails.
   * Throws `auth.wrong_password`, `auth.rate_limited`.
   */
  async confirmPassword(id: string, password: string, field: string): Promise<void> {
    const waitMs = this.#limiter.waitMs(id, id);
    if (waitMs > 0) throw new RateLimited(waitMs);
    this.#limiter.attempt(id, id);
    const [row] = await this.#parts.orm.select().from(users).where(eq(users.id, id));
    if (!(await this.#parts.hasher.verify(password, row?.passwordHash))) {
      throw new FluxError("auth.wrong_password", "the current password is wrong", { field });
    }
    this.#limiter.succeeded(id, id);
  }

  async #read(orm: Orm | Transaction, id: string): Promise<User> {
    const [row] = await orm.select().from(users).where(eq(users.id, id));
    if (!row) throw notFound();
    const access = await orm.select().from(cameraAccess).where(eq(cameraAccess.userId, id));
    return toBody(
      row,
      access.map(({ cameraId }) => cameraId),
    );
  }
}

function toBody(row: typeof users.$inferSelect, cameraIds: string[]): User {
  const { id, username, displayName, role, enabled, language } = row;
  return {
    id,
    username,
    displayName,
    role,
    enabled,
    language,
    cameraIds: [...cameraIds].sort(),
    createdAt: row.createdAt.toISOString(),
    lastLoginAt: row.lastLoginAt?.toISOString() ?? null,
  };
}

/** Locks the administrators, so that two of them cannot remove each other at the same moment. */
async function requireOtherAdmin(transaction: Transaction, id: string): Promise<void> {
  const admins = await transaction
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, "admin"), eq(users.enabled, true)))
    .orderBy(users.id)
    .for("update");
  if (admins.length === 1 && admins[0]?.id === id) {
    throw new FluxError("user.last_admin", "the last administrator must stay", { field: "role" });
  }
}

async function assignCameras(transaction: Transaction, userId: string, cameraIds: readonly string[]): Promise<void> {
  const wanted = [...new Set(cameraIds)];
  await transaction.delete(cameraAccess).where(eq(cameraAccess.userId, userId));
  if (wanted.length === 0) return;
  const known = await transaction.select({ id: cameras.id }).from(cameras).where(inArray(cameras.id, wanted));
  if (known.length !== wanted.length) {
    throw new FluxError("user.unknown_camera", "names a camera that does not exist", { field: "cameraIds" });
  }
  await transaction.insert(cameraAccess).values(wanted.map((cameraId) => ({ userId, cameraId })));
}

function notFound(): FluxError {
  return new FluxError("user.not_found", "there is no such user");
}
