import {
  CAMERA_PERMISSIONS,
  type GrantScope,
  PERMISSIONS,
  type Permission,
  SYSTEM_PERMISSIONS,
} from "../../shared/api/access.ts";

/** A role's permissions on a scope. */
export interface Grant {
  readonly permissions: ReadonlySet<Permission>;
  readonly scope: GrantScope;
}

/** Where cameras are: path of their place, "" at the top; undefined for one that does not exist. */
export interface Places {
  of(cameraId: string): string | undefined;
  cameraIds(): Iterable<string>;
}

/** Somebody's rights, compiled: every question is a few look-ups. */
export interface Access {
  /** Held on everything there is and will be. */
  readonly system: ReadonlySet<Permission>;
  /** Held on something. */
  readonly anywhere: ReadonlySet<Permission>;
  holds(permission: Permission, cameraId: string): boolean;
  /** Held on a place and all below it. */
  holdsAt(permission: Permission, path: string): boolean;
  /** The cameras on which it is held; undefined: all that there are and were. */
  cameras(permission: Permission): readonly string[] | undefined;
}

const OF_CAMERAS: ReadonlySet<Permission> = new Set(CAMERA_PERMISSIONS);

/** Everything, everywhere: the server itself. */
export const FULL_ACCESS: Access = {
  system: new Set(PERMISSIONS),
  anywhere: new Set(PERMISSIONS),
  holds: () => true,
  holdsAt: () => true,
  cameras: () => undefined,
};

/**
 * Compiles grants. `places` is asked at every question, so a camera that moves takes its rights along at once.
 * Permissions of the system in a narrower grant give nothing: nobody administers the server for one camera.
 */
export function compileAccess(grants: Iterable<Grant>, places: Places): Access {
  const system = new Set<Permission>();
  const anywhere = new Set<Permission>();
  const byPlace = new Map<string, Set<Permission>>();
  const byCamera = new Map<string, Set<Permission>>();
  for (const { permissions, scope } of grants) {
    for (const permission of permissions) {
      if (scope.kind !== "system" && !OF_CAMERAS.has(permission)) continue;
      anywhere.add(permission);
      if (scope.kind === "system") system.add(permission);
      else if (scope.kind === "place") put(byPlace, scope.path, permission);
      else put(byCamera, scope.cameraId, permission);
    }
  }
  const holdsAt = (permission: Permission, path: string): boolean =>
    system.has(permission) || (byPlace.size > 0 && withParents(path).some((at) => byPlace.get(at)?.has(permission)));
  const holds = (permission: Permission, cameraId: string): boolean => {
    if (system.has(permission) || byCamera.get(cameraId)?.has(permission)) return true;
    const path = byPlace.size === 0 ? undefined : places.of(cameraId);
    return path !== undefined && holdsAt(permission, path);
  };
  const cameras = (permission: Permission): readonly string[] | undefined => {
    if (system.has(permission)) return undefined;
    const known = new Set([...places.cameraIds(), ...byCamera.keys()]);
    return [...known].filter((cameraId) => holds(permission, cameraId));
  };
  return { system, anywhere, holdsAt, holds, cameras };
}

/**
 * The first permission of a grant that `access` does not hold itself on all of the grant's scope; undefined: it covers the
 * grant. Whoever gives rights, or changes somebody's, needs this: nobody gives more than he has.
 */
export function notCovered(access: Access, { permissions, scope }: Grant): Permission | undefined {
  for (const permission of permissions) {
    if (scope.kind === "system" ? access.system.has(permission) : !OF_CAMERAS.has(permission)) continue;
    if (scope.kind === "place" && access.holdsAt(permission, scope.path)) continue;
    if (scope.kind === "camera" && access.holds(permission, scope.cameraId)) continue;
    return permission;
  }
  return undefined;
}

/**
 * The first right that its holder would gain on a camera by putting it at `path`; undefined: none. Without a camera: one that
 * was there before and comes back with what was recorded of it.
 */
export function gainedAt(access: Access, path: string, cameraId?: string): Permission | undefined {
  const before = (permission: Permission): boolean =>
    cameraId === undefined ? access.system.has(permission) : access.holds(permission, cameraId);
  return CAMERA_PERMISSIONS.find((permission) => access.holdsAt(permission, path) && !before(permission));
}

export function isSystemPermission(permission: Permission): boolean {
  return SYSTEM_PERMISSIONS.some((known) => known === permission);
}

/** `a/b/c` gives `a/b/c`, `a/b`, `a`. The top is no place: only the system covers it. */
function withParents(path: string): string[] {
  const paths: string[] = [];
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) paths.push(at);
  return paths;
}

function put(map: Map<string, Set<Permission>>, key: string, permission: Permission): void {
  const known = map.get(key);
  if (known) known.add(permission);
  else map.set(key, new Set([permission]));
}
