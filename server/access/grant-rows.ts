import { eq, or, type SQL, sql } from "drizzle-orm";
import type { GrantBody, GrantScope } from "../../shared/api/access.ts";
import type { Orm } from "../db/database.ts";
import { roleGrants, roles } from "../db/schema/index.ts";
import type { Grant } from "./access.ts";
import { permissionsOf } from "./builtin-roles.ts";

export type Transaction = Parameters<Parameters<Orm["transaction"]>[0]>[0];
type GrantRow = typeof roleGrants.$inferSelect;

/** Who holds grants: a user or a group of users. */
export type Holder = { readonly userId: string } | { readonly groupId: string };

/** What to select of a grant with its role (`roles` joined). */
export const grantColumns = {
  userId: roleGrants.userId,
  groupId: roleGrants.groupId,
  roleId: roleGrants.roleId,
  scope: roleGrants.scope,
  path: roleGrants.path,
  cameraId: roleGrants.cameraId,
  permissions: roles.permissions,
};

/** A grant as a left join yields it: all null where there is none. */
export type JoinedGrant = { readonly [K in keyof typeof grantColumns]: JoinedColumn<K> };
type JoinedColumn<K> = K extends "permissions"
  ? string[] | null
  : K extends keyof GrantRow
    ? GrantRow[K] | null
    : never;

/** The grant that a row stands for; undefined where there is none, or where it names nothing. */
export function toGrant(row: JoinedGrant): (Grant & GrantBody) | undefined {
  const scope = toScope(row);
  if (scope === undefined || row.roleId === null || row.permissions === null) return undefined;
  return { roleId: row.roleId, scope, permissions: permissionsOf(row.roleId, row.permissions) };
}

export function toScope(row: Pick<JoinedGrant, "scope" | "path" | "cameraId">): GrantScope | undefined {
  if (row.scope === "system") return { kind: "system" };
  if (row.scope === "place" && row.path !== null) return { kind: "place", path: row.path };
  if (row.scope === "camera" && row.cameraId !== null) return { kind: "camera", cameraId: row.cameraId };
  return undefined;
}

export function scopeColumns(scope: GrantScope): Pick<GrantRow, "scope" | "path" | "cameraId"> {
  const path = scope.kind === "place" ? scope.path : null;
  const cameraId = scope.kind === "camera" ? scope.cameraId : null;
  return { scope: scope.kind, path, cameraId };
}

/** Grants of a user, direct and through groups. `userId` is a column or a value. */
export function heldBy(userId: SQL | string | { getSQL(): SQL }): SQL | undefined {
  return or(
    eq(roleGrants.userId, userId as SQL),
    sql`${roleGrants.groupId} in (select group_id from user_group_members where user_id = ${userId})`,
  );
}

/** Reads what somebody holds, direct and through groups. */
export async function grantsOfUser(orm: Orm | Transaction, userId: string): Promise<(Grant & GrantBody)[]> {
  const rows = await orm
    .select(grantColumns)
    .from(roleGrants)
    .innerJoin(roles, eq(roles.id, roleGrants.roleId))
    .where(heldBy(userId));
  return rows.flatMap((row) => toGrant(row) ?? []);
}

export async function grantsOfHolder(orm: Orm | Transaction, holder: Holder): Promise<(Grant & GrantBody)[]> {
  const condition = "userId" in holder ? eq(roleGrants.userId, holder.userId) : eq(roleGrants.groupId, holder.groupId);
  const rows = await orm
    .select(grantColumns)
    .from(roleGrants)
    .innerJoin(roles, eq(roles.id, roleGrants.roleId))
    .where(condition)
    .orderBy(roleGrants.createdAt, roleGrants.id);
  return rows.flatMap((row) => toGrant(row) ?? []);
}
