import { bigint, index, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytes, instant } from "./columns.ts";

/** A value of an object that was changed, secrets blanked. */
export interface AuditChange {
  /** Dotted: `name`, `policy.retentionDays`. */
  readonly field: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/**
 * Who did what. Rows are only ever added, and each one's hash covers the row before it (server/audit). A trigger refuses any
 * other change than the chain's own maintenance.
 */
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
    /** Place in the chain, without gaps. Null only in rows older than the chain, until the first start adopts them. */
    seq: bigint("seq", { mode: "number" }),
    /** SHA-256 of the previous row's hash and this row. */
    hash: bytes("hash"),
    /** HMAC-SHA-256 of `hash` under a key that only the root key opens. */
    mac: bytes("mac"),
    outcome: text("outcome").$type<"ok" | "denied" | "failed">(),
    sessionId: uuid("session_id"),
    /** What the actor came with, if not a session: `token:<id>`, `device:<id>`, `system`. */
    via: text("via"),
    cameraId: uuid("camera_id"),
    changes: jsonb("changes").$type<readonly AuditChange[]>(),
  },
  (table) => [
    index("audit_entries_at").on(table.at),
    uniqueIndex("audit_entries_seq").on(table.seq),
    index("audit_entries_action").on(table.action, table.seq),
    index("audit_entries_actor").on(table.actorName, table.seq),
    index("audit_entries_camera").on(table.cameraId, table.seq),
  ],
);

/** Signed statements about the chain: what its last row was, or up to where it was pruned. Chained among themselves. */
export const auditCheckpoints = pgTable("audit_checkpoints", {
  /** Without gaps. */
  number: bigint("number", { mode: "number" }).primaryKey(),
  /** The row that it is about. */
  seq: bigint("seq", { mode: "number" }).notNull(),
  at: instant("at").notNull(),
  /** Canonical JSON: exactly the signed bytes. */
  body: text("body").notNull(),
  /** ECDSA P-256 with SHA-256: r | s, base64. */
  signature: text("signature").notNull(),
});
