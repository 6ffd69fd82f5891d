import { bigint, index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** Who did what. Rows are only ever added. */
export const auditEntries = pgTable(
  "audit_entries",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant("at").notNull(),
    /** No reference: entries outlive users. */
    actorId: uuid("actor_id"),
    actorName: text("actor_name"),
    ip: text("ip"),
    /** Dotted: `camera.create`, `auth.login_failed`. */
    action: text("action").notNull(),
    target: text("target"),
    /** Never holds a secret. */
    details: jsonb("details").$type<Record<string, unknown>>(),
  },
  (table) => [index("audit_entries_at").on(table.at)],
);
