import { inArray } from "drizzle-orm";
import type { OidcProviderBody } from "../../../shared/api/identity.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { requireCovered } from "../../access/access-changes.ts";
import { permissionsOf } from "../../access/builtin-roles.ts";
import type { GroupService } from "../../access/group-service.ts";
import type { Principal } from "../../auth/policy.ts";
import type { Orm } from "../../db/database.ts";
import { roles } from "../../db/schema/index.ts";

/**
 * Whoever lets a provider give rights must hold them: a mapping is no way around the rule that nobody gives what he does
 * not have. Throws `access.escalation`, `access.unknown_role`.
 */
export async function requireMappingCovered(
  orm: Orm,
  groups: GroupService,
  by: Principal,
  { groupMap, defaultRoleId }: Pick<OidcProviderBody, "groupMap" | "defaultRoleId">,
): Promise<void> {
  const wanted = [
    ...groupMap.map(({ roleId }, index) => ({ roleId, field: `groupMap.${index}.roleId` })),
    { roleId: defaultRoleId, field: "defaultRoleId" },
  ];
  const ids = wanted.flatMap(({ roleId }) => roleId ?? []);
  const found = ids.length === 0 ? [] : await orm.select().from(roles).where(inArray(roles.id, ids));
  for (const { roleId, field } of wanted) {
    if (roleId === null) continue;
    const role = found.find(({ id }) => id === roleId);
    if (!role) throw new FluxError("access.unknown_role", "there is no such role", { field });
    const permissions = permissionsOf(role.id, role.permissions);
    requireCovered(by, [{ permissions, scope: { kind: "system" } }], field);
  }
  for (const groupId of new Set(groupMap.flatMap(({ groupIds }) => groupIds))) await groups.requireCovers(by, groupId);
}
