import { z } from "zod";

/**
 * Control messages of playback: `/api/v1/playback`, one WebSocket, SPEC.md section 12. `hello`, `renew`, `ping`,
 * `need_key` and the answers `welcome`, `keys`, `pong`, `session_expired`, `error` are those of the live protocol.
 */

const cameraId = z.uuid();
const base64 = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/);
const u32 = z.number().int().min(0).max(0xffffffff);
const micros = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const keyName = { cameraId, keyId: u32, generation: u32, epoch: u32 };

export const playbackRequestId = u32;
export const MAX_READS = 64;
/** What one `read` may ask for. */
export const MAX_READ_BYTES = 16 * 1024 * 1024;

/** Messages of one viewer: who sends more is hung up on. */
export const SERVER_TAKES = { perSecond: 200, burst: 2400 } as const;
/**
 * What a viewer keeps to. A network that stands still delivers at once what was sent meanwhile: all of that, until the
 * viewer gives the line up (18 s at the latest), has to fit into the server's burst.
 */
export const VIEWER_SENDS = { perSecond: 120, burst: 240 } as const;

export const playbackClientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), token: z.string().max(4096), publicKey: base64, client: z.string().max(128) }),
  z.object({ type: z.literal("renew"), token: z.string().max(4096) }),
  z.object({ type: z.literal("need_key"), ...keyName }),
  z.object({ type: z.literal("ping"), t: z.number() }),
  /**
   * Whole GOPs of one camera, each in decode order, at least one even when it is over `maxBytes`.
   * forward: the GOP that holds `fromMicros` (or the first one after it), then those after it, up to `toMicros`.
   * backward: the GOP that holds `fromMicros` (or the last one before it), then those before it, down to `toMicros`.
   */
  z.object({
    type: z.literal("read"),
    requestId: u32,
    cameraId,
    /** `main`, `sub`: that one where it was recorded, else the other. */
    role: z.enum(["main", "sub"]),
    direction: z.enum(["forward", "backward"]),
    fromMicros: micros,
    toMicros: micros,
    maxBytes: z.number().int().min(1).max(MAX_READ_BYTES),
    /** Keyframes only, at least so far apart: for scrubbing, thumbnails and high speeds. */
    keyframesApartMicros: micros.optional(),
    audio: z.boolean().optional(),
    /** `false`: the pictures stay away; for hearing a camera whose pictures are read elsewhere, or of its other stream. */
    video: z.boolean().optional(),
  }),
  z.object({ type: z.literal("cancel"), requestId: u32 }),
]);
export type PlaybackClientMessage = z.infer<typeof playbackClientMessage>;

export const playbackServerMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    connectionId: z.string(),
    publicKey: base64,
    salt: base64,
    serverTimeMicros: z.number(),
    tokenExpiresAtMicros: z.number(),
  }),
  z.object({
    type: z.literal("keys"),
    keys: z.array(z.object({ ...keyName, suite: z.number().int(), wrapped: base64 })).max(1024),
  }),
  /** Before the first frame of a read, and when what follows is of another stream, format or run. */
  z.object({
    type: z.literal("source"),
    requestId: u32,
    cameraId,
    streamId: u32,
    role: z.enum(["main", "sub"]),
    codecString: z.string().max(64),
    width: z.number().int(),
    height: z.number().int(),
    /** The stretch that follows is unbroken from here to `spanEndMicros`. */
    spanStartMicros: micros,
    spanEndMicros: micros,
  }),
  /**
   * The read is over. `nextMicros`: where to go on, forward the time of the next keyframe, backward a time in the GOP
   * before; null: nothing more within the bounds. A jump over a gap shows as `nextMicros` beyond the span's end.
   */
  z.object({
    type: z.literal("end"),
    requestId: u32,
    nextMicros: micros.nullable(),
    frames: z.number().int(),
    /** With nothing found: the nearest footage outside the bounds, both null where there is none. */
    earlierMicros: micros.nullable(),
    laterMicros: micros.nullable(),
  }),
  z.object({ type: z.literal("denied"), requestId: u32, code: z.string() }),
  /** The right to a camera that was read ended: what is here of it must be forgotten at once. */
  z.object({ type: z.literal("withdrawn"), cameraId, code: z.string() }),
  z.object({ type: z.literal("pong"), t: z.number(), serverTimeMicros: z.number() }),
  z.object({ type: z.literal("session_expired"), code: z.string(), message: z.string() }),
  z.object({
    type: z.literal("error"),
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    requestId: u32.optional(),
  }),
]);
export type PlaybackServerMessage = z.infer<typeof playbackServerMessage>;

/** A binary message: `request id u32 | whole sealed frames back to back`. */
export const PLAYBACK_PREFIX_BYTES = 4;
