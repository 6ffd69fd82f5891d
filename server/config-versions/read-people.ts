import { and, eq, inArray, isNotNull } from "drizzle-orm";
import type { Transaction } from "../access/grant-rows.ts";
import { toScope } from "../access/grant-rows.ts";
import { oidcProviders, roleGrants, roles, settings, userGroupMembers, userGroups, users } from "../db/schema/index.ts";
import { type ReadSection, uuids } from "./read-devices.ts";
import { markSecret } from "./state.ts";

export const readRoles: ReadSection = async (db, _parts, ids) => {
  const rows = await db
    .select()
    .from(roles)
    .where(and(eq(roles.builtin, false), ids && inArray(roles.id, [...ids])));
  return new Map(
    rows.map(({ id, name, description, permissions }) => [
      id,
      { label: name, value: { name, description, permissions: [...permissions].sort() } },
    ]),
  );
};

export const readUsers: ReadSection = async (db, _parts, ids) => {
  const wanted = uuids(ids);
  const rows = await db
    .select()
    .from(users)
    .where(wanted && inArray(users.id, wanted));
  const grants = await grantsBy(db, "userId", wanted);
  return new Map(
    rows.map(({ id, username, displayName, enabled, language }) => [
      id,
      { label: username, value: { username, displayName, enabled, language, grants: grants.get(id) ?? [] } },
    ]),
  );
};

export const readGroups: ReadSection = async (db, _parts, ids) => {
  const wanted = uuids(ids);
  const rows = await db
    .select()
    .from(userGroups)
    .where(wanted && inArray(userGroups.id, wanted));
  const grants = await grantsBy(db, "groupId", wanted);
  // Those whom a provider puts in come and go with every sign-in.
  const byHand = eq(userGroupMembers.source, "manual");
  const memberships = await db.select().from(userGroupMembers).where(byHand);
  const members = new Map<string, string[]>();
  for (const { groupId, userId } of memberships) members.set(groupId, [...(members.get(groupId) ?? []), userId]);
  return new Map(
    rows.map(({ id, name, description }) => {
      const value = { name, description, members: (members.get(id) ?? []).sort(), grants: grants.get(id) ?? [] };
      return [id, { label: name, value }];
    }),
  );
};

async function grantsBy(db: Transaction, holder: "userId" | "groupId", ids: readonly string[] | undefined) {
  const column = roleGrants[holder];
  const rows = await db
    .select()
    .from(roleGrants)
    .where(ids ? inArray(column, [...ids]) : isNotNull(column));
  const found = new Map<string, { roleId: string; scope: NonNullable<ReturnType<typeof toScope>> }[]>();
  for (const row of rows) {
    const [id, scope] = [row[holder], toScope(row)];
    if (id !== null && scope) found.set(id, [...(found.get(id) ?? []), { roleId: row.roleId, scope }]);
  }
  // The order says nothing.
  for (const list of found.values()) list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return found;
}

export const readProviders: ReadSection = async (db, { sealer, markKey }) => {
  const rows = await db.select().from(oidcProviders);
  return new Map(
    rows.map(({ id, createdAt: _created, updatedAt: _updated, clientSecretSealed, ...plain }) => {
      const context = `oidc_providers.client_secret_sealed|${id}`;
      const secret = clientSecretSealed === null ? null : sealer.open(context, clientSecretSealed);
      return [id, { label: plain.name, value: { ...plain, clientSecret: markSecret(markKey, context, secret) } }];
    }),
  );
};

/** Rows of the settings that people set, and what they are called here. */
const SETTINGS = {
  "identity.settings": "sign-in",
  "server.place": "place",
  "keys.rotation-days": "keys",
} as const;
type SettingName = keyof typeof SETTINGS;

export const readServer: ReadSection = async (db) => {
  const names = Object.keys(SETTINGS) as SettingName[];
  const rows = await db.select().from(settings).where(inArray(settings.name, names));
  return new Map(
    rows.map(({ name, value }) => {
      const id = SETTINGS[name as SettingName];
      const parsed: unknown = JSON.parse(value);
      const whole = typeof parsed === "object" && parsed !== null ? parsed : { rotationDays: parsed };
      return [id, { label: id, value: { ...whole } }];
    }),
  );
};
