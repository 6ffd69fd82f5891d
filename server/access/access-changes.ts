import { and, eq, sql } from "drizzle-orm";
import { FluxError } from "../../shared/lib/errors.ts";
import { can, covers, type Principal } from "../auth/policy.ts";
import type { Orm } from "../db/database.ts";
import { userGroupMembers, users } from "../db/schema/index.ts";
import type { Grant } from "./access.ts";
import { ADMINISTRATOR } from "./builtin-roles.ts";
import { grantsOfUser, type Transaction } from "./grant-rows.ts";

/** Any fixed number: changes of rights run one after the other, on all servers of one database. */
const ACCESS_LOCK = 1_179_011_664;

/** Whose rights a change touched. */
export type Touched = "all" | readonly string[];

export interface AccessChangesParts {
  readonly orm: Orm;
  /** Who somebody is now, read through the transaction. Throws `auth.session_ended`. */
  readonly current: (by: Principal, transaction: Transaction) => Promise<Principal>;
  /** Rights that are remembered must be read again: of these users, or of all. */
  readonly forget: (touched: Touched) => void;
  /** Live and archive connections of these users ask again what they may have; "all": of everyone. */
  readonly notify: (touched: Touched) => void;
}

/**
 * Every change of rights goes through here: one at a time, never without an administrator afterwards, and felt at once by
 * requests, live streams and playback.
 */
export class AccessChanges {
  readonly #parts: AccessChangesParts;

  constructor(parts: AccessChangesParts) {
    this.#parts = parts;
  }

  /**
   * A change that `by` makes. He is looked at again when its turn has come, and `change` is given what he may do by then:
   * what he was when he asked may be long ago (a password hash waits its turn, so does this). Throws as `run`;
   * `auth.session_ended`, `auth.forbidden` where he no longer manages users.
   */
  runFor<T>(
    by: Principal,
    change: (transaction: Transaction, by: Principal) => Promise<{ readonly value: T; readonly touched: Touched }>,
  ): Promise<T> {
    return this.run(async (transaction) => {
      const now = await this.#parts.current(by, transaction);
      if (can(by, "user.manage") && !can(now, "user.manage")) {
        throw new FluxError("auth.forbidden", "not permitted any more");
      }
      return change(transaction, now);
    });
  }

  /** Throws `user.last_admin` and whatever `change` throws; then nothing has changed. */
  async run<T>(
    change: (transaction: Transaction) => Promise<{ readonly value: T; readonly touched: Touched }>,
  ): Promise<T> {
    const { value, touched } = await this.#parts.orm.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(${ACCESS_LOCK})`);
      const before = await hasAdministrator(transaction);
      const result = await change(transaction);
      if (before && !(await hasAdministrator(transaction))) {
        throw new FluxError("user.last_admin", "the last administrator must stay", { field: "role" });
      }
      return result;
    });
    this.felt(touched);
    return value;
  }

  /** Rights changed by other means than grants: a camera moved, an account was closed. */
  felt(touched: Touched): void {
    this.#parts.forget(touched);
    this.#parts.notify(touched);
  }
}

/** Throws `access.escalation`, naming what `by` does not hold himself. */
export function requireCovered(by: Principal, grants: Iterable<Grant>, field?: string): void {
  for (const grant of grants) {
    if (!covers(by, grant)) {
      const options = field === undefined ? {} : { field };
      throw new FluxError("access.escalation", "nobody gives, takes or changes rights that he does not hold", options);
    }
  }
}

/**
 * Before an account is changed in a way that lets one act for it (password, second factor, sessions) or takes its rights:
 * whoever does so must hold all that it holds. Throws `access.escalation`.
 */
export async function requireCovers(orm: Orm | Transaction, by: Principal, userId: string): Promise<void> {
  if (by.userId === userId && by.limit === undefined) return;
  requireCovered(by, await grantsOfUser(orm, userId));
}

export async function membersOf(orm: Orm | Transaction, groupId: string): Promise<string[]> {
  const rows = await orm
    .selectDistinct({ userId: userGroupMembers.userId })
    .from(userGroupMembers)
    .where(eq(userGroupMembers.groupId, groupId));
  return rows.map(({ userId }) => userId);
}

/** Whether somebody who can sign in administers the whole system, by a grant of his own or through a group. */
async function hasAdministrator(transaction: Transaction): Promise<boolean> {
  const administers = sql`exists (
    select 1 from role_grants g
    where g.role_id = ${ADMINISTRATOR} and g.scope = 'system' and (
      g.user_id = ${users.id}
      or g.group_id in (select m.group_id from user_group_members m where m.user_id = ${users.id})
    ))`;
  const [found] = await transaction
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.enabled, true), administers))
    .limit(1);
  return found !== undefined;
}
