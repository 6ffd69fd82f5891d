import { z } from "zod";
import { publicJwk } from "../evidence/signature.ts";

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
  /** Credentials and other fields of the database that it seals. */
  fields: z.number(),
});
export const keyInventory = z.object({
  rootKey: z.object({
    /** `created`: in its file, made at this start. */
    origin: z.enum(["environment", "command", "file", "created"]),
    /** Tells two root keys apart; nothing can be computed from it. */
    fingerprint: z.string(),
  }),
  /** Those that sign access tokens, the audit trail and export packages, by their public halves. */
  signingKeys: z.array(
    z.object({ use: z.enum(["sign-in", "audit", "export"]), fingerprint: z.string(), createdAt: instant }),
  ),
  masterKeys: z.array(masterKeyEntry),
  videoKeys: z.object({ total: z.number(), cameras: z.number(), firstDay: day.nullable(), lastDay: day.nullable() }),
  rotation: z.object({
    running: z.boolean(),
    done: z.number(),
    total: z.number(),
    failed: z.string().nullable(),
    /** The master key is renewed at this age, and next then. */
    days: z.number(),
    nextAt: instant,
  }),
  /** What seals the video of today's keys. */
  suite: z.string(),
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

const reason = z.string().trim().min(1).max(500);
/** The caller's own password; left out where the caller has proved within the last ten minutes who they are. */
const password = z.string().min(1).max(256).optional();

export const revokeKeysRequest = z.object({
  cameraId: z.uuid(),
  /** UTC days, both included. */
  fromDay: day,
  toDay: day,
  reason,
  password,
});
export const revokedKeys = z.object({ keys: z.number() });

export const keySchedule = z.object({ rotationDays: z.number().int().min(1).max(3650) });

export const videoKeyQuery = z.object({
  cameraId: z.uuid().optional(),
  fromDay: day.optional(),
  toDay: day.optional(),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export const videoKeyEntry = z.object({
  id: z.number(),
  cameraId: z.uuid(),
  utcDay: day,
  suite: z.string(),
  masterKey: z.number(),
  createdAt: instant,
});
export const videoKeyPage = z.object({ keys: z.array(videoKeyEntry), next: z.number().nullable() });
export type VideoKeyPage = z.infer<typeof videoKeyPage>;

export const exportKeyRequest = z.object({
  cameraId: z.uuid(),
  utcDay: day,
  reason,
  /** A key leaves the server only wrapped, for one of these. */
  recipient: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("public-key"), publicKey: publicJwk }),
    z.object({ kind: z.literal("passphrase"), passphrase: z.string().min(12).max(256) }),
  ]),
  password,
});
export const exportedKey = z.object({
  format: z.literal("fluxvision-video-key"),
  version: z.literal(1),
  cameraId: z.uuid(),
  utcDay: day,
  keyIds: z.array(z.number()),
  recipient: z.string().nullable(),
  /** JWE, compact serialisation (RFC 7516). */
  jwe: z.string(),
});
export type ExportedKey = z.infer<typeof exportedKey>;
