import { z } from "zod";

/** The audit trail as auditors read it. */

const instant = z.iso.datetime();
const hex = z.string().regex(/^[0-9a-f]{64}$/);

export const auditOutcome = z.enum(["ok", "denied", "failed"]);

export const auditEntry = z.object({
  seq: z.number(),
  at: instant,
  action: z.string(),
  outcome: auditOutcome.nullable(),
  actorId: z.uuid().nullable(),
  actorName: z.string().nullable(),
  ip: z.string().nullable(),
  sessionId: z.uuid().nullable(),
  via: z.string().nullable(),
  target: z.string().nullable(),
  cameraId: z.uuid().nullable(),
  details: z.record(z.string(), z.unknown()).nullable(),
  changes: z
    .array(z.object({ field: z.string(), from: z.unknown().optional(), to: z.unknown().optional() }))
    .nullable(),
  hash: hex,
});
export type AuditEntryBody = z.infer<typeof auditEntry>;

const text = z.string().trim().min(1).max(200);

export const auditFilter = z.object({
  from: instant.optional(),
  until: instant.optional(),
  /** Part of the name, or an id. */
  actor: text.optional(),
  /** Beginning of the action: `camera.`, `auth.login_failed`. */
  action: text.optional(),
  outcome: auditOutcome.optional(),
  cameraId: z.uuid().optional(),
  ip: text.optional(),
  /** Anywhere in action, names, target, details and values. */
  text: text.optional(),
});
export type AuditFilter = z.infer<typeof auditFilter>;

export const auditQuery = auditFilter.extend({
  /** Rows before this one: the `next` of the page before. */
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export const auditPage = z.object({
  entries: z.array(auditEntry),
  /** Where the next page begins; null: there is none. A page may be empty and still have a next one. */
  next: z.number().nullable(),
});
export type AuditPage = z.infer<typeof auditPage>;

export const auditExportQuery = auditFilter.extend({ format: z.enum(["csv", "json"]) });

export const auditAnchor = z.object({ seq: z.number().int().min(1), hash: hex });
export const verifyAuditRequest = z.object({
  /** What somebody noted elsewhere: from a log or an export. */
  anchors: z.array(auditAnchor).max(20).default([]),
});

export const auditFinding = z.object({
  kind: z.enum([
    "edited",
    "back_dated",
    "rewritten",
    "removed",
    "reordered",
    "tail_removed",
    "broken_link",
    "not_as_signed",
    "not_as_anchored",
    "unchained",
    "checkpoint_forged",
    "checkpoint_removed",
    "clock_back",
    "file_changed",
  ]),
  severity: z.enum(["fault", "warning"]),
  /** The row; of a checkpoint, its number. */
  seq: z.number(),
  toSeq: z.number().optional(),
  was: z.number().optional(),
  at: instant.optional(),
  action: z.string().optional(),
  byMs: z.number().optional(),
});
export type AuditFinding = z.infer<typeof auditFinding>;

export const auditVerification = z.object({
  running: z.boolean(),
  done: z.number(),
  total: z.number(),
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  by: z.string().nullable(),
  failed: z.string().nullable(),
  report: z
    .object({
      ok: z.boolean(),
      rows: z.number(),
      firstSeq: z.number().nullable(),
      lastSeq: z.number().nullable(),
      lastHash: z.string().nullable(),
      checkpoints: z.number(),
      signedSeq: z.number(),
      prunedSeq: z.number(),
      findings: z.array(auditFinding),
      more: z.number(),
    })
    .nullable(),
});
export type AuditVerification = z.infer<typeof auditVerification>;

export const auditSettings = z.object({ retentionDays: z.number().int().min(30).max(36_500) });
export const auditKey = z.object({
  fingerprint: z.string(),
  publicKey: z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string() }),
});
export const auditOverview = auditSettings.extend({
  key: auditKey,
  /** Newest signature: what to note elsewhere. */
  anchor: z.object({ seq: z.number(), hash: z.string(), at: instant }).nullable(),
  lastSeq: z.number(),
});
export type AuditOverview = z.infer<typeof auditOverview>;
