import { pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** Where a camera was when it was removed: its recordings go on following that place's settings. */
export const removedCameras = pgTable("removed_cameras", {
  cameraId: uuid("camera_id").primaryKey(),
  /** Path in the resource tree, as in `cameras`. */
  groupPath: text("group_path").notNull(),
  removedAt: instant("removed_at").notNull(),
});
