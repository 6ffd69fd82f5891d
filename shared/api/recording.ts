import { z } from "zod";

/** REST bodies of recording, playback and export under /api/v1. Times: µs since the Unix epoch, UTC, in `...Micros`. */

const instant = z.iso.datetime();
const micros = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const text = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}]*$/u, "must not contain control characters");
const title = text(200).min(1);
const longText = z.string().trim().max(4000);
const range = { startMicros: micros, endMicros: micros };

export const GAP_REASONS = [
  "camera-offline",
  "frames-lost",
  "clock-step",
  "no-key",
  "recorder-overflow",
  "storage-full",
  "storage-failed",
  "storage-slow",
  "server-stopped",
  "media-restarted",
] as const;
export const gapReason = z.enum(GAP_REASONS);
export type GapReason = z.infer<typeof gapReason>;

export const RECORDING_MODES = ["off", "continuous", "schedule", "event"] as const;
export const recordingMode = z.enum(RECORDING_MODES);
export type RecordingMode = z.infer<typeof recordingMode>;

/** 7 days from Monday, 48 half hours each, in the time zone: `-` off, `c` continuous, `e` on event. */
export const weeklySchedule = z.object({
  timeZone: z.string().min(1).max(64),
  days: z
    .array(z.string().regex(/^[-ce]{48}$/, "48 half hours of -, c or e"))
    .min(7)
    .max(7),
});
export type WeeklySchedule = z.infer<typeof weeklySchedule>;

/** Settings of one scope; null or left out: inherited. */
export const recordingPolicy = z
  .object({
    mode: recordingMode.nullable(),
    streams: z.enum(["main", "sub", "both"]).nullable(),
    audio: z.boolean().nullable(),
    schedule: weeklySchedule.nullable(),
    preRollSeconds: z.number().int().min(0).max(60).nullable(),
    postRollSeconds: z.number().int().min(0).max(600).nullable(),
    segmentSeconds: z.number().int().min(10).max(3600).nullable(),
    retentionDays: z.number().int().min(1).max(3650).nullable(),
    minimumDays: z.number().int().min(0).max(3650).nullable(),
    maxBytes: z.number().int().min(1_000_000).nullable(),
    warmAfterDays: z.number().int().min(0).max(3650).nullable(),
    coldAfterDays: z.number().int().min(0).max(3650).nullable(),
    volumeIds: z.array(z.uuid()).max(32).nullable(),
  })
  .partial();
export type RecordingPolicy = z.infer<typeof recordingPolicy>;

export const policyScope = z.enum(["system", "group", "camera"]);
export const scopedPolicy = z.object({ scope: policyScope, target: z.string().max(400), policy: recordingPolicy });
export type ScopedPolicy = z.infer<typeof scopedPolicy>;

/** Where a value comes from: `default`, `system`, `group:<path>`, `camera`. */
const from = <T extends z.ZodType>(value: T) => z.object({ value, from: z.string() });
export const effectivePolicy = z.object({
  cameraId: z.uuid(),
  mode: from(recordingMode),
  streams: from(z.enum(["main", "sub", "both"])),
  audio: from(z.boolean()),
  schedule: from(weeklySchedule.nullable()),
  preRollSeconds: from(z.number()),
  postRollSeconds: from(z.number()),
  segmentSeconds: from(z.number()),
  retentionDays: from(z.number().nullable()),
  minimumDays: from(z.number()),
  maxBytes: from(z.number().nullable()),
  warmAfterDays: from(z.number().nullable()),
  coldAfterDays: from(z.number().nullable()),
  volumeIds: from(z.array(z.uuid()).nullable()),
});
export type EffectivePolicy = z.infer<typeof effectivePolicy>;

/** What the recorder does with a camera now. */
export const recordingState = z.object({
  cameraId: z.uuid(),
  recording: z.boolean(),
  /** Why: `continuous`, `schedule`, `event`, `manual`, `emergency`, `off`. */
  cause: z.enum(["continuous", "schedule", "event", "manual", "emergency", "off"]),
  untilMicros: micros.nullable(),
  /** Last fault, e.g. a gap reason. */
  fault: gapReason.nullable(),
});
export type RecordingState = z.infer<typeof recordingState>;

export const manualRecordingRequest = z.object({
  on: z.boolean(),
  /** Ends by itself after so long; default 30 minutes. */
  seconds: z.number().int().min(1).max(86_400).optional(),
});
export const emergencyRecordingRequest = z.object({ on: z.boolean(), reason: text(500).optional() });
export const emergencyState = z.object({ on: z.boolean(), sinceMicros: micros.nullable(), by: z.string().nullable() });
export const cameraEventRequest = z.object({
  kind: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  title: text(200).optional(),
  startMicros: micros.optional(),
  endMicros: micros.optional(),
});

export const segmentEntry = z.object({
  id: z.number(),
  cameraId: z.uuid(),
  role: z.enum(["main", "sub"]),
  ...range,
  bytes: z.number(),
  frames: z.number(),
  codec: z.string(),
  width: z.number(),
  height: z.number(),
  state: z.enum(["open", "closed", "moving"]),
  tier: z.enum(["hot", "warm", "cold"]),
  locked: z.boolean(),
});
export type SegmentEntry = z.infer<typeof segmentEntry>;

/** Pairs [start, end) in µs, sorted, apart by at least the resolution asked for. */
const spans = z.array(z.tuple([micros, micros]));
export const timelineCamera = z.object({
  cameraId: z.uuid(),
  recorded: spans,
  /** `open`: it lasts; its end is now. */
  gaps: z.array(z.object({ ...range, reason: gapReason, frames: z.number(), open: z.boolean().optional() })),
  events: z.array(z.object({ ...range, kind: z.string(), count: z.number(), title: z.string().nullable() })),
  bookmarks: z.array(z.object({ id: z.uuid(), ...range, title: z.string(), colour: z.string() })),
  locked: spans,
});
export type TimelineCamera = z.infer<typeof timelineCamera>;
/**
 * GET /timeline?cameras=a,b&detail=a&startMicros&endMicros&resolutionMicros. `all` and `events`: every camera asked for
 * together. Gaps and events of a camera of its own are listed for `detail` (default: all of them).
 */
export const timeline = z.object({
  ...range,
  resolutionMicros: z.number(),
  cameras: z.array(timelineCamera),
  all: spans,
  events: spans,
  /** Oldest and newest footage of these cameras at all; null: none. */
  firstMicros: micros.nullable(),
  lastMicros: micros.nullable(),
});
export type Timeline = z.infer<typeof timeline>;
/** GET /timeline/days?cameras=&month=YYYY-MM&timeZone= : days of the month with footage, 1 to 31. */
export const timelineDays = z.object({ month: z.string(), timeZone: z.string(), days: z.array(z.number()) });

export const BOOKMARK_COLOURS = ["blue", "green", "yellow", "orange", "red", "purple"] as const;
export const bookmarkBody = z.object({
  cameraId: z.uuid(),
  ...range,
  title,
  note: longText.default(""),
  tags: z.array(text(40).min(1)).max(20).default([]),
  colour: z.enum(BOOKMARK_COLOURS).default("blue"),
});
export const bookmark = bookmarkBody.extend({
  id: z.uuid(),
  createdByName: z.string(),
  createdAt: instant,
  updatedAt: instant,
});
export type Bookmark = z.infer<typeof bookmark>;

export const evidenceLockBody = z.object({
  cameraId: z.uuid(),
  ...range,
  reason: text(500).min(1),
  expiresAt: instant.nullable().default(null),
});
export const evidenceLock = evidenceLockBody.extend({
  id: z.uuid(),
  createdByName: z.string(),
  createdAt: instant,
  releasedAt: instant.nullable(),
  releasedByName: z.string().nullable(),
  releaseReason: z.string().nullable(),
  /** The case whose range it holds. */
  caseId: z.uuid().nullable(),
});
export type EvidenceLock = z.infer<typeof evidenceLock>;

export const evidenceNote = z.object({ at: instant, byName: z.string(), text: longText });
export type EvidenceNote = z.infer<typeof evidenceNote>;
export const caseItem = z.object({ id: z.uuid(), cameraId: z.uuid(), ...range, note: longText.default("") });
export const caseBody = z.object({
  title,
  reference: text(100).default(""),
  items: z
    .array(caseItem.omit({ id: true }))
    .max(500)
    .default([]),
});
export const evidenceCase = caseBody.extend({
  id: z.uuid(),
  items: z.array(caseItem),
  notes: z.array(evidenceNote),
  closedAt: instant.nullable(),
  createdByName: z.string(),
  createdAt: instant,
  updatedAt: instant,
});
export type EvidenceCase = z.infer<typeof evidenceCase>;

export const EXPORT_FORMATS = ["mp4", "mkv", "sealed"] as const;
export const exportSpec = z.object({
  title,
  format: z.enum(EXPORT_FORMATS),
  items: z
    .array(
      z.object({
        cameraId: z.uuid(),
        role: z.enum(["main", "sub"]).default("main"),
        ...range,
        note: longText.default(""),
      }),
    )
    .min(1)
    .max(100),
  audio: z.boolean().default(true),
  /** Burnt in: user and time. Re-encodes; needs FFmpeg on the server. */
  watermark: z.boolean().default(false),
  /** `sealed` only: opens the package; 12 characters or more. Kept sealed until the job has run. */
  passphrase: z.string().min(12).max(256).optional(),
  caseId: z.uuid().optional(),
  reason: text(500).default(""),
});
export type ExportSpec = z.infer<typeof exportSpec>;
export const exportJob = z.object({
  id: z.uuid(),
  state: z.enum(["queued", "running", "done", "failed", "cancelled", "expired"]),
  title: z.string(),
  format: z.enum(EXPORT_FORMATS),
  items: z.number(),
  caseId: z.uuid().nullable(),
  /** 0 to 1. */
  progress: z.number(),
  /** Place in the queue, 1 is next; null: not queued. */
  queuePosition: z.number().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  fileName: z.string().nullable(),
  bytes: z.number().nullable(),
  sha256: z.string().nullable(),
  createdByName: z.string(),
  createdAt: instant,
  finishedAt: instant.nullable(),
  expiresAt: instant.nullable(),
});
export type ExportJob = z.infer<typeof exportJob>;

export const storageVolumeBody = z.object({
  name: text(100).min(1),
  kind: z.enum(["local", "s3"]),
  tier: z.enum(["hot", "warm", "cold"]),
  location: z.string().trim().min(1).max(1024),
  /** Buckets. Left out on a change: those that are known stay. */
  accessKeyId: z.string().max(256).optional(),
  secretAccessKey: z.string().max(256).optional(),
  /** Buckets: what requests are signed for; left out: us-east-1. */
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, "a region's name, such as eu-central-1")
    .optional(),
  /** Buckets: `https://host/bucket/...`; else `https://bucket.host/...`. */
  pathStyle: z.boolean().default(true),
  /** Fuller than so many percent, the oldest recordings move to the next tier; null: by age alone. */
  moveAtPercent: z.number().int().min(10).max(99).nullable().default(null),
  /** Recordings are moved here no faster; null: 400. */
  moveMbitPerSecond: z.number().int().min(1).max(100_000).nullable().default(null),
  reserveBytes: z.number().int().min(0).default(1_000_000_000),
  priority: z.number().int().min(0).max(1000).default(0),
  enabled: z.boolean().default(true),
});
export const VOLUME_STATES = ["ok", "slow", "full", "read-only", "missing", "failed"] as const;
export const storageVolume = storageVolumeBody.omit({ accessKeyId: true, secretAccessKey: true }).extend({
  id: z.uuid(),
  hasCredentials: z.boolean(),
  state: z.enum(VOLUME_STATES),
  stateDetail: z.string().nullable(),
  totalBytes: z.number().nullable(),
  freeBytes: z.number().nullable(),
  usedBytes: z.number(),
  segments: z.number(),
  /** At the rate of the last day until retention begins to delete or the volume is full; null: not known. */
  daysLeft: z.number().nullable(),
});
export type StorageVolume = z.infer<typeof storageVolume>;
