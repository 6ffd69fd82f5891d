import { z } from "zod";
import { CAMERA_STATES } from "../wire/control-messages.ts";
import { grantBody, permission } from "./access.ts";

/** REST bodies under /api/v1. The server builds OpenAPI from these; the web app infers its types from them. */

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  // Control characters have no place in a name and escape terminals.
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "must not contain control characters");
const url = z.string().trim().min(1).max(2048);
const instant = z.iso.datetime();

/** Built-in roles as `role` of a user names them: a shorthand for grants (server/access/role-shorthand.ts). */
export const ROLES = ["admin", "supervisor", "operator", "viewer", "api-only"] as const;
export const role = z.enum(ROLES);
export type Role = z.infer<typeof role>;

export const errorBody = z.object({
  success: z.literal(false),
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** Which field is at fault and why. */
    details: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    timestamp: instant,
    requestId: z.string(),
  }),
});
export type ErrorBody = z.infer<typeof errorBody>;

export const user = z.object({
  id: z.uuid(),
  username: z.string(),
  displayName: z.string(),
  /** One word for all that the user holds; `custom`: see `grants` and `groups`. */
  role: z.enum([...ROLES, "custom"]),
  enabled: z.boolean(),
  language: z.enum(["en", "ko"]),
  /** Cameras on which the user himself has the role viewer. */
  cameraIds: z.array(z.uuid()),
  /** What is granted to the user himself. */
  grants: z.array(grantBody).optional(),
  groups: z.array(z.object({ id: z.uuid(), name: z.string() })).optional(),
  /** What the user may do somewhere: what the console offers. Whether it holds on a camera, the server decides. */
  permissions: z.array(permission).optional(),
  createdAt: instant,
  lastLoginAt: instant.nullable(),
});
export type User = z.infer<typeof user>;

export const loginRequest = z.object({
  username: z.string().trim().min(1).max(64),
  password: z.string().min(1).max(256),
});
export const setupRequest = z.object({
  token: z.string().min(1).max(128),
  username: z
    .string()
    .trim()
    .min(3)
    .max(64)
    .regex(/^[\p{L}\p{N}._@-]+$/u, "letters, digits and . _ @ - only"),
  password: z.string().min(12).max(256),
  language: z.enum(["en", "ko"]).optional(),
});
/** The refresh token travels in an HttpOnly cookie only. */
export const THEMES = ["dark", "light", "contrast"] as const;
export type Theme = (typeof THEMES)[number];

/** `theme`, `language`: what its owner has chosen for the console. */
export const session = z.object({
  accessToken: z.string(),
  expiresAt: instant,
  user,
  theme: z.enum(THEMES).optional(),
  language: z.enum(["en", "ko"]).optional(),
});
export type Session = z.infer<typeof session>;

/** GET /auth/status, without signing in. */
export const authStatus = z.object({ setupRequired: z.boolean(), version: z.string() });

export const createUserRequest = setupRequest.omit({ token: true }).extend({
  displayName: name.optional(),
  role: role.optional(),
  cameraIds: z.array(z.uuid()).max(10_000).optional(),
  /** Instead of `role` and `cameraIds`. */
  grants: z.array(grantBody).max(10_000).optional(),
  /** The password is for the first sign-in only: another one is chosen there. */
  mustChangePassword: z.boolean().optional(),
});
export const updateUserRequest = z
  .object({
    displayName: name,
    role,
    enabled: z.boolean(),
    password: z.string().min(12).max(256),
    language: z.enum(["en", "ko"]),
    cameraIds: z.array(z.uuid()).max(10_000),
    /** With `password`: another one is chosen at the next sign-in. */
    mustChangePassword: z.boolean(),
  })
  .partial();

export const streamFormat = z.object({
  codec: z.string(),
  codecString: z.string(),
  width: z.number(),
  height: z.number(),
  fps: z.number().optional(),
  sampleRate: z.number().optional(),
  channels: z.number().optional(),
});

export const streamStatus = z.object({
  role: z.enum(["main", "sub"]),
  state: z.enum(CAMERA_STATES),
  format: streamFormat.nullable(),
  audioFormat: streamFormat.nullable(),
  fps: z.number(),
  bitrateKbps: z.number(),
  lastFrameAt: instant.nullable(),
  reconnects: z.number(),
  lastError: z.string().nullable(),
  clockOffsetMs: z.number().nullable(),
  /** Parts per million by which the camera's clock runs fast; null until measured over a minute. */
  clockDriftPpm: z.number().nullable(),
  lostPackets: z.number(),
  droppedFrames: z.number(),
  transport: z.enum(["tcp", "udp"]).nullable(),
});

/** Flat figures are those of the sub stream, or of the main stream where there is no sub. */
export const cameraStatus = z.object({
  state: z.enum(CAMERA_STATES),
  fps: z.number(),
  bitrateKbps: z.number(),
  codec: z.string().nullable(),
  width: z.number(),
  height: z.number(),
  lastFrameAt: instant.nullable(),
  reconnects: z.number(),
  lastError: z.string().nullable(),
  streams: z.array(streamStatus),
});
export type CameraStatusBody = z.infer<typeof cameraStatus>;

const transport = z.enum(["auto", "tcp", "udp"]);

export const camera = z.object({
  id: z.uuid(),
  name: z.string(),
  /** Path of the resource tree, "/"-separated: site/building/floor/zone. Empty: top. */
  group: z.string(),
  enabled: z.boolean(),
  /** Administrators only, and never with a password in it. */
  url: z.string().optional(),
  subUrl: z.string().nullable().optional(),
  username: z.string().nullable().optional(),
  hasPassword: z.boolean().optional(),
  transport: transport.optional(),
  allowUntrustedCertificate: z.boolean().optional(),
  status: cameraStatus,
  createdAt: instant,
});
export type Camera = z.infer<typeof camera>;

export const createCameraRequest = z.object({
  name,
  /** rtsp:// or rtsps://. Credentials in it are moved to username/password. */
  url,
  subUrl: url.nullish(),
  username: z.string().max(256).nullish(),
  password: z.string().max(256).nullish(),
  group: z.string().max(400).optional(),
  enabled: z.boolean().optional(),
  transport: transport.optional(),
  allowUntrustedCertificate: z.boolean().optional(),
});
/** `password` left out: unchanged. null: removed. */
export const updateCameraRequest = createCameraRequest.partial();
/** `cameraId`: use that camera's stored password where none is given. */
export const probeRequest = createCameraRequest
  .pick({ url: true, username: true, password: true, transport: true, allowUntrustedCertificate: true })
  .extend({ cameraId: z.uuid().optional() });
export const probeResponse = z.object({
  format: streamFormat,
  audioFormat: streamFormat.nullable(),
  transport: z.enum(["tcp", "udp"]),
  server: z.string().nullable(),
  firstFrameMs: z.number(),
  measuredFps: z.number(),
  measuredKbps: z.number(),
  /** One keyframe, Annex B, base64: the browser decodes and shows it. Empty where the caller may not see the camera live. */
  keyframe: z.string(),
});
export type ProbeResponse = z.infer<typeof probeResponse>;

export const LAYOUT_KINDS = ["1", "2x2", "3x3", "4x4", "5x5", "6x6", "8x8", "1+5", "1+7", "1+12"] as const;
export const layoutBody = z.object({
  name,
  kind: z.enum(LAYOUT_KINDS),
  /** Cell by cell, null for an empty one. */
  cells: z.array(z.uuid().nullable()).max(64),
  shared: z.boolean().optional(),
});
export const layout = layoutBody.extend({ id: z.uuid(), ownerId: z.uuid(), shared: z.boolean(), updatedAt: instant });
export type Layout = z.infer<typeof layout>;

export const systemStats = z.object({
  /** Share of all cores since the last reading, 0..1. */
  cpu: z.number(),
  cpuCores: z.number(),
  /** This process. */
  rssBytes: z.number(),
  /** The embedded database's processes, 0 when it is external. */
  databaseRssBytes: z.number(),
  threads: z.number(),
  uptimeSeconds: z.number(),
  cameras: z.number(),
  camerasOnline: z.number(),
  streamsPulled: z.number(),
  clients: z.number(),
  framesSealed: z.number(),
  bytesSealed: z.number(),
  framesRelayed: z.number(),
  bytesRelayed: z.number(),
  framesDropped: z.number(),
  database: z.enum(["embedded", "postgres"]),
  webTransport: z.boolean(),
  version: z.string(),
});
export type SystemStats = z.infer<typeof systemStats>;

/** GET /live/config: how the browser reaches the live relay. */
export const liveConfig = z.object({
  webSocketPath: z.string(),
  webTransport: z.object({ port: z.number(), path: z.string(), certificateHash: z.string().nullable() }).nullable(),
  quotaKbps: z.number(),
});
export type LiveConfig = z.infer<typeof liveConfig>;
