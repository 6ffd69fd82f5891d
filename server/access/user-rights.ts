import { eq } from "drizzle-orm";
import type { GrantBody } from "../../shared/api/access.ts";
import type { Orm } from "../db/database.ts";
import { roleGrants, roles, userGroupMembers, userGroups } from "../db/schema/index.ts";
import type { Grant } from "./access.ts";
import { grantColumns, type Transaction, toGrant } from "./grant-rows.ts";

type Held = Grant & GrantBody;

export interface UserRights {
  readonly direct: readonly Held[];
  readonly groups: readonly { readonly id: string; readonly name: string }[];
  /** Direct ones and those of the groups. */
  readonly all: readonly Held[];
}

export const NO_RIGHTS: UserRights = { direct: [], groups: [], all: [] };

/** What users hold, by user: of one, or of all. */
export async function rightsOfUsers(orm: Orm | Transaction, userId?: string): Promise<Map<string, UserRights>> {
  const [grants, memberships] = await Promise.all([
    orm
      .select(grantColumns)
      .from(roleGrants)
      .innerJoin(roles, eq(roles.id, roleGrants.roleId))
      .orderBy(roleGrants.createdAt, roleGrants.id),
    orm
      .selectDistinct({ userId: userGroupMembers.userId, id: userGroups.id, name: userGroups.name })
      .from(userGroupMembers)
      .innerJoin(userGroups, eq(userGroups.id, userGroupMembers.groupId))
      .where(userId === undefined ? undefined : eq(userGroupMembers.userId, userId)),
  ]);
  const ofUser = new Map<string, Held[]>();
  const ofGroup = new Map<string, Held[]>();
  for (const row of grants) {
    const grant = toGrant(row);
    if (grant && row.userId !== null && (userId === undefined || row.userId === userId))
      push(ofUser, row.userId, grant);
    if (grant && row.groupId !== null) push(ofGroup, row.groupId, grant);
  }
  const groups = new Map<string, { id: string; name: string }[]>();
  for (const { userId: member, id, name } of memberships) push(groups, member, { id, name });
  const result = new Map<string, UserRights>();
  for (const id of new Set([...ofUser.keys(), ...groups.keys()])) {
    const direct = ofUser.get(id) ?? [];
    const own = groups.get(id) ?? [];
    result.set(id, { direct, groups: own, all: [...direct, ...own.flatMap((group) => ofGroup.get(group.id) ?? [])] });
  }
  return result;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}
