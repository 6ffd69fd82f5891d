import { eq, inArray } from "drizzle-orm";
import type { OidcProviderBody } from "../../../shared/api/identity.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { requireCovered } from "../../access/access-changes.ts";
import { permissionsOf } from "../../access/builtin-roles.ts";
import type { GroupService } from "../../access/group-service.ts";
import { rightsOfUsers } from "../../access/user-rights.ts";
import type { Principal } from "../../auth/policy.ts";
import type { Orm } from "../../db/database.ts";
import { externalIdentities, roles, userGroups } from "../../db/schema/index.ts";

type Mapping = Pick<OidcProviderBody, "groupMap" | "defaultRoleId">;

/**
 * Whoever lets a provider give rights must hold them: a mapping is no way around the rule that nobody gives what he does
 * not have. Throws `access.escalation`, `access.unknown_role`, `group.not_found`.
 */
export async function requireMappingCovered(
  orm: Orm,
  groups: GroupService,
  by: Principal,
  { groupMap, defaultRoleId }: Mapping,
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
  const known = await knownGroups(orm);
  for (const [index, { groupIds }] of groupMap.entries()) {
    for (const groupId of groupIds) {
      // One that is gone may come back under its id, with rights that nobody looked at here.
      if (!known.has(groupId)) {
        throw new FluxError("group.not_found", "there is no such group", { field: `groupMap.${index}.groupIds` });
      }
      await groups.requireCovers(by, groupId);
    }
  }
}

/**
 * Before a provider is changed or removed: whoever says where it is says who signs in as the people bound to it, hence he
 * must hold all that they hold, and all that its rules give now. Throws `access.escalation`.
 */
export async function requireProviderCovered(
  orm: Orm,
  groups: GroupService,
  by: Principal,
  provider: Mapping & { readonly id: string },
): Promise<void> {
  // A role or a group that is gone gives nothing any more.
  const there = await knownGroups(orm);
  const known = new Set((await orm.select({ id: roles.id }).from(roles)).map(({ id }) => id));
  const given = (roleId: string | null): string | null => (roleId !== null && known.has(roleId) ? roleId : null);
  const groupMap = provider.groupMap.map((rule) => ({
    ...rule,
    roleId: given(rule.roleId),
    groupIds: rule.groupIds.filter((groupId) => there.has(groupId)),
  }));
  await requireMappingCovered(orm, groups, by, { groupMap, defaultRoleId: given(provider.defaultRoleId) });
  const bound = await orm
    .select({ userId: externalIdentities.userId })
    .from(externalIdentities)
    .where(eq(externalIdentities.providerId, provider.id));
  if (bound.length === 0) return;
  const rights = await rightsOfUsers(orm);
  for (const { userId } of bound) if (userId !== by.userId) requireCovered(by, rights.get(userId)?.all ?? []);
}

async function knownGroups(orm: Orm): Promise<ReadonlySet<string>> {
  return new Set((await orm.select({ id: userGroups.id }).from(userGroups)).map(({ id }) => id));
}
