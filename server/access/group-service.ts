import { randomUUID } from "node:crypto";
import { and, asc, eq, inArray } from "drizzle-orm";
import type { z } from "zod";
import type { groupBody, UserGroup } from "../../shared/api/access.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Principal } from "../auth/policy.ts";
import { usernameKey } from "../auth/username.ts";
import type { Orm } from "../db/database.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { oidcProviders, userGroupMembers, userGroups, users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { type AccessChanges, membersOf, requireCovered } from "./access-changes.ts";
import { grantsOfHolder, type Transaction } from "./grant-rows.ts";

export type GroupInput = z.infer<typeof groupBody>;

const BY_HAND = "manual";
const MAX_GROUPS = 1000;

/** Groups of users: what is granted to a group, its members hold. */
export class GroupService {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #changes: AccessChanges;

  constructor(orm: Orm, clock: Clock, changes: AccessChanges) {
    this.#orm = orm;
    this.#clock = clock;
    this.#changes = changes;
  }

  async list(): Promise<UserGroup[]> {
    const rows = await this.#orm.select().from(userGroups).orderBy(asc(userGroups.nameKey));
    const rules = await mappingRules(this.#orm);
    return Promise.all(rows.map((row) => this.#body(this.#orm, row, rules)));
  }

  /** Throws `group.not_found`. */
  async get(id: string): Promise<UserGroup> {
    return this.#body(this.#orm, await this.#require(this.#orm, id));
  }

  /** `id`: of a group that is brought back. Throws `group.exists`, `group.too_many`. */
  async create(input: GroupInput, id: string = randomUUID()): Promise<UserGroup> {
    if ((await this.#orm.$count(userGroups)) >= MAX_GROUPS) {
      throw new FluxError("group.too_many", `there may be ${MAX_GROUPS} groups`);
    }
    const now = toDate(this.#clock.utcMicros());
    const row = { id, ...columns(input), createdAt: now, updatedAt: now };
    await unique(() => this.#orm.insert(userGroups).values(row));
    return this.#body(this.#orm, row);
  }

  /** Name and description. Throws `group.not_found`, `group.exists`. */
  async update(id: string, input: GroupInput): Promise<UserGroup> {
    const set = { ...columns(input), updatedAt: toDate(this.#clock.utcMicros()) };
    await unique(() => this.#orm.update(userGroups).set(set).where(eq(userGroups.id, id)));
    return this.get(id);
  }

  /** Takes its grants from all members. Throws `group.not_found`, `access.escalation`, `user.last_admin`. */
  async remove(asking: Principal, id: string): Promise<UserGroup> {
    return this.#changes.runFor(asking, async (transaction, by) => {
      const value = await this.#body(transaction, await this.#require(transaction, id));
      await this.requireCovers(by, id, transaction);
      const touched = await membersOf(transaction, id);
      await transaction.delete(userGroups).where(eq(userGroups.id, id));
      await forgetInRules(transaction, id);
      return { value, touched };
    });
  }

  /**
   * Who is in it by hand. Adding and removing gives and takes the group's rights, which `asking` must hold.
   * Throws `group.not_found`, `group.unknown_user`, `access.escalation`, `user.last_admin`.
   */
  async setMembers(asking: Principal, id: string, userIds: readonly string[]): Promise<UserGroup> {
    const wanted = [...new Set(userIds)];
    return this.#changes.runFor(asking, async (transaction, by) => {
      const row = await this.#require(transaction, id);
      await this.requireCovers(by, id, transaction);
      const before = await membersOf(transaction, id);
      if (wanted.length > 0) {
        const known = await transaction.select({ id: users.id }).from(users).where(inArray(users.id, wanted));
        if (known.length !== wanted.length) {
          throw new FluxError("group.unknown_user", "names a user that does not exist", { field: "userIds" });
        }
      }
      const byHand = and(eq(userGroupMembers.groupId, id), eq(userGroupMembers.source, BY_HAND));
      await transaction.delete(userGroupMembers).where(byHand);
      if (wanted.length > 0) {
        const rows = wanted.map((userId) => ({ groupId: id, userId, source: BY_HAND }));
        await transaction.insert(userGroupMembers).values(rows);
      }
      const touched = [...new Set([...before, ...wanted])];
      return { value: await this.#body(transaction, row), touched };
    });
  }

  /**
   * What a provider of identities says about a user, at every sign-in: adds and removes only memberships of that `source`;
   * groups that are gone are passed over. The mapping was checked when it was made (`requireCovers`).
   * Throws `user.last_admin`.
   */
  async setExternalMemberships(userId: string, source: string, groupIds: readonly string[]): Promise<void> {
    if (source === BY_HAND) throw new FluxError("group.bad_source", "this source is for people");
    await this.#changes.run(async (transaction) => {
      const own = and(eq(userGroupMembers.userId, userId), eq(userGroupMembers.source, source));
      const before = await transaction.select({ id: userGroupMembers.groupId }).from(userGroupMembers).where(own);
      const wanted =
        groupIds.length === 0
          ? []
          : await transaction
              .select({ id: userGroups.id })
              .from(userGroups)
              .where(inArray(userGroups.id, [...new Set(groupIds)]));
      const same = before.length === wanted.length && wanted.every(({ id }) => before.some((row) => row.id === id));
      if (same) return { value: undefined, touched: [] };
      await transaction.delete(userGroupMembers).where(own);
      if (wanted.length > 0) {
        await transaction.insert(userGroupMembers).values(wanted.map(({ id }) => ({ groupId: id, userId, source })));
      }
      return { value: undefined, touched: [userId] };
    });
  }

  /** Whoever puts people into a group, or lets a provider do so, holds all that it gives. Throws `access.escalation`. */
  async requireCovers(by: Principal, groupId: string, orm: Orm | Transaction = this.#orm): Promise<void> {
    requireCovered(by, await grantsOfHolder(orm, { groupId }), "userIds");
  }

  async #require(orm: Orm | Transaction, id: string): Promise<typeof userGroups.$inferSelect> {
    const [row] = await orm.select().from(userGroups).where(eq(userGroups.id, id));
    if (!row) throw new FluxError("group.not_found", "there is no such group");
    return row;
  }

  async #body(
    orm: Orm | Transaction,
    row: typeof userGroups.$inferSelect,
    rules?: readonly MappingRule[],
  ): Promise<UserGroup> {
    const { id, name, description } = row;
    const rows = await orm
      .select({ userId: users.id, username: users.username, source: userGroupMembers.source })
      .from(userGroupMembers)
      .innerJoin(users, eq(users.id, userGroupMembers.userId))
      .where(eq(userGroupMembers.groupId, id))
      .orderBy(asc(users.usernameKey));
    const members = new Map<string, UserGroup["members"][number]>();
    for (const { userId, username, source } of rows) {
      const known = members.get(userId) ?? { userId, username, byHand: false, byProvider: false };
      const byHand = source === BY_HAND;
      members.set(userId, { ...known, ...(byHand ? { byHand } : { byProvider: true }) });
    }
    const grants = (await grantsOfHolder(orm, { groupId: id })).map(({ roleId, scope }) => ({ roleId, scope }));
    const mappings = (rules ?? (await mappingRules(orm)))
      .filter(({ groupIds }) => groupIds.includes(id))
      .map(({ provider, group }) => ({ provider, group }));
    const createdAt = row.createdAt.toISOString();
    return { id, name, description, members: [...members.values()], grants, mappings, createdAt };
  }
}

interface MappingRule {
  readonly provider: string;
  readonly group: string;
  readonly groupIds: readonly string[];
}

/** Which groups elsewhere put people into groups here. */
async function mappingRules(orm: Orm | Transaction): Promise<MappingRule[]> {
  const { name, groupMap } = oidcProviders;
  const rows = await orm.select({ provider: name, rules: groupMap }).from(oidcProviders).orderBy(asc(name));
  return rows.flatMap(({ provider, rules }) => rules.map(({ group, groupIds }) => ({ provider, group, groupIds })));
}

/** One that is brought back under its id is filled by nobody's rules but new ones. */
async function forgetInRules(transaction: Transaction, groupId: string): Promise<void> {
  for (const { id, groupMap } of await transaction.select().from(oidcProviders)) {
    if (!groupMap.some(({ groupIds }) => groupIds.includes(groupId))) continue;
    const rest = groupMap.map((rule) => ({ ...rule, groupIds: rule.groupIds.filter((one) => one !== groupId) }));
    await transaction.update(oidcProviders).set({ groupMap: rest }).where(eq(oidcProviders.id, id));
  }
}

function columns({ name, description }: GroupInput) {
  return { name, nameKey: usernameKey(name), description };
}

async function unique(run: () => PromiseLike<unknown>): Promise<void> {
  try {
    await run();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new FluxError("group.exists", "there is a group of that name", { cause, field: "name" });
  }
}
