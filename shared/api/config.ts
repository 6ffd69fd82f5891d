import { z } from "zod";

/** Versions of the configuration: what was changed, and the way back. Never with secrets. */

const instant = z.iso.datetime();

export const CONFIG_SECTIONS = [
  "roles",
  "groups",
  "users",
  "cameras",
  "storage",
  "recording",
  "layouts",
  "providers",
  "server",
] as const;
export const configSection = z.enum(CONFIG_SECTIONS);
export type ConfigSection = z.infer<typeof configSection>;

/** What stands for a secret: that there is one. Two that differ are shown as a field that changed from this to this. */
export const CONFIG_SECRET = "••••••";

export const fieldChange = z.object({ field: z.string(), from: z.unknown().optional(), to: z.unknown().optional() });
export type FieldChange = z.infer<typeof fieldChange>;

const objectId = z.string().min(1).max(500);
export const objectChange = z.object({
  section: configSection,
  id: objectId,
  /** What people call it. */
  label: z.string(),
  kind: z.enum(["added", "changed", "removed"]),
  fields: z.array(fieldChange),
});
export type ObjectChange = z.infer<typeof objectChange>;

export const configVersion = z.object({
  id: z.number(),
  at: instant,
  actorName: z.string().nullable(),
  ip: z.string().nullable(),
  /** The audit action that made it; `config.found`: changed past the server; `config.begin`: versions begin here. */
  action: z.string(),
  section: configSection.nullable(),
  changes: z.array(objectChange),
  /** The version that this one took back, or went back to. */
  rollsBack: z.number().nullable(),
});
export type ConfigVersion = z.infer<typeof configVersion>;

export const configVersionQuery = z.object({
  section: configSection.optional(),
  /** Versions of one object. */
  object: objectId.optional(),
  /** Part of the name of who made it. */
  actor: z.string().trim().min(1).max(200).optional(),
  until: instant.optional(),
  /** Versions before this one: the `next` of the page before. */
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const configVersionPage = z.object({ versions: z.array(configVersion), next: z.number().nullable() });
export type ConfigVersionPage = z.infer<typeof configVersionPage>;

/** From the state after one version to the state after another; `to` left out: as it is now. */
export const configDiffQuery = z.object({
  from: z.coerce.number().int().min(1),
  to: z.coerce.number().int().min(1).optional(),
  section: configSection.optional(),
});
export const configDiff = z.object({ changes: z.array(objectChange) });
export type ConfigDiff = z.infer<typeof configDiff>;

export const rollbackTarget = z.discriminatedUnion("kind", [
  /** As it was before a version: all of its objects, or one. */
  z.object({ kind: z.literal("undo"), version: z.number().int().min(1), objectId: objectId.optional() }),
  /** As it was after a version: everything, some sections, or one object of one section. */
  z.object({
    kind: z.literal("state"),
    version: z.number().int().min(1),
    sections: z.array(configSection).min(1).max(CONFIG_SECTIONS.length).optional(),
    objectId: objectId.optional(),
  }),
]);
export type RollbackTarget = z.infer<typeof rollbackTarget>;

/** What a roll-back cannot bring back by itself. */
export const ROLLBACK_NOTES = [
  /** A secret has changed since: it stays as it is now. */
  "secret_stays",
  /** The object had a secret, which is not kept: it must be entered anew. */
  "secret_missing",
  /** Accounts that are gone cannot come back: passwords are not kept. */
  "user_gone",
  /** Accounts made since stay; they are removed by hand. */
  "user_stays",
  /** It is the caller's from then on. */
  "becomes_yours",
] as const;
export const rollbackNote = z.enum(ROLLBACK_NOTES);
export type RollbackNote = z.infer<typeof rollbackNote>;

export const rollbackStep = objectChange.extend({
  notes: z.array(rollbackNote),
  /** Nothing is done: `notes` say why. */
  skipped: z.boolean(),
});
export type RollbackStep = z.infer<typeof rollbackStep>;
export const rollbackPlan = z.object({
  steps: z.array(rollbackStep),
  /** Stands for exactly this plan: to be given back when it is carried out. */
  plan: z.string(),
});
export type RollbackPlan = z.infer<typeof rollbackPlan>;

export const rollbackRequest = z.object({
  target: rollbackTarget,
  /** Of the plan that was looked at: anything else is refused. */
  plan: z.string().min(1).max(100),
  reason: z.string().trim().max(500).default(""),
});
export const rollbackResult = z.object({
  done: z.number(),
  failed: z.array(
    z.object({ section: configSection, id: objectId, label: z.string(), code: z.string(), message: z.string() }),
  ),
});
export type RollbackResult = z.infer<typeof rollbackResult>;
