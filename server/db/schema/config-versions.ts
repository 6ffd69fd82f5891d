import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** One object of the configuration, as it was before and after. Null: it was not there. Without secrets. */
export interface ConfigObjectChange {
  readonly id: string;
  /** What people call it. */
  readonly label: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** What was changed in the configuration, when and by whom. */
export const configVersions = pgTable(
  "config_versions",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant("at").notNull(),
    actorId: uuid("actor_id"),
    actorName: text("actor_name"),
    ip: text("ip"),
    /** The audit action that made it; `config.found` for a change that was made past the server. */
    action: text("action").notNull(),
    section: text("section").notNull(),
    changes: jsonb("changes").$type<readonly ConfigObjectChange[]>().notNull(),
    /** How many objects `changes` holds. */
    objects: integer("objects").notNull(),
    /** The version that this one took back. */
    rollsBack: bigint("rolls_back", { mode: "number" }),
  },
  (table) => [index("config_versions_section").on(table.section, table.id)],
);

/** Every object as the last version left it: what the next one is compared with. */
export const configObjects = pgTable(
  "config_objects",
  {
    section: text("section").notNull(),
    objectId: text("object_id").notNull(),
    label: text("label").notNull(),
    value: jsonb("value").$type<Readonly<Record<string, unknown>>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.section, table.objectId] })],
);
