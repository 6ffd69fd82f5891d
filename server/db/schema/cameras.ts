import { sql } from "drizzle-orm";
import { boolean, check, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const cameras = pgTable("cameras", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  /** Path in the resource tree, "/"-separated; empty: top. */
  groupPath: text("group_path").notNull().default(""),
  enabled: boolean("enabled").notNull().default(true),
  transport: text("transport", { enum: ["auto", "tcp", "udp"] })
    .notNull()
    .default("auto"),
  allowUntrustedCertificate: boolean("allow_untrusted_certificate").notNull().default(false),
  /** Sealed fields: `aria256gcm:<mek id>:<base64 nonce|ciphertext|tag>`, bound to this row and column. */
  usernameSealed: text("username_sealed"),
  passwordSealed: text("password_sealed"),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

export const streams = pgTable(
  "streams",
  {
    /** On the wire and in every nonce as u32; never given out twice. */
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    cameraId: uuid("camera_id")
      .notNull()
      .references(() => cameras.id, { onDelete: "cascade" }),
    role: text("role", { enum: ["main", "sub"] }).notNull(),
    /** Of earlier versions; sealed at the next start (server/control/stream-urls.ts), then null. */
    url: text("url"),
    /**
     * rtsp:// or rtsps://, never with credentials before the host. Sealed field of context `streams.url_sealed|<id>`:
     * many cameras take a token, or name and password, in the query. Null for a moment only, until the row has its id.
     */
    urlSealed: text("url_sealed"),
  },
  (table) => [
    unique("streams_camera_role").on(table.cameraId, table.role),
    check("streams_role", sql`${table.role} in ('main', 'sub')`),
    // Last line of defence: the service moves credentials out before it gets here.
    check("streams_url_without_credentials", sql`${table.url} !~ '^[a-z]+://[^/]*@'`),
  ],
);
