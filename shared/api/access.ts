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
  "archive.export",
  "recording.trigger",
  "camera.manage",
] as const;

/** Rights on the server as a whole: they count on the scope "system" only. */
export const SYSTEM_PERMISSIONS = [
  "layout.share",
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
