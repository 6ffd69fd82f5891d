import type { Permission } from "../../shared/api/access.ts";
import { useUser } from "./services.ts";

/**
 * Whether the signed-in user holds the permission on anything. Says what to offer, not what is allowed: that the server
 * decides at every request.
 */
export function useCan(): (permission: Permission) => boolean {
  const user = useUser();
  return (permission) => user.permissions?.includes(permission) ?? user.role === "admin";
}
