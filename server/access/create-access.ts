import type { EffectiveAccess } from "../../shared/api/access.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { LiveAuthority } from "../auth/live-authority.ts";
import type { Principal } from "../auth/policy.ts";
import type { Principals } from "../auth/principals.ts";
import type { Orm } from "../db/database.ts";
import type { Places } from "./access.ts";
import { AccessChanges, requireCovers } from "./access-changes.ts";
import { effectiveAccess } from "./effective-access.ts";
import { GrantService } from "./grant-service.ts";
import { GroupService } from "./group-service.ts";
import { requireMovable } from "./moved-camera.ts";
import { RoleService } from "./role-service.ts";

export interface AccessParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly places: Places;
  readonly principals: Principals;
  /** Knows whose connections are open. */
  readonly authority: Pick<LiveAuthority, "connectedUsers">;
  /** The media plane's: connections of this user ask again. */
  readonly accessChanged: (userId: string) => void;
}

/** Roles, groups and grants, and the ways in which changing them is felt. */
export interface AccessControl {
  readonly changes: AccessChanges;
  readonly roles: RoleService;
  readonly groups: GroupService;
  readonly grants: GrantService;
  /** Every right of a user with its sources. Throws `user.not_found`. */
  effective(userId: string, cameraId?: string): Promise<EffectiveAccess>;
  /** Throws `access.escalation` when the user holds what `by` does not: before acting on an account. */
  requireCovers(by: Principal, userId: string): Promise<void>;
  /** Who `by` is now, past what is remembered. Throws `auth.session_ended`. */
  current(by: Principal): Promise<Principal>;
  /** Throws `access.escalation` where a camera that goes there would give others what `by` does not hold. */
  requireMovable(by: Principal, cameraId: string, from: string | undefined, to: string): Promise<void>;
}

export function createAccess(parts: AccessParts): AccessControl {
  const { orm, clock, places, principals, authority, accessChanged } = parts;
  const changes = new AccessChanges({
    orm,
    current: (by, transaction) => principals.current(by, transaction),
    forget: (touched) => {
      if (touched === "all") principals.forgetAll();
      else for (const userId of touched) principals.forgetUser(userId);
    },
    notify: (touched) => {
      for (const userId of touched === "all" ? authority.connectedUsers : touched) accessChanged(userId);
    },
  });
  return {
    changes,
    roles: new RoleService(orm, clock, changes),
    groups: new GroupService(orm, clock, changes),
    grants: new GrantService(orm, clock, changes),
    effective: (userId, cameraId) => effectiveAccess(orm, places, userId, cameraId),
    requireCovers: (by, userId) => requireCovers(orm, by, userId),
    current: (by) => principals.current(by),
    requireMovable: (by, cameraId, from, to) => requireMovable(orm, by, cameraId, from, to),
  };
}
