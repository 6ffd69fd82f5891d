import type { Role } from "../../shared/api/schemas.ts";

/** Everything that a signed-in person can try to do. Routes and media messages name one of these. */
export type Action =
  | "session.own"
  | "camera.list"
  | "camera.view"
  | "camera.manage"
  | "camera.probe"
  | "user.manage"
  | "layout.use"
  | "layout.share"
  | "live.connect"
  | "system.read"
  | "archive.view"
  | "archive.export"
  | "bookmark.write"
  | "evidence.manage"
  | "recording.trigger"
  | "recording.manage"
  | "storage.manage"
  | "key.manage";

/** Who is asking, as of now: roles and cameras come from the database, not from the token. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  readonly username: string;
  readonly role: Role;
  /** Assigned cameras; looked at for viewers only. */
  readonly cameraIds: ReadonlySet<string>;
}

/** Actions open to everyone who is signed in; on one camera, a viewer needs it to be assigned. */
const EVERYONE: ReadonlySet<Action> = new Set<Action>([
  "session.own",
  "camera.list",
  "camera.view",
  "layout.use",
  "live.connect",
  "archive.view",
]);
const OPERATOR: ReadonlySet<Action> = new Set<Action>([
  ...EVERYONE,
  "layout.share",
  "system.read",
  "archive.export",
  "bookmark.write",
  "evidence.manage",
  "recording.trigger",
]);

/**
 * The one place that decides. `cameraId` is given where the action concerns one camera.
 * Administrators may do everything; whatever is not listed is refused.
 */
export function can(principal: Principal, action: Action, cameraId?: string): boolean {
  switch (principal.role) {
    case "admin":
      return true;
    case "operator":
      return OPERATOR.has(action);
    case "viewer":
      return EVERYONE.has(action) && (cameraId === undefined || principal.cameraIds.has(cameraId));
    default:
      return false;
  }
}
