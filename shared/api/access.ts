import { z } from "zod";

/**
 * Rights. A role is a set of permissions; a grant gives a role to a user or a group of users on a scope: the whole system,
 * a place (a path in the tree of cameras and all below it; a site is a path of one name) or one camera.
 */

/** Rights on footage and devices: held on the system, on a place or on a camera. */
export const CAMERA_PERMISSIONS = [
  "live.view",
  "archive.view",
  "audio.hear",
  "ptz.control",
  "alarm.acknowledge",
  "bookmark.write",
  "evidence.manage",
  /** Change and remove what others made: bookmarks, cases, locks, exports. */
  "evidence.supervise",
  "archive.export",
  "recording.trigger",
  "camera.manage",
] as const;

/** Rights on the server as a whole: they count on the scope "system" only. */
export const SYSTEM_PERMISSIONS = [
  "layout.share",
  /** Change and remove layouts that others share. */
  "layout.manage",
  "system.read",
  "recording.manage",
  "storage.manage",
  "audit.read",
  "token.manage",
  "user.manage",
  "key.manage",
  "system.manage",
] as const;

export const PERMISSIONS = [...CAMERA_PERMISSIONS, ...SYSTEM_PERMISSIONS] as const;
export const permission = z.enum(PERMISSIONS);
export type Permission = (typeof PERMISSIONS)[number];

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "must not contain control characters");

/** Ids of the roles that come with the server. They do not change and cannot be removed. */
export const BUILTIN_ROLE_IDS = ["administrator", "supervisor", "operator", "viewer", "api-only"] as const;
export type BuiltinRoleId = (typeof BUILTIN_ROLE_IDS)[number];
export const roleId = z.union([z.enum(BUILTIN_ROLE_IDS), z.uuid()]);

export const roleBody = z.object({
  name,
  description: z.string().trim().max(400).default(""),
  permissions: z.array(permission).max(PERMISSIONS.length),
});
export const accessRole = z.object({
  id: roleId,
  builtin: z.boolean(),
  /** Of a built-in role: its id. */
  name: z.string(),
  description: z.string(),
  permissions: z.array(permission),
  /** Grants that name it. */
  grants: z.number().int(),
});
export type AccessRole = z.infer<typeof accessRole>;

/** A path as cameras have it: names with "/" between them. */
const place = z
  .string()
  .max(400)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "must not contain control characters")
  .transform((text) =>
    text
      .split("/")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .join("/"),
  )
  .pipe(z.string().min(1));

/** What a grant holds on: everything, a place with all below it, or one camera. */
export const grantScope = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("system") }),
  z.object({ kind: z.literal("place"), path: place }),
  z.object({ kind: z.literal("camera"), cameraId: z.uuid() }),
]);
export type GrantScope = z.infer<typeof grantScope>;

export const grantBody = z.object({ roleId, scope: grantScope });
export type GrantBody = z.infer<typeof grantBody>;
export const grantsBody = z.object({ grants: z.array(grantBody).max(10_000) });
export const grants = z.object({ grants: z.array(grantBody) });

export const groupBody = z.object({ name, description: z.string().trim().max(400).default("") });
export const membersBody = z.object({ userIds: z.array(z.uuid()).max(10_000) });
export const userGroup = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string(),
  members: z.array(
    z.object({
      userId: z.uuid(),
      username: z.string(),
      /** Put in by hand, by a provider of identities, or both: what a provider put in, it takes out again. */
      byHand: z.boolean(),
      byProvider: z.boolean(),
    }),
  ),
  grants: z.array(grantBody),
  /** Rules of providers of identities that put people in: who is in `group` there. */
  mappings: z.array(z.object({ provider: z.string(), group: z.string() })),
  createdAt: z.iso.datetime(),
});
export type UserGroup = z.infer<typeof userGroup>;

/** Where a right comes from. */
export const rightSource = z.object({
  roleId,
  roleName: z.string(),
  scope: grantScope,
  /** The group through which the user has it; null: granted to the user. */
  group: z.object({ id: z.uuid(), name: z.string() }).nullable(),
});
export type RightSource = z.infer<typeof rightSource>;

/** GET /users/{id}/access: every permission that the user holds somewhere, or on one camera, with all of its sources. */
export const effectiveAccess = z.object({
  userId: z.uuid(),
  enabled: z.boolean(),
  cameraId: z.uuid().nullable(),
  permissions: z.array(z.object({ permission, sources: z.array(rightSource) })),
  /** Where no camera is named: what the user holds on each one, of those that the caller knows of. */
  cameras: z.array(z.object({ cameraId: z.uuid(), permissions: z.array(permission) })),
});
export type EffectiveAccess = z.infer<typeof effectiveAccess>;
