import { bigint, index, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { storageVolumes } from "./recording.ts";

/**
 * Segments on their way to another volume. The row is committed before the copy is begun and goes after the old file: after a
 * crash it says which of the two files goes (server/record/README.md). It stands on its own: retention may delete the segment
 * while its old file still waits to be removed.
 */
export const segmentMoves = pgTable(
  "segment_moves",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    segmentId: bigint("segment_id", { mode: "number" }).notNull(),
    cameraId: uuid("camera_id").notNull(),
    fromVolumeId: uuid("from_volume_id")
      .notNull()
      .references(() => storageVolumes.id),
    fromPath: text("from_path").notNull(),
    toVolumeId: uuid("to_volume_id")
      .notNull()
      .references(() => storageVolumes.id),
    toPath: text("to_path").notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull(),
    /** `copying`: the index names the old place. `cleaning`: it names the new one, and the old file goes. */
    phase: text("phase", { enum: ["copying", "cleaning"] }).notNull(),
    startedAt: instant("started_at").notNull(),
  },
  (table) => [
    unique("segment_moves_segment").on(table.segmentId),
    unique("segment_moves_target").on(table.toVolumeId, table.toPath),
    index("segment_moves_from").on(table.fromVolumeId),
  ],
);
