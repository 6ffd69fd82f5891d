import { eq, sql } from "drizzle-orm";
import { CAMERA_PERMISSIONS, type EffectiveAccess, PERMISSIONS, type RightSource } from "../../shared/api/access.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { roleGrants, roles, userGroups, users } from "../db/schema/index.ts";
import { compileAccess, type Grant, isSystemPermission, type Places } from "./access.ts";
import { grantColumns, heldBy, toGrant } from "./grant-rows.ts";

/**
 * What a user may do and why: every permission with each grant that gives it, on one camera or on anything. Each grant is
 * put to the same compiler that decides, alone. Throws `user.not_found`.
 */
export async function effectiveAccess(
  orm: Orm,
  places: Places,
  userId: string,
  cameraId?: string,
): Promise<EffectiveAccess> {
  const [user] = await orm.select({ enabled: users.enabled }).from(users).where(eq(users.id, userId));
  if (!user) throw new FluxError("user.not_found", "there is no such user");
  const rows = await orm
    .select({ grant: grantColumns, roleName: roles.name, group: { id: userGroups.id, name: userGroups.name } })
    .from(roleGrants)
    .innerJoin(roles, eq(roles.id, roleGrants.roleId))
    .leftJoin(userGroups, eq(userGroups.id, roleGrants.groupId))
    .where(heldBy(userId))
    .orderBy(sql`${roleGrants.groupId} nulls first`, roleGrants.createdAt, roleGrants.id);
  const grants = rows.flatMap(({ grant }) => toGrant(grant) ?? []);
  const held = rows.flatMap(({ grant: row, roleName, group }) => {
    const grant = toGrant(row);
    if (!grant) return [];
    const source: RightSource = { roleId: grant.roleId, roleName, scope: grant.scope, group };
    return [{ source, gives: asks(grant, places, cameraId) }];
  });
  const permissions = PERMISSIONS.map((permission) => ({
    permission,
    sources: held.filter(({ gives }) => gives(permission)).map(({ source }) => source),
  })).filter(({ sources }) => sources.length > 0);
  const cameras = cameraId === undefined ? ofEachCamera(grants, places) : [];
  return { userId, enabled: user.enabled, cameraId: cameraId ?? null, permissions, cameras };
}

function ofEachCamera(grants: readonly Grant[], places: Places): EffectiveAccess["cameras"] {
  const access = compileAccess(grants, places);
  return [...places.cameraIds()].map((id) => ({
    cameraId: id,
    permissions: CAMERA_PERMISSIONS.filter((permission) => access.holds(permission, id)),
  }));
}

function asks(grant: Grant, places: Places, cameraId: string | undefined) {
  const access = compileAccess([grant], places);
  return (permission: (typeof PERMISSIONS)[number]): boolean => {
    if (cameraId === undefined) return access.anywhere.has(permission);
    return !isSystemPermission(permission) && access.holds(permission, cameraId);
  };
}
