import { boolean, index, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { bytes, instant } from "./columns.ts";

export const users = pgTable("users", {
  id: uuid("id").primaryKey(),
  username: text("username").notNull(),
  /** `username` in NFKC and lower case: what must be unique, and what login looks up. */
  usernameKey: text("username_key").notNull().unique(),
  displayName: text("display_name").notNull(),
  /** `pbkdf2-sha256$<iterations>$<salt base64>$<hash base64>`. */
  passwordHash: text("password_hash").notNull(),
  /** Somebody else made the password: its owner chooses another one at the next sign-in. */
  passwordChangeRequired: boolean("password_change_required").notNull().default(false),
  enabled: boolean("enabled").notNull().default(true),
  language: text("language", { enum: ["en", "ko"] })
    .notNull()
    .default("en"),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
  lastLoginAt: instant("last_login_at"),
});

/** One login on one device: the family of its refresh tokens. */
export const sessions = pgTable(
  "sessions",
  {
    id: uuid("id").primaryKey(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** SHA-256 of the only refresh token that is good now. */
    refreshHash: bytes("refresh_hash").notNull(),
    /** How often the refresh token was rotated. An authentic token with a smaller number is a reused one. */
    rotation: integer("rotation").notNull().default(0),
    createdAt: instant("created_at").notNull(),
    /** When the refresh token was last rotated. */
    lastActivityAt: instant("last_activity_at").notNull(),
    /** Slides with activity, never past the absolute limit. */
    expiresAt: instant("expires_at").notNull(),
    revokedAt: instant("revoked_at"),
    /** `logout`, `reuse`, `admin`, `password`, `disabled`, `user`. */
    revokedReason: text("revoked_reason"),
    /** Shortened User-Agent, so that a person recognises the device. */
    device: text("device").notNull(),
    ip: text("ip").notNull(),
    /** How its owner proved who they are: `password`, `password totp`, `passkey`, `oidc` and so on. */
    authMethods: text("auth_methods").notNull().default("password"),
    /** The last such proof; dangerous actions want a recent one. Null: the sign-in itself. */
    provedAt: instant("proved_at"),
    /** The last request with an access token, to the minute. */
    lastSeenAt: instant("last_seen_at"),
  },
  (table) => [index("sessions_user").on(table.userId), index("sessions_expiry").on(table.expiresAt)],
);

/** One-time links: first set-up. Only the hash is kept. */
export const setupTokens = pgTable("setup_tokens", {
  /** SHA-256 of the token. */
  tokenHash: bytes("token_hash").primaryKey(),
  createdAt: instant("created_at").notNull(),
  expiresAt: instant("expires_at").notNull(),
  usedAt: instant("used_at"),
});

export const layouts = pgTable(
  "layouts",
  {
    id: uuid("id").primaryKey(),
    ownerId: uuid("owner_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** Grid, such as `3x3` or `1+5`. */
    kind: text("kind").notNull(),
    /** Camera ids cell by cell, null for an empty cell. Ids of deleted cameras may remain. */
    cells: jsonb("cells").$type<(string | null)[]>().notNull(),
    shared: boolean("shared").notNull().default(false),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [index("layouts_owner").on(table.ownerId)],
);
