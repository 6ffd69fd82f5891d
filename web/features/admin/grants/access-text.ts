import type { TFunction } from "i18next";
import {
  type AccessRole,
  BUILTIN_ROLE_IDS,
  type GrantScope,
  type Permission,
  SYSTEM_PERMISSIONS,
} from "../../../../shared/api/access.ts";
import type { Camera } from "../../../../shared/api/schemas.ts";
import type { enAccess } from "../../../i18n/en-users.ts";

type PermissionKey = keyof (typeof enAccess)["permissions"];

/** `live.view` is the key `live_view`: a dot would part the key. */
export function permissionKey(permission: Permission): PermissionKey {
  return permission.replace(".", "_") as PermissionKey;
}

/** Roles that come with the server are called by their names in the user's language. */
export function roleName(t: TFunction, roleId: string, roles: readonly Pick<AccessRole, "id" | "name">[]): string {
  const builtin = BUILTIN_ROLE_IDS.find((id) => id === roleId);
  if (builtin !== undefined) return t(`roles.${builtin === "administrator" ? "admin" : builtin}`);
  return roles.find(({ id }) => id === roleId)?.name ?? "–";
}

export function scopeText(t: TFunction, scope: GrantScope, cameras: ReadonlyMap<string, Camera>): string {
  if (scope.kind === "system") return t("access.scope.system");
  if (scope.kind === "place") return t("access.scope.place", { path: scope.path });
  const camera = cameras.get(scope.cameraId);
  return camera === undefined ? t("access.scope.hiddenCamera") : t("access.scope.camera", { name: camera.name });
}

/** The same for the same scope, and for no other. */
export function scopeKey(scope: GrantScope): string {
  if (scope.kind === "system") return "system";
  return scope.kind === "place" ? `place:${scope.path}` : `camera:${scope.cameraId}`;
}

/** A part of what the role gives is lost on a narrower scope. */
export function losesServerRights(
  role: Pick<AccessRole, "permissions"> | undefined,
  scope: GrantScope | undefined,
): boolean {
  if (role === undefined || scope === undefined || scope.kind === "system") return false;
  return role.permissions.some((permission) => (SYSTEM_PERMISSIONS as readonly string[]).includes(permission));
}
