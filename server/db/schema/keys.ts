import { date, index, integer, pgTable, smallint, text, unique, uuid } from "drizzle-orm/pg-core";
import { bytes, instant } from "./columns.ts";

/** Master keys, wrapped by the root key. The newest one that is not retired wraps; all of them unwrap. */
export const meks = pgTable("meks", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  /** ARIA-256-GCM: nonce(12) | ciphertext(32) | tag(16). Bound to `label`. */
  wrapped: bytes("wrapped").notNull(),
  /** Random; part of what the wrapping authenticates, since the id is not known beforehand. */
  label: uuid("label").notNull(),
  createdAt: instant("created_at").notNull(),
  retiredAt: instant("retired_at"),
});

/**
 * Video keys: one per camera, UTC day and suite. They outlive their camera: recordings need them,
 * so `camera_id` refers to nothing.
 */
export const videoDeks = pgTable(
  "video_deks",
  {
    /** `keyId` of the sealed frame's header, u32. */
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    cameraId: uuid("camera_id").notNull(),
    utcDay: date("utc_day", { mode: "string" }).notNull(),
    /** Number of the suite on the wire (shared/crypto SUITE_IDS). */
    suite: smallint("suite").notNull(),
    mekId: integer("mek_id")
      .notNull()
      .references(() => meks.id),
    /** ARIA-256-GCM: nonce(12) | ciphertext(32) | tag(16). Bound to camera, day and suite. */
    wrapped: bytes("wrapped").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [unique("video_deks_camera_day").on(table.cameraId, table.utcDay, table.suite)],
);

/** Seal generations given out, with their salts. A row is never deleted: playback needs the salt. */
export const sealGenerations = pgTable(
  "seal_generations",
  {
    /** First part of every nonce, u32. Counted up together with a file in the data folder; the larger wins. */
    id: integer("id").primaryKey(),
    /** 16 random bytes, salt of the epoch keys. */
    salt: bytes("salt").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [index("seal_generations_created").on(table.createdAt)],
);

/** Small things that the server keeps. Secret ones are sealed fields (see `cameras.password_sealed`). */
export const settings = pgTable("settings", {
  name: text("name").primaryKey(),
  value: text("value").notNull(),
  updatedAt: instant("updated_at").notNull(),
});
