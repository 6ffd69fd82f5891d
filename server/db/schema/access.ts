import { sql } from "drizzle-orm";
import { boolean, check, index, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { cameras } from "./cameras.ts";
import { instant } from "./columns.ts";
import { users } from "./users.ts";

/** Named sets of permissions. The built-in ones have rows, so that grants can refer to them; what they give is in code. */
export const roles = pgTable("roles", {
  /** A built-in role's name, else a UUID. */
  id: text("id").primaryKey(),
  builtin: boolean("builtin").notNull().default(false),
  name: text("name").notNull(),
  /** As `users.username_key`. */
  nameKey: text("name_key").notNull().unique(),
  description: text("description").notNull().default(""),
  permissions: text("permissions").array().notNull(),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

export const userGroups = pgTable("user_groups", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  nameKey: text("name_key").notNull().unique(),
  description: text("description").notNull().default(""),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

export const userGroupMembers = pgTable(
  "user_group_members",
  {
    groupId: uuid("group_id")
      .notNull()
      .references(() => userGroups.id, { onDelete: "cascade" }),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Who put the user in: `manual`, or the provider of identities that does so at every sign-in. */
    source: text("source").notNull().default("manual"),
  },
  (table) => [
    primaryKey({ columns: [table.groupId, table.userId, table.source] }),
    index("user_group_members_user").on(table.userId),
  ],
);

/** A role for a user or a group of users on a scope. The only place where rights are kept. */
export const roleGrants = pgTable(
  "role_grants",
  {
    id: uuid("id").primaryKey(),
    userId: uuid("user_id").references(() => users.id, { onDelete: "cascade" }),
    groupId: uuid("group_id").references(() => userGroups.id, { onDelete: "cascade" }),
    roleId: text("role_id")
      .notNull()
      .references(() => roles.id),
    scope: text("scope", { enum: ["system", "place", "camera"] }).notNull(),
    /** Scope "place": path in the tree of cameras; it and all below. */
    path: text("path"),
    cameraId: uuid("camera_id").references(() => cameras.id, { onDelete: "cascade" }),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [
    check("role_grants_holder", sql`num_nonnulls(${table.userId}, ${table.groupId}) = 1`),
    check(
      "role_grants_scope",
      sql`(${table.scope} = 'system' and ${table.path} is null and ${table.cameraId} is null)
        or (${table.scope} = 'place' and ${table.path} is not null and ${table.path} <> '' and ${table.cameraId} is null)
        or (${table.scope} = 'camera' and ${table.path} is null and ${table.cameraId} is not null)`,
    ),
    uniqueIndex("role_grants_once").on(
      sql`coalesce(${table.userId}, ${table.groupId})`,
      table.roleId,
      sql`coalesce(${table.path}, '')`,
      sql`coalesce(${table.cameraId}::text, '')`,
    ),
    index("role_grants_user").on(table.userId),
    index("role_grants_group").on(table.groupId),
    index("role_grants_role").on(table.roleId),
    index("role_grants_camera").on(table.cameraId),
  ],
);
