import { z } from "zod";

/** Keys as administrators see them: never with key material. */

const instant = z.iso.datetime();
const day = z.iso.date();

export const masterKeyEntry = z.object({
  id: z.number(),
  current: z.boolean(),
  createdAt: instant,
  retiredAt: instant.nullable(),
  /** Video keys that it wraps. */
  videoKeys: z.number(),
});
export const keyInventory = z.object({
  masterKeys: z.array(masterKeyEntry),
  videoKeys: z.object({ total: z.number(), cameras: z.number(), firstDay: day.nullable(), lastDay: day.nullable() }),
  rotation: z.object({ running: z.boolean(), done: z.number(), total: z.number(), failed: z.string().nullable() }),
  /** Newest first, at most 200. */
  revoked: z.array(
    z.object({
      keyId: z.number(),
      cameraId: z.uuid(),
      utcDay: day,
      reason: z.string(),
      byName: z.string(),
      at: instant,
    }),
  ),
});
export type KeyInventory = z.infer<typeof keyInventory>;

export const revokeKeysRequest = z.object({
  cameraId: z.uuid(),
  /** UTC days, both included. */
  fromDay: day,
  toDay: day,
  reason: z.string().trim().min(1).max(500),
  /** The caller's own password: what follows cannot be undone. */
  password: z.string().min(1).max(256),
});
export const revokedKeys = z.object({ keys: z.number() });
