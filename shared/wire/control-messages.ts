import { z } from "zod";

/** Control messages of the live protocol, JSON, both transports. Frames are binary and never in here. */

const cameraId = z.uuid();
const base64 = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/);
const u32 = z.number().int().min(0).max(0xffffffff);

/** How much of a camera a tile deserves. Decided by the server from the tile's device pixels. */
export const QUALITY_LEVELS = ["paused", "thumbnail", "grid", "focused", "fullscreen"] as const;
export type QualityLevel = (typeof QUALITY_LEVELS)[number];

export const CAMERA_STATES = ["connecting", "online", "degraded", "offline", "unauthorised", "disabled"] as const;
export type CameraState = (typeof CAMERA_STATES)[number];

const format = z.object({
  codec: z.enum(["h264", "h265", "mjpeg", "aac", "pcmu", "pcma"]),
  codecString: z.string().max(64),
  width: z.number().int().min(0).max(16384),
  height: z.number().int().min(0).max(16384),
  fps: z.number().min(0).max(1000).optional(),
  sampleRate: z.number().int().optional(),
  channels: z.number().int().optional(),
});

const keyName = { cameraId, keyId: u32, generation: u32, epoch: u32 };

export const clientMessage = z.discriminatedUnion("type", [
  /** First message. `publicKey`: raw uncompressed P-256 point (65 bytes), base64. */
  z.object({ type: z.literal("hello"), token: z.string().max(4096), publicKey: base64, client: z.string().max(128) }),
  /** A newer access token of the same session, before the old one expires. */
  z.object({ type: z.literal("renew"), token: z.string().max(4096) }),
  /** Adds or updates tiles' cameras; idempotent. Sizes in device pixels of the largest tile showing the camera. */
  z.object({
    type: z.literal("subscribe"),
    cameras: z
      .array(
        z.object({
          cameraId,
          widthPx: z.number().min(0).max(32768),
          heightPx: z.number().min(0).max(32768),
          visible: z.boolean(),
          audio: z.boolean().optional(),
        }),
      )
      .max(512),
  }),
  z.object({ type: z.literal("unsubscribe"), cameraIds: z.array(cameraId).max(512) }),
  /** The client holds a frame whose key it lacks. */
  z.object({ type: z.literal("need_key"), ...keyName }),
  /** Cameras whose pictures come out late or not at all; the server answers by stepping down or a fresh GOP. */
  z.object({
    type: z.literal("report"),
    cameras: z
      .array(z.object({ cameraId, latencyMs: z.number(), decodeQueue: z.number().int(), dropped: z.number().int() }))
      .max(512),
  }),
  z.object({ type: z.literal("ping"), t: z.number() }),
]);
export type ClientMessage = z.infer<typeof clientMessage>;

export const serverMessage = z.discriminatedUnion("type", [
  /** `publicKey`/`salt`: the server's half of the session key (SPEC.md, session key). Times in µs UTC. */
  z.object({
    type: z.literal("welcome"),
    connectionId: z.string(),
    publicKey: base64,
    salt: base64,
    serverTimeMicros: z.number(),
    tokenExpiresAtMicros: z.number(),
    quotaKbps: z.number(),
  }),
  /** From the next keyframe on, `streamId` is what the camera's tile shows. */
  z.object({
    type: z.literal("stream"),
    cameraId,
    streamId: u32,
    role: z.enum(["main", "sub"]),
    level: z.enum(QUALITY_LEVELS),
    /** Why less than the tile deserves: quota, viewer too slow, main not available. */
    limitedBy: z.enum(["quota", "viewer", "camera"]).optional(),
    format: format.optional(),
    audioFormat: format.optional(),
  }),
  /** Epoch keys wrapped with the session key: base64 of nonce(12) | ciphertext(32) | tag(16). */
  z.object({
    type: z.literal("keys"),
    keys: z.array(z.object({ ...keyName, suite: z.number().int(), wrapped: base64 })).max(1024),
  }),
  z.object({
    type: z.literal("camera_status"),
    cameraId,
    state: z.enum(CAMERA_STATES),
    reason: z.string().max(512).optional(),
    recording: z.boolean().optional(),
  }),
  /** Not (or no longer) permitted, or no such camera: one code for both, so that ids cannot be probed. */
  z.object({ type: z.literal("denied"), cameraId, code: z.string() }),
  z.object({ type: z.literal("pong"), t: z.number(), serverTimeMicros: z.number() }),
  z.object({
    type: z.literal("event"),
    kind: z.string(),
    cameraId: cameraId.optional(),
    timeMicros: z.number(),
    data: z.unknown().optional(),
  }),
  z.object({
    type: z.literal("server_status"),
    cameras: z.number(),
    clients: z.number(),
    /** Of the server's process, as a share of all cores: 0 to 1. */
    cpu: z.number(),
    draining: z.boolean(),
  }),
  z.object({ type: z.literal("session_expired"), code: z.string(), message: z.string() }),
  z.object({ type: z.literal("error"), code: z.string(), message: z.string(), field: z.string().optional() }),
]);
export type ServerMessage = z.infer<typeof serverMessage>;
