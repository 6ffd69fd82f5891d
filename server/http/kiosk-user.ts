import type { User } from "../../shared/api/schemas.ts";
import type { Principal } from "../auth/policy.ts";

/** How a wall display looks to the console: a viewer of its cameras. Nothing of its owner's account is told. */
export function kioskUser({ limit, sessionId }: Principal): User {
  return {
    id: limit?.id ?? sessionId,
    username: "display",
    displayName: limit?.name ?? "",
    role: "viewer",
    enabled: true,
    language: "en",
    cameraIds: [...(limit?.cameraIds ?? [])],
    permissions: ["live.view"],
    createdAt: new Date(0).toISOString(),
    lastLoginAt: null,
  };
}
