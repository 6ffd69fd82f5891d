import { randomUUID } from "node:crypto";
import { like } from "drizzle-orm";
import type { Clock } from "../../../shared/lib/clock.ts";
import { FULL_ACCESS } from "../../access/access.ts";
import type { AccessChanges } from "../../access/access-changes.ts";
import { grantsOfHolder, type Transaction } from "../../access/grant-rows.ts";
import { replaceGrants } from "../../access/grant-service.ts";
import type { GroupService } from "../../access/group-service.ts";
import { NO_PASSWORD } from "../../auth/password.ts";
import type { Principal } from "../../auth/policy.ts";
import { usernameKey } from "../../auth/username.ts";
import { users } from "../../db/schema/index.ts";
import { toDate } from "../../db/time.ts";
import type { Directory } from "./oidc-sign-in.ts";

/** The rules of a provider act for the administrator who saved them, whose rights were looked at then. */
const PROVIDER: Principal = { userId: "", sessionId: "", username: "OpenID provider", access: FULL_ACCESS };
const SYSTEM = { kind: "system" } as const;

/** Accounts, roles and memberships as providers change them. */
export function createDirectory(clock: Clock, changes: AccessChanges, groups: GroupService): Directory {
  return {
    create: ({ username, displayName, roleIds }) =>
      changes.run(async (transaction) => {
        const id = randomUUID();
        const now = toDate(clock.utcMicros());
        const name = await freeName(transaction, username);
        await transaction.insert(users).values({
          id,
          username: name,
          usernameKey: usernameKey(name),
          displayName: displayName.replace(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 100) || name,
          passwordHash: NO_PASSWORD,
          createdAt: now,
          updatedAt: now,
        });
        const wanted = roleIds.map((roleId) => ({ roleId, scope: SYSTEM }));
        await replaceGrants(transaction, clock, PROVIDER, { userId: id }, wanted);
        return { value: id, touched: [id] };
      }),
    setRoles: (userId, managed, roleIds) =>
      changes.run(async (transaction) => {
        const before = await grantsOfHolder(transaction, { userId });
        const others = before.filter(({ roleId, scope }) => scope.kind !== "system" || !managed.has(roleId));
        const wanted = [...others, ...roleIds.map((roleId) => ({ roleId, scope: SYSTEM }))];
        await replaceGrants(transaction, clock, PROVIDER, { userId }, wanted);
        return { value: undefined, touched: [userId] };
      }),
    setGroups: (userId, source, groupIds) => groups.setExternalMemberships(userId, source, groupIds),
  };
}

/** The name as our user names are written, and a number where it is taken. */
async function freeName(transaction: Transaction, wanted: string): Promise<string> {
  const plain = wanted
    .normalize("NFKC")
    .replace(/[^\p{L}\p{N}._@-]+/gu, ".")
    .slice(0, 56);
  const base = plain.length >= 3 ? plain : `user.${plain}`;
  const key = usernameKey(base).replace(/[\\%_]/g, "\\$&");
  const taken = await transaction
    .select({ key: users.usernameKey })
    .from(users)
    .where(like(users.usernameKey, `${key}%`));
  const keys = new Set(taken.map((row) => row.key));
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!keys.has(usernameKey(name))) return name;
  }
}
