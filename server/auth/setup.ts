import { createHash, randomBytes, randomUUID } from "node:crypto";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { ADMINISTRATOR } from "../access/builtin-roles.ts";
import type { Transaction } from "../access/grant-rows.ts";
import type { Orm } from "../db/database.ts";
import { roleGrants, setupTokens, users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { PasswordPolicy } from "../identity/password-policy.ts";
import type { PasswordHasher } from "./password.ts";
import { usernameKey } from "./username.ts";

const SETUP_LOCK = 1_179_011_663;
const LINK_VALID_MS = 24 * 3_600_000;

export interface FirstAdministrator {
  readonly username: string;
  readonly password: string;
  readonly language?: "en" | "ko" | undefined;
}

/** The first administrator: by a one-time link, or by a password from the environment. There is no default password. */
export class Setup {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #hasher: PasswordHasher;
  readonly #policy: Pick<PasswordPolicy, "check">;
  #done = false;

  constructor(orm: Orm, clock: Clock, hasher: PasswordHasher, policy: Pick<PasswordPolicy, "check">) {
    this.#orm = orm;
    this.#clock = clock;
    this.#hasher = hasher;
    this.#policy = policy;
  }

  /** True while there is no user at all. */
  async required(): Promise<boolean> {
    if (this.#done) return false;
    const [user] = await this.#orm.select({ id: users.id }).from(users).limit(1);
    this.#done = user !== undefined;
    return !this.#done;
  }

  /** A fresh token for `/setup?token=...`; earlier ones stop working. Undefined when set-up is done. */
  async createToken(): Promise<string | undefined> {
    if (!(await this.required())) return undefined;
    const token = randomBytes(32).toString("base64url");
    const now = toDate(this.#clock.utcMicros());
    const expiresAt = new Date(now.getTime() + LINK_VALID_MS);
    await this.#orm.transaction(async (transaction) => {
      await transaction.delete(setupTokens).where(isNull(setupTokens.usedAt));
      await transaction.insert(setupTokens).values({ tokenHash: hashOf(token), createdAt: now, expiresAt });
    });
    return token;
  }

  /** Creates the administrator and uses the token up, both or neither. Throws `auth.bad_setup_token`, `auth.password_*`. */
  async redeem(token: string, administrator: FirstAdministrator): Promise<string> {
    const now = toDate(this.#clock.utcMicros());
    const good = and(
      eq(setupTokens.tokenHash, hashOf(token)),
      isNull(setupTokens.usedAt),
      gt(setupTokens.expiresAt, now),
    );
    // Looked at first, so that only who holds the token can make the server compute a password hash.
    const [known] = await this.#orm.select({ at: setupTokens.createdAt }).from(setupTokens).where(good);
    if (!known) throw badToken();
    await this.#policy.check(administrator.password, { username: administrator.username });
    const passwordHash = await this.#hasher.hash(administrator.password);
    return this.#orm.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(${SETUP_LOCK})`);
      const used = await transaction.update(setupTokens).set({ usedAt: now }).where(good).returning();
      const [user] = await transaction.select({ id: users.id }).from(users).limit(1);
      if (used.length !== 1 || user) throw badToken();
      const id = randomUUID();
      await insertAdministrator(transaction, row(id, administrator, passwordHash, now));
      return id;
    });
  }

  /** FLUXVISION_ADMIN_PASSWORD, which whoever runs the server answers for: creates `admin` on an empty database. False when there are users already. */
  async createAdmin(password: string): Promise<boolean> {
    if (!(await this.required())) return false;
    const passwordHash = await this.#hasher.hash(password);
    const now = toDate(this.#clock.utcMicros());
    return this.#orm.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(${SETUP_LOCK})`);
      const [user] = await transaction.select({ id: users.id }).from(users).limit(1);
      if (user) return false;
      await insertAdministrator(transaction, row(randomUUID(), { username: "admin", password }, passwordHash, now));
      return true;
    });
  }
}

async function insertAdministrator(transaction: Transaction, user: typeof users.$inferInsert): Promise<void> {
  await transaction.insert(users).values(user);
  const grant = { userId: user.id, roleId: ADMINISTRATOR, scope: "system", createdAt: user.createdAt } as const;
  await transaction.insert(roleGrants).values({ id: randomUUID(), ...grant });
}

function row(id: string, of: FirstAdministrator, passwordHash: string, now: Date): typeof users.$inferInsert {
  return {
    id,
    username: of.username,
    usernameKey: usernameKey(of.username),
    displayName: of.username,
    passwordHash,
    language: of.language ?? "en",
    createdAt: now,
    updatedAt: now,
  };
}

function hashOf(token: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(token).digest());
}

function badToken(): FluxError {
  return new FluxError(
    "auth.bad_setup_token",
    "this set-up link is not valid any more; restart the server for a new one",
  );
}
