import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import type { EvidenceNote, ExportSpec, WeeklySchedule } from "../../../shared/api/recording.ts";
import { instant } from "./columns.ts";
import { users } from "./users.ts";

/** Microseconds since the Unix epoch, UTC: what frames carry, kept exact. */
const microsColumn = (name: string) => bigint(name, { mode: "number" });

/** Where segments lie. Hot volumes are written to; warm and cold ones are moved to. */
export const storageVolumes = pgTable(
  "storage_volumes",
  {
    id: uuid("id").primaryKey(),
    name: text("name").notNull(),
    kind: text("kind", { enum: ["local", "s3"] }).notNull(),
    tier: text("tier", { enum: ["hot", "warm", "cold"] }).notNull(),
    /** local: absolute folder. s3: endpoint URL with bucket and prefix, without credentials. */
    location: text("location").notNull(),
    /** s3: sealed field with access key and secret (JSON). */
    credentialsSealed: text("credentials_sealed"),
    /** Kept free for others, bytes. */
    reserveBytes: bigint("reserve_bytes", { mode: "number" }).notNull(),
    /** s3: what requests are signed for; null: us-east-1. */
    region: text("region"),
    /** s3: `https://host/bucket/key`, else `https://bucket.host/key`. */
    pathStyle: boolean("path_style").notNull().default(true),
    /** Fuller than so many percent, its oldest segments move to the next tier; null: by age alone. */
    moveAtPercent: integer("move_at_percent"),
    /** Segments are moved to it no faster; null: 400. */
    moveMbitPerSecond: integer("move_mbit_per_second"),
    /** Order within its tier, and whether it is used for new segments. */
    priority: integer("priority").notNull().default(0),
    enabled: boolean("enabled").notNull().default(true),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [unique("storage_volumes_location").on(table.location)],
);

/**
 * Recording settings of one scope: the whole system (`scope` = "system"), a group path ("group", `target` = path) or a
 * camera ("camera", `target` = id). null: inherited from the scope above.
 */
export const recordingPolicies = pgTable(
  "recording_policies",
  {
    scope: text("scope", { enum: ["system", "group", "camera"] }).notNull(),
    target: text("target").notNull(),
    mode: text("mode", { enum: ["off", "continuous", "schedule", "event"] }),
    streams: text("streams", { enum: ["main", "sub", "both"] }),
    audio: boolean("audio"),
    schedule: jsonb("schedule").$type<WeeklySchedule>(),
    preRollSeconds: integer("pre_roll_seconds"),
    postRollSeconds: integer("post_roll_seconds"),
    segmentSeconds: integer("segment_seconds"),
    retentionDays: integer("retention_days"),
    minimumDays: integer("minimum_days"),
    maxBytes: bigint("max_bytes", { mode: "number" }),
    /** After so many days segments move to the warm, then to the cold tier; null: never. */
    warmAfterDays: integer("warm_after_days"),
    coldAfterDays: integer("cold_after_days"),
    /** Volumes to write to, in order; null: all hot ones. */
    volumeIds: jsonb("volume_ids").$type<string[]>(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.target] })],
);

/** An index entry for each segment file. Rebuilt from the files by `fluxvision check --repair`. */
export const segments = pgTable(
  "segments",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    cameraId: uuid("camera_id").notNull(),
    streamId: integer("stream_id").notNull(),
    role: text("role", { enum: ["main", "sub"] }).notNull(),
    volumeId: uuid("volume_id")
      .notNull()
      .references(() => storageVolumes.id),
    /** Below the volume: `<camera id>/<YYYYMMDD>/<unix seconds>-<stream id>`. */
    path: text("path").notNull(),
    /** Unbroken stretch that this segment belongs to. */
    runId: uuid("run_id").notNull(),
    startMicros: microsColumn("start_micros").notNull(),
    endMicros: microsColumn("end_micros").notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull(),
    frames: integer("frames").notNull(),
    keyframes: integer("keyframes").notNull(),
    audioFrames: integer("audio_frames").notNull().default(0),
    keyId: integer("key_id").notNull(),
    codec: smallint("codec").notNull(),
    codecString: text("codec_string").notNull(),
    width: integer("width").notNull(),
    height: integer("height").notNull(),
    /** `open`: being written. `moving`: a copy is on its way to another tier. `deleting`: the file may be gone already. */
    state: text("state", { enum: ["open", "closed", "moving", "deleting"] }).notNull(),
  },
  (table) => [
    unique("segments_volume_path").on(table.volumeId, table.path),
    index("segments_stream_start").on(table.streamId, table.startMicros),
    index("segments_camera_start").on(table.cameraId, table.startMicros),
    index("segments_start").on(table.startMicros),
    index("segments_not_closed").on(table.state).where(sql`${table.state} <> 'closed'`),
    check("segments_order", sql`${table.endMicros} >= ${table.startMicros}`),
  ],
);

/** Unbroken stretches of segments, kept with them in one transaction: what timelines over weeks are drawn from. */
export const recordingRuns = pgTable(
  "recording_runs",
  {
    id: uuid("id").notNull(),
    streamId: integer("stream_id").notNull(),
    cameraId: uuid("camera_id").notNull(),
    role: text("role", { enum: ["main", "sub"] }).notNull(),
    startMicros: microsColumn("start_micros").notNull(),
    endMicros: microsColumn("end_micros").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.streamId] }),
    index("recording_runs_camera").on(table.cameraId, table.startMicros),
    index("recording_runs_end").on(table.endMicros),
  ],
);

/** What should have been recorded and was not, and why. */
export const recordingGaps = pgTable(
  "recording_gaps",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    cameraId: uuid("camera_id").notNull(),
    streamId: integer("stream_id").notNull(),
    startMicros: microsColumn("start_micros").notNull(),
    endMicros: microsColumn("end_micros").notNull(),
    /** GAP_REASONS of shared/api/recording.ts. */
    reason: text("reason").notNull(),
    detail: text("detail"),
    /** Known lost frames; 0: not known. */
    frames: integer("frames").notNull().default(0),
    /** It lasts: `endMicros` is how far it was known to, and grows. */
    open: boolean("open").notNull().default(false),
  },
  (table) => [
    index("recording_gaps_camera").on(table.cameraId, table.startMicros),
    unique("recording_gaps_once").on(table.streamId, table.startMicros, table.reason),
  ],
);

/** What happened at a camera: triggers recording, drawn on the timeline. */
export const cameraEvents = pgTable(
  "camera_events",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    cameraId: uuid("camera_id").notNull(),
    /** `motion`, `external`, `manual`, `storage`, ... */
    kind: text("kind").notNull(),
    startMicros: microsColumn("start_micros").notNull(),
    endMicros: microsColumn("end_micros").notNull(),
    title: text("title"),
    data: jsonb("data").$type<Record<string, unknown>>(),
  },
  (table) => [index("camera_events_camera").on(table.cameraId, table.startMicros)],
);

export const bookmarks = pgTable(
  "bookmarks",
  {
    id: uuid("id").primaryKey(),
    cameraId: uuid("camera_id").notNull(),
    startMicros: microsColumn("start_micros").notNull(),
    endMicros: microsColumn("end_micros").notNull(),
    title: text("title").notNull(),
    note: text("note").notNull().default(""),
    tags: text("tags").array().notNull(),
    /** BOOKMARK_COLOURS of shared/api/recording.ts. */
    colour: text("colour").notNull(),
    createdBy: uuid("created_by").references(() => users.id, { onDelete: "set null" }),
    createdByName: text("created_by_name").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [index("bookmarks_camera").on(table.cameraId, table.startMicros)],
);

/** Footage that retention must not touch. A row stays after release: who, when, why. */
export const evidenceLocks = pgTable(
  "evidence_locks",
  {
    id: uuid("id").primaryKey(),
    cameraId: uuid("camera_id").notNull(),
    startMicros: microsColumn("start_micros").notNull(),
    endMicros: microsColumn("end_micros").notNull(),
    reason: text("reason").notNull(),
    expiresAt: instant("expires_at"),
    createdBy: uuid("created_by").references(() => users.id, { onDelete: "set null" }),
    createdByName: text("created_by_name").notNull(),
    createdAt: instant("created_at").notNull(),
    releasedAt: instant("released_at"),
    releasedByName: text("released_by_name"),
    releaseReason: text("release_reason"),
    /** The case whose ranges it holds; null: set by itself, or the case is deleted. The lock outlives the case. */
    caseId: uuid("case_id").references((): AnyPgColumn => cases.id, { onDelete: "set null" }),
  },
  (table) => [
    index("evidence_locks_camera").on(table.cameraId, table.startMicros),
    index("evidence_locks_case").on(table.caseId),
  ],
);

export const cases = pgTable("cases", {
  id: uuid("id").primaryKey(),
  title: text("title").notNull(),
  reference: text("reference").notNull().default(""),
  notes: jsonb("notes").$type<EvidenceNote[]>().notNull(),
  closedAt: instant("closed_at"),
  createdBy: uuid("created_by").references(() => users.id, { onDelete: "set null" }),
  createdByName: text("created_by_name").notNull(),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

export const caseItems = pgTable(
  "case_items",
  {
    id: uuid("id").primaryKey(),
    caseId: uuid("case_id")
      .notNull()
      .references(() => cases.id, { onDelete: "cascade" }),
    cameraId: uuid("camera_id").notNull(),
    startMicros: microsColumn("start_micros").notNull(),
    endMicros: microsColumn("end_micros").notNull(),
    note: text("note").notNull().default(""),
    position: integer("position").notNull(),
  },
  (table) => [index("case_items_case").on(table.caseId)],
);

/** `actingAs`: the token or device that asked, whose narrower rights hold while the job lasts. */
export type StoredExportSpec = ExportSpec & { readonly actingAs?: string };

/** Export jobs survive a restart: a job that was running is queued again. */
export const exportJobs = pgTable(
  "export_jobs",
  {
    id: uuid("id").primaryKey(),
    state: text("state", { enum: ["queued", "running", "done", "failed", "cancelled", "expired"] }).notNull(),
    spec: jsonb("spec").$type<StoredExportSpec>().notNull(),
    title: text("title").notNull(),
    /** 0 to 1. */
    progress: integer("progress_permille").notNull().default(0),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    /** Below the export folder, once done. */
    fileName: text("file_name"),
    bytes: bigint("bytes", { mode: "number" }),
    sha256: text("sha256"),
    createdBy: uuid("created_by").references(() => users.id, { onDelete: "set null" }),
    createdByName: text("created_by_name").notNull(),
    createdAt: instant("created_at").notNull(),
    startedAt: instant("started_at"),
    finishedAt: instant("finished_at"),
    expiresAt: instant("expires_at"),
  },
  (table) => [index("export_jobs_state").on(table.state, table.createdAt)],
);

/** Video keys destroyed on purpose: what they sealed stays unreadable, and this says so. */
export const revokedVideoKeys = pgTable("revoked_video_keys", {
  /** The number that frames carry; the row of `video_deks` is gone. */
  keyId: integer("key_id").primaryKey(),
  cameraId: uuid("camera_id").notNull(),
  utcDay: date("utc_day", { mode: "string" }).notNull(),
  reason: text("reason").notNull(),
  revokedByName: text("revoked_by_name").notNull(),
  revokedAt: instant("revoked_at").notNull(),
});
