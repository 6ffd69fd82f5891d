import { PERMISSIONS, type Permission } from "../../shared/api/access.ts";
import { type Access, FULL_ACCESS } from "../access/access.ts";
import { ACTIONS, type Action, can, type Principal } from "../auth/policy.ts";
import type { PrincipalSource } from "../auth/principals.ts";

export type CredentialSource = PrincipalSource;

/** What a wall display does: it shows live pictures. */
export const DEVICE_ACTIONS: ReadonlySet<Action> = new Set<Action>([
  "camera.list",
  "camera.view",
  "live.view",
  "live.connect",
  "layout.use",
]);

/**
 * What somebody with these permissions on everything could do, asked of the policy itself, so that the two cannot drift
 * apart. Never what only people do (`session.own`, `token.own`).
 */
export function actionsOf(permissions: readonly string[]): ReadonlySet<Action> {
  const held: ReadonlySet<Permission> = new Set(PERMISSIONS.filter((one) => permissions.includes(one)));
  const access: Access = {
    ...FULL_ACCESS,
    system: held,
    anywhere: held,
    holds: (permission) => held.has(permission),
    holdsAt: (permission) => held.has(permission),
  };
  const limit = { kind: "token", id: "", name: "", actions: new Set(ACTIONS) } as const;
  const somebody: Principal = { userId: "", sessionId: "", username: "", access, limit };
  return new Set(ACTIONS.filter((action) => can(somebody, action)));
}

/** Every action that a program could ever be given. */
export const PROGRAM_ACTIONS: ReadonlySet<Action> = actionsOf([...FULL_ACCESS.system]);
