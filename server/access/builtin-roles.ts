import { BUILTIN_ROLE_IDS, type BuiltinRoleId, PERMISSIONS, type Permission } from "../../shared/api/access.ts";

const VIEWER: readonly Permission[] = ["live.view", "archive.view", "audio.hear"];

const OPERATOR: readonly Permission[] = [
  ...VIEWER,
  "ptz.control",
  "alarm.acknowledge",
  "bookmark.write",
  "evidence.manage",
  "archive.export",
  "recording.trigger",
  "layout.share",
  "system.read",
];

const SUPERVISOR: readonly Permission[] = [...OPERATOR, "evidence.supervise", "layout.manage", "audit.read"];

/** For programs. What one of them does not need, its token leaves out. */
const API_ONLY: readonly Permission[] = [
  "live.view",
  "archive.view",
  "archive.export",
  "bookmark.write",
  "recording.trigger",
  "system.read",
];

/** In code, not in the database: a permission that comes with a later version reaches the administrators with it. */
const BUILTIN: Readonly<Record<BuiltinRoleId, ReadonlySet<Permission>>> = {
  administrator: new Set(PERMISSIONS),
  supervisor: new Set(SUPERVISOR),
  operator: new Set(OPERATOR),
  viewer: new Set(VIEWER),
  "api-only": new Set(API_ONLY),
};

export const ADMINISTRATOR = "administrator";
export const API_ONLY_ROLE = "api-only";

export function isBuiltinRole(id: string): id is BuiltinRoleId {
  return BUILTIN_ROLE_IDS.some((known) => known === id);
}

/** What a role gives. `stored` is what the database holds for a custom one; names it no longer knows give nothing. */
export function permissionsOf(roleId: string, stored: readonly string[]): ReadonlySet<Permission> {
  if (isBuiltinRole(roleId)) return BUILTIN[roleId];
  return new Set(PERMISSIONS.filter((permission) => stored.includes(permission)));
}
