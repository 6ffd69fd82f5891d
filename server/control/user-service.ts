import { randomUUID } from "node:crypto";
import { asc, eq } from "drizzle-orm";
import type { z } from "zod";
import type { GrantBody } from "../../shared/api/access.ts";
import type { createUserRequest, User, updateUserRequest } from "../../shared/api/schemas.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { compileAccess, type Places } from "../access/access.ts";
import { type AccessChanges, requireCovers } from "../access/access-changes.ts";
import type { Transaction } from "../access/grant-rows.ts";
import { replaceGrants } from "../access/grant-service.ts";
import { grantsOfRole, roleWord, viewedCameras, withCameras } from "../access/role-shorthand.ts";
import { NO_RIGHTS, rightsOfUsers, type UserRights } from "../access/user-rights.ts";
import type { PasswordHasher } from "../auth/password.ts";
import type { Principal } from "../auth/policy.ts";
import { LoginLimiter, RateLimited } from "../auth/rate-limit.ts";
import type { Sessions } from "../auth/sessions.ts";
import { usernameKey } from "../auth/username.ts";
import type { Orm } from "../db/database.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

export type CreateUser = z.infer<typeof createUserRequest>;
export type UpdateUser = z.infer<typeof updateUserRequest>;

export interface UserServiceParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
  readonly sessions: Sessions;
  readonly places: Places;
  readonly changes: AccessChanges;
  /** Throws `auth.password_*` for one that is too weak; left out: only the schema's limits hold. */
  readonly passwordPolicy?: {
    check(password: string, who: { readonly username: string; readonly displayName?: string }): Promise<void>;
  };
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
    const [rows, rights] = await Promise.all([
      orm.select().from(users).orderBy(asc(users.usernameKey)),
      rightsOfUsers(orm),
    ]);
    return rows.map((row) => this.#body(row, rights.get(row.id) ?? NO_RIGHTS));
  }

  /** With what the user may do. Throws `user.not_found`. */
  get(id: string): Promise<User> {
    return this.#read(this.#parts.orm, id);
  }

  /** `asking` must hold what the user is to hold. Throws `user.exists`, `user.unknown_camera`, `access.*`, `auth.password_*`. */
  async create(asking: Principal, input: CreateUser): Promise<User> {
    const { clock, hasher, passwordPolicy, changes } = this.#parts;
    const displayName = input.displayName ?? input.username;
    await passwordPolicy?.check(input.password, { username: input.username, displayName });
    const passwordHash = await hasher.hash(input.password);
    const now = toDate(clock.utcMicros());
    const id = randomUUID();
    const row = {
      id,
      username: input.username,
      usernameKey: usernameKey(input.username),
      displayName,
      passwordHash,
      passwordChangeRequired: input.mustChangePassword ?? false,
      language: input.language ?? "en",
      createdAt: now,
      updatedAt: now,
    };
    const wanted = input.grants ?? grantsOfRole(input.role ?? "viewer", input.cameraIds);
    try {
      return await changes.runFor(asking, async (transaction, by) => {
        await transaction.insert(users).values(row);
        await this.#grant(transaction, by, id, wanted, input.grants === undefined);
        return { value: await this.#read(transaction, id), touched: [] };
      });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new FluxError("user.exists", "there is a user of that name", { cause, field: "username" });
    }
  }

  /**
   * A new password or a disabled account ends the user's sessions (all but `keepSessionId`). `asking` must hold all that the
   * user holds: a password is as good as the rights behind it. Throws `user.not_found`, `user.last_admin`,
   * `user.unknown_camera`, `access.escalation`, `auth.password_*`.
   */
  async update(asking: Principal, id: string, input: UpdateUser, keepSessionId?: string): Promise<User> {
    const { clock, hasher, sessions, passwordPolicy, changes, orm } = this.#parts;
    const { password, mustChangePassword = false, cameraIds, role, ...plain } = input;
    const { username, displayName } = await this.#read(orm, id);
    await requireCovers(orm, asking, id);
    if (password !== undefined) await passwordPolicy?.check(password, { username, displayName });
    const passwordHash = password === undefined ? undefined : await hasher.hash(password);
    const user = await changes.runFor(asking, async (transaction, by) => {
      const before = await this.#read(transaction, id);
      await requireCovers(transaction, by, id);
      const set = {
        ...plain,
        ...(passwordHash === undefined ? {} : { passwordHash, passwordChangeRequired: mustChangePassword }),
        updatedAt: toDate(clock.utcMicros()),
      };
      await transaction.update(users).set(set).where(eq(users.id, id));
      const wanted = wantedGrants(before, role, cameraIds);
      if (wanted !== undefined) await this.#grant(transaction, by, id, wanted, true);
      return { value: await this.#read(transaction, id), touched: [id] };
    });
    if (plain.enabled === false) await sessions.revokeUser(id, "disabled");
    else if (password !== undefined) await sessions.revokeUser(id, "password", keepSessionId);
    return user;
  }

  /** Throws `user.not_found`, `user.last_admin`, `access.escalation`. */
  async remove(asking: Principal, id: string): Promise<User> {
    const { sessions, changes } = this.#parts;
    const user = await changes.runFor(asking, async (transaction, by) => {
      const value = await this.#read(transaction, id);
      await requireCovers(transaction, by, id);
      // Nobody acts for the account from here on, whatever happens before its row is gone.
      await transaction.update(users).set({ enabled: false }).where(eq(users.id, id));
      return { value, touched: [id] };
    });
    await sessions.revokeUser(id, "admin");
    return changes.run(async (transaction) => {
      await transaction.delete(users).where(eq(users.id, id));
      return { value: user, touched: [id] };
    });
  }

  /**
   * Own password, with proof of the old one. Slowed down like a log-in: whoever got hold of a session must not find the
   * password with it. Throws `auth.wrong_password`, `auth.rate_limited`.
   */
  async changePassword(by: Principal, current: string, next: string): Promise<void> {
    await this.confirmPassword(by.userId, current, "currentPassword");
    await this.update(by, by.userId, { password: next }, by.sessionId);
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

  async #grant(
    transaction: Transaction,
    by: Principal,
    userId: string,
    wanted: readonly GrantBody[],
    shorthand: boolean,
  ): Promise<void> {
    try {
      await replaceGrants(transaction, this.#parts.clock, by, { userId }, wanted);
    } catch (cause) {
      const code = errorCode(cause);
      if (!shorthand || !(cause instanceof FluxError)) throw cause;
      // In the words of the request: it said `role` and `cameraIds`, not grants.
      if (code === "access.unknown_camera") {
        throw new FluxError("user.unknown_camera", cause.message, { cause, field: "cameraIds" });
      }
      if (code === "access.escalation") throw new FluxError(code, cause.message, { cause, field: "role" });
      throw cause;
    }
  }

  async #read(orm: Orm | Transaction, id: string): Promise<User> {
    const [row] = await orm.select().from(users).where(eq(users.id, id));
    if (!row) throw new FluxError("user.not_found", "there is no such user");
    return this.#body(row, (await rightsOfUsers(orm, id)).get(id) ?? NO_RIGHTS);
  }

  #body(row: typeof users.$inferSelect, { direct, groups, all }: UserRights): User {
    const { id, username, displayName, enabled, language } = row;
    const grants = direct.map(({ roleId, scope }) => ({ roleId, scope }));
    return {
      id,
      username,
      displayName,
      role: roleWord(all),
      enabled,
      language,
      cameraIds: viewedCameras(direct),
      grants,
      groups: [...groups],
      permissions: [...compileAccess(all, this.#parts.places).anywhere],
      createdAt: row.createdAt.toISOString(),
      lastLoginAt: row.lastLoginAt?.toISOString() ?? null,
    };
  }
}

/** The grants that `role` and `cameraIds` of a change stand for; undefined: they say nothing new. */
function wantedGrants(
  before: User,
  role: UpdateUser["role"],
  cameraIds: readonly string[] | undefined,
): GrantBody[] | undefined {
  if (role !== undefined && role !== before.role) return grantsOfRole(role, cameraIds ?? before.cameraIds);
  return cameraIds === undefined ? undefined : withCameras(before.grants ?? [], cameraIds);
}
