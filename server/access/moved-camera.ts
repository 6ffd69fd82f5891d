import { eq } from "drizzle-orm";
import { CAMERA_PERMISSIONS } from "../../shared/api/access.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { can, type Principal } from "../auth/policy.ts";
import type { Orm } from "../db/database.ts";
import { roleGrants, roles } from "../db/schema/index.ts";
import { grantColumns, toGrant } from "./grant-rows.ts";

/**
 * A camera that moves is given to all who hold rights where it goes: whoever moves it must hold on it what they gain, as
 * if he granted it to them. `from`: undefined for one that comes back with what was recorded of it. Throws
 * `access.escalation`.
 */
export async function requireMovable(
  orm: Orm,
  by: Principal,
  cameraId: string,
  from: string | undefined,
  to: string,
): Promise<void> {
  const rows = await orm
    .select(grantColumns)
    .from(roleGrants)
    .innerJoin(roles, eq(roles.id, roleGrants.roleId))
    .where(eq(roleGrants.scope, "place"));
  for (const row of rows) {
    const grant = toGrant(row);
    if (grant?.scope.kind !== "place" || !isWithin(to, grant.scope.path)) continue;
    if (from !== undefined && isWithin(from, grant.scope.path)) continue;
    const given = CAMERA_PERMISSIONS.filter((permission) => grant.permissions.has(permission));
    if (given.every((permission) => can(by, permission, cameraId))) continue;
    throw new FluxError("access.escalation", "would give others rights on the camera that you do not hold", {
      field: "group",
    });
  }
}

/** `a/b` lies within `a/b` and `a`. */
function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
