import type { GrantBody } from "../../shared/api/access.ts";
import type { Role, User } from "../../shared/api/schemas.ts";
import { ADMINISTRATOR, isBuiltinRole } from "./builtin-roles.ts";

/**
 * `role` and `cameraIds` of a user on the API: the short way of saying what most people need. An administrator,
 * supervisor, operator or program has the role on the system; a viewer on the cameras that are named, and only there.
 */
export function grantsOfRole(role: Role, cameraIds: readonly string[] | undefined): GrantBody[] {
  const roleId = role === "admin" ? ADMINISTRATOR : role;
  const narrow = role === "viewer" || (role === "api-only" && cameraIds !== undefined);
  if (!narrow) return [{ roleId, scope: { kind: "system" } }];
  return [...new Set(cameraIds)].map((cameraId) => ({ roleId, scope: { kind: "camera", cameraId } }));
}

/** Only the cameras change: everything else that was granted stays. */
export function withCameras(before: readonly GrantBody[], cameraIds: readonly string[]): GrantBody[] {
  const others = before.filter((grant) => !isViewedCamera(grant));
  return [...others, ...grantsOfRole("viewer", cameraIds)];
}

const RANK = ["administrator", "supervisor", "operator"] as const;

/** The one word for what somebody holds: the highest built-in role on the whole system, `custom` for anything of one's own making. */
export function roleWord(held: readonly GrantBody[]): User["role"] {
  const onSystem = (roleId: string): boolean =>
    held.some((grant) => grant.roleId === roleId && grant.scope.kind === "system");
  const top = RANK.find(onSystem);
  if (top !== undefined) return top === "administrator" ? "admin" : top;
  const roleIds = new Set(held.map(({ roleId }) => roleId));
  if (roleIds.size === 1 && roleIds.has("api-only")) return "api-only";
  const plain = [...roleIds].every((roleId) => roleId === "viewer" && isBuiltinRole(roleId));
  return plain && held.every(({ scope }) => scope.kind !== "place") ? "viewer" : "custom";
}

export function viewedCameras(direct: readonly GrantBody[]): string[] {
  return direct
    .flatMap((grant) => (grant.scope.kind === "camera" && isViewedCamera(grant) ? [grant.scope.cameraId] : []))
    .sort();
}

function isViewedCamera({ roleId, scope }: GrantBody): boolean {
  return roleId === "viewer" && scope.kind === "camera";
}
