import { index, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { bytes, instant } from "./columns.ts";
import { layouts, users } from "./users.ts";

/** Keys of programs. A token acts for its owner, with the owner's rights of the moment, narrowed by what is listed here. */
export const apiTokens = pgTable(
  "api_tokens",
  {
    id: uuid("id").primaryKey(),
    /** A person or a service account; a token without one cannot be. */
    ownerId: uuid("owner_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** SHA-256 of the token: 32 random bytes need no slow hash. */
    tokenHash: bytes("token_hash").notNull().unique(),
    /** Its first characters, so that people know which one they hold. */
    hint: text("hint").notNull(),
    permissions: jsonb("permissions").$type<string[]>().notNull(),
    /** Null: every camera that the owner may use. */
    cameraIds: jsonb("camera_ids").$type<string[] | null>(),
    /** CIDR ranges from which it may be used; none: from anywhere. */
    networks: jsonb("networks").$type<string[]>().notNull(),
    ratePerMinute: integer("rate_per_minute").notNull(),
    createdAt: instant("created_at").notNull(),
    createdByName: text("created_by_name").notNull(),
    expiresAt: instant("expires_at").notNull(),
    revokedAt: instant("revoked_at"),
    revokedByName: text("revoked_by_name"),
    /** Written once a minute at most. */
    lastUsedAt: instant("last_used_at"),
    lastUsedIp: text("last_used_ip"),
  },
  (table) => [index("api_tokens_owner").on(table.ownerId)],
);

/** Wall displays that nobody signs in at: each shows one layout, and proves who it is with a key that never leaves it. */
export const kioskDevices = pgTable(
  "kiosk_devices",
  {
    id: uuid("id").primaryKey(),
    /** The rights of this user bound what the display may show. */
    ownerId: uuid("owner_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Null: the layout was deleted; nothing is shown. */
    layoutId: uuid("layout_id").references(() => layouts.id, { onDelete: "set null" }),
    name: text("name").notNull(),
    networks: jsonb("networks").$type<string[]>().notNull(),
    /** SHA-256 of the one-time code of the link; null: used or withdrawn. */
    enrolHash: bytes("enrol_hash"),
    enrolExpiresAt: instant("enrol_expires_at"),
    /** P-256, uncompressed, 65 bytes; null: not set up yet. */
    publicKey: bytes("public_key"),
    enrolledAt: instant("enrolled_at"),
    createdAt: instant("created_at").notNull(),
    createdByName: text("created_by_name").notNull(),
    revokedAt: instant("revoked_at"),
    revokedByName: text("revoked_by_name"),
    /** Written once a minute at most. */
    lastSeenAt: instant("last_seen_at"),
    lastSeenIp: text("last_seen_ip"),
    /** Shortened User-Agent. */
    agent: text("agent"),
  },
  (table) => [index("kiosk_devices_owner").on(table.ownerId), index("kiosk_devices_layout").on(table.layoutId)],
);
