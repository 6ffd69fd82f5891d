import { z } from "zod";
import { PERMISSIONS, type Permission } from "./access.ts";
import { layout, session } from "./schemas.ts";

/** API tokens (programs) and wall displays (devices). */

/**
 * What a token can never be given, whoever owns it: with these it could make itself, or somebody else, wider than it is.
 * Keys and accounts are handled by people who prove who they are.
 */
export const NEVER_FOR_TOKENS = ["token.manage", "user.manage", "key.manage", "system.manage"] as const;
export const TOKEN_PERMISSIONS: readonly Permission[] = PERMISSIONS.filter(
  (one) => !NEVER_FOR_TOKENS.some((never) => never === one),
);

export const MAX_TOKEN_DAYS = 365;
const instant = z.iso.datetime();
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "must not contain control characters");
/** CIDR, IPv4 or IPv6. The server says which one is wrong. */
const networks = z.array(z.string().trim().min(2).max(49)).max(50);

export const apiToken = z.object({
  id: z.uuid(),
  name: z.string(),
  owner: z.object({ id: z.uuid(), username: z.string(), displayName: z.string() }),
  /** Its first characters. */
  hint: z.string(),
  permissions: z.array(z.string()),
  /** Null: every camera that the owner may use. */
  cameraIds: z.array(z.uuid()).nullable(),
  networks: z.array(z.string()),
  ratePerMinute: z.number(),
  state: z.enum(["active", "expired", "revoked"]),
  createdAt: instant,
  createdByName: z.string(),
  expiresAt: instant,
  revokedAt: instant.nullable(),
  revokedByName: z.string().nullable(),
  lastUsedAt: instant.nullable(),
  lastUsedIp: z.string().nullable(),
});
export type ApiToken = z.infer<typeof apiToken>;

export const createTokenRequest = z.object({
  name,
  /** A service account; left out: the caller. */
  ownerId: z.uuid().optional(),
  permissions: z
    .array(z.enum(PERMISSIONS))
    .min(1)
    .max(PERMISSIONS.length)
    .refine((list) => list.every((one) => TOKEN_PERMISSIONS.includes(one)), "not for a token"),
  cameraIds: z.array(z.uuid()).min(1).max(10_000).nullable().optional(),
  networks: networks.optional(),
  /** 1 to 365. */
  days: z.number().int().min(1).max(MAX_TOKEN_DAYS),
  ratePerMinute: z.number().int().min(1).max(60_000).optional(),
});
export type CreateToken = z.infer<typeof createTokenRequest>;
/** `secret` is told this once. */
export const createdToken = z.object({ token: apiToken, secret: z.string() });
export type CreatedToken = z.infer<typeof createdToken>;

export const kioskDevice = z.object({
  id: z.uuid(),
  name: z.string(),
  owner: z.object({ id: z.uuid(), username: z.string(), displayName: z.string() }),
  /** Null: the layout was deleted. */
  layout: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  networks: z.array(z.string()),
  /** `waiting`: its link has not been opened yet. */
  state: z.enum(["waiting", "active", "revoked"]),
  /** Until when the link may be opened; null: there is no link now. */
  linkExpiresAt: instant.nullable(),
  enrolledAt: instant.nullable(),
  createdAt: instant,
  createdByName: z.string(),
  revokedAt: instant.nullable(),
  lastSeenAt: instant.nullable(),
  lastSeenIp: z.string().nullable(),
  agent: z.string().nullable(),
});
export type KioskDevice = z.infer<typeof kioskDevice>;

export const createDeviceRequest = z.object({
  name,
  layoutId: z.uuid(),
  /** A service account; left out: the caller. What the display shows is bounded by this account's rights. */
  ownerId: z.uuid().optional(),
  networks: networks.optional(),
});
export type CreateDevice = z.infer<typeof createDeviceRequest>;
export const updateDeviceRequest = z.object({ name, layoutId: z.uuid(), networks }).partial();
export type UpdateDevice = z.infer<typeof updateDeviceRequest>;
/** `code` goes behind the # of the display's link: it is never sent as part of an address. Works once, for a day. */
export const deviceLink = z.object({ device: kioskDevice, code: z.string(), expiresAt: instant });
export type DeviceLink = z.infer<typeof deviceLink>;

export const enrolDeviceRequest = z.object({
  code: z.string().max(64),
  /** P-256 point, uncompressed, 65 bytes, base64. The private half never leaves the display. */
  publicKey: z.base64().length(88),
});
export const enrolledDevice = z.object({ deviceId: z.uuid(), name: z.string() });
export const deviceChallengeRequest = z.object({ deviceId: z.uuid() });
export const deviceChallenge = z.object({ challenge: z.string(), expiresAt: instant });
export const deviceSessionRequest = z.object({
  deviceId: z.uuid(),
  challenge: z.string().max(200),
  /** ECDSA P-256 with SHA-256 (r | s, 64 bytes, base64) over `fluxvision device v1|<deviceId>|<challenge>`. */
  signature: z.base64().length(88),
});
/** A session as after sign-in, without a refresh cookie: the display signs again. */
export const deviceSession = session.extend({ layout: layout.nullable() });
export type DeviceSession = z.infer<typeof deviceSession>;
