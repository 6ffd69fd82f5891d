import { randomUUID } from "node:crypto";
import { eq, inArray } from "drizzle-orm";
import type { GrantBody, GrantScope } from "../../shared/api/access.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Principal } from "../auth/policy.ts";
import type { Orm } from "../db/database.ts";
import { cameras, roleGrants, roles, userGroups, users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { type AccessChanges, membersOf, requireCovered } from "./access-changes.ts";
import { API_ONLY_ROLE, permissionsOf } from "./builtin-roles.ts";
import { grantsOfHolder, grantsOfUser, type Holder, scopeColumns, type Transaction } from "./grant-rows.ts";

/** Which roles users and groups hold on what. */
export class GrantService {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #changes: AccessChanges;

  constructor(orm: Orm, clock: Clock, changes: AccessChanges) {
    this.#orm = orm;
    this.#clock = clock;
    this.#changes = changes;
  }

  /** Those given to the holder itself. Throws `user.not_found`, `group.not_found`. */
  async of(holder: Holder): Promise<GrantBody[]> {
    await requireHolder(this.#orm, holder);
    return (await grantsOfHolder(this.#orm, holder)).map(({ roleId, scope }) => ({ roleId, scope }));
  }

  /**
   * Replaces the holder's own grants. `asking` must hold all that is given or taken. Throws `access.escalation`,
   * `access.unknown_role`, `access.unknown_camera`, `user.last_admin`, `user.not_found`, `group.not_found`.
   */
  replace(asking: Principal, holder: Holder, wanted: readonly GrantBody[]): Promise<GrantBody[]> {
    return this.#changes.runFor(asking, async (transaction, by) => {
      await requireHolder(transaction, holder);
      await replaceGrants(transaction, this.#clock, by, holder, wanted);
      const value = (await grantsOfHolder(transaction, holder)).map(({ roleId, scope }) => ({ roleId, scope }));
      const touched = "userId" in holder ? [holder.userId] : await membersOf(transaction, holder.groupId);
      return { value, touched };
    });
  }

  /** Roles that a user has on anything, through groups too. */
  async roleIdsOf(userId: string): Promise<ReadonlySet<string>> {
    return new Set((await grantsOfUser(this.#orm, userId)).map(({ roleId }) => roleId));
  }

  /** An account for programs: it has tokens, and nobody signs in to it. */
  async isApiOnly(userId: string): Promise<boolean> {
    const held = await this.roleIdsOf(userId);
    return held.size > 0 && [...held].every((roleId) => roleId === API_ONLY_ROLE);
  }
}

/** As `GrantService.replace`, within a change of rights that is under way. */
export async function replaceGrants(
  transaction: Transaction,
  clock: Clock,
  by: Principal,
  holder: Holder,
  wanted: readonly GrantBody[],
): Promise<void> {
  const before = await grantsOfHolder(transaction, holder);
  const known = new Set(before.map(nameOf));
  const kept = new Set(wanted.map(nameOf));
  requireCovered(
    by,
    before.filter((grant) => !kept.has(nameOf(grant))),
    "grants",
  );
  const added = wanted.flatMap((grant, index) => (known.has(nameOf(grant)) ? [] : [{ ...grant, index }]));
  await requireKnown(transaction, by, added);
  const holderColumns = "userId" in holder ? { userId: holder.userId } : { groupId: holder.groupId };
  const gone = before.filter((grant) => !kept.has(nameOf(grant)));
  if (gone.length > 0) await removeGrants(transaction, holder, new Set(gone.map(nameOf)));
  const createdAt = toDate(clock.utcMicros());
  const unique = new Map(added.map((grant) => [nameOf(grant), grant]));
  const rows = [...unique.values()].map(({ roleId, scope }) => ({
    id: randomUUID(),
    ...holderColumns,
    roleId,
    ...scopeColumns(scope),
    createdAt,
  }));
  // In slices: a statement has 65,535 parameters at most.
  for (let at = 0; at < rows.length; at += 1000) await transaction.insert(roleGrants).values(rows.slice(at, at + 1000));
}

/** Roles and cameras must exist, and `by` must hold what is given. */
async function requireKnown(
  transaction: Transaction,
  by: Principal,
  added: readonly (GrantBody & { readonly index: number })[],
): Promise<void> {
  if (added.length === 0) return;
  const roleIds = [...new Set(added.map(({ roleId }) => roleId))];
  const found = await transaction.select().from(roles).where(inArray(roles.id, roleIds));
  const byId = new Map(found.map((role) => [role.id, permissionsOf(role.id, role.permissions)]));
  const cameraIds = new Set(added.flatMap(({ scope }) => (scope.kind === "camera" ? [scope.cameraId] : [])));
  const present = cameraIds.size === 0 ? [] : await transaction.select({ id: cameras.id }).from(cameras);
  const cameraExists = new Set(present.map(({ id }) => id));
  for (const { roleId, scope, index } of added) {
    const permissions = byId.get(roleId);
    if (!permissions) {
      throw new FluxError("access.unknown_role", "there is no such role", { field: `grants.${index}.roleId` });
    }
    if (scope.kind === "camera" && !cameraExists.has(scope.cameraId)) {
      const field = `grants.${index}.scope.cameraId`;
      throw new FluxError("access.unknown_camera", "names a camera that does not exist", { field });
    }
    requireCovered(by, [{ permissions, scope }], `grants.${index}`);
  }
}

async function removeGrants(transaction: Transaction, holder: Holder, names: ReadonlySet<string>): Promise<void> {
  const condition = "userId" in holder ? eq(roleGrants.userId, holder.userId) : eq(roleGrants.groupId, holder.groupId);
  const rows = await transaction.select().from(roleGrants).where(condition);
  const ids = rows.filter((row) => names.has(rowName(row))).map(({ id }) => id);
  for (let at = 0; at < ids.length; at += 1000) {
    await transaction.delete(roleGrants).where(inArray(roleGrants.id, ids.slice(at, at + 1000)));
  }
}

async function requireHolder(orm: Orm | Transaction, holder: Holder): Promise<void> {
  if ("userId" in holder) {
    const [row] = await orm.select({ id: users.id }).from(users).where(eq(users.id, holder.userId));
    if (!row) throw new FluxError("user.not_found", "there is no such user");
    return;
  }
  const [row] = await orm.select({ id: userGroups.id }).from(userGroups).where(eq(userGroups.id, holder.groupId));
  if (!row) throw new FluxError("group.not_found", "there is no such group");
}

function nameOf({ roleId, scope }: { readonly roleId: string; readonly scope: GrantScope }): string {
  const { path, cameraId } = scopeColumns(scope);
  return JSON.stringify([roleId, scope.kind, path, cameraId]);
}

function rowName({ roleId, scope, path, cameraId }: typeof roleGrants.$inferSelect): string {
  return JSON.stringify([roleId, scope, path, cameraId]);
}
