import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { AuditChange } from "../db/schema/audit.ts";
import { canonicalJson, cleanBounded, cleanText } from "./canonical.ts";

export type AuditOutcome = "ok" | "denied" | "failed";

/** What somebody did, as the part of the server that saw it tells it. */
export interface AuditEntry {
  /** Dotted: `camera.create`, `auth.login_failed`. */
  readonly action: string;
  readonly actorId?: string | undefined;
  readonly actorName?: string | undefined;
  readonly ip?: string | undefined;
  /** A login session, or what came in its stead (`token:<id>`). */
  readonly sessionId?: string | undefined;
  readonly via?: string | undefined;
  readonly target?: string | undefined;
  readonly cameraId?: string | undefined;
  /** By default `ok`, and `failed` for actions that end in `_failed`, `denied` for `_denied`. */
  readonly outcome?: AuditOutcome | undefined;
  /** What goes by the name of a secret is blanked; nothing else is. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Old and new values. */
  readonly changes?: readonly AuditChange[] | undefined;
}

/** A row, before it has its place. */
export interface AuditDraft {
  readonly at: Date;
  readonly action: string;
  readonly outcome: AuditOutcome | null;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly ip: string | null;
  readonly sessionId: string | null;
  readonly via: string | null;
  readonly target: string | null;
  readonly cameraId: string | null;
  readonly details: Record<string, unknown> | null;
  readonly changes: readonly AuditChange[] | null;
}

export interface AuditRow extends AuditDraft {
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly mac: Uint8Array;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Their target is a camera. */
const ABOUT_A_CAMERA = /^(camera|live|archive|recording\.manual|ptz)[._]|^key\.(revoke|export)/;

/** Never throws: whatever a caller gives becomes a row that the database takes and that reads back unchanged. */
export function draftOf(entry: AuditEntry, at: Date): AuditDraft {
  const { action, target, details, changes } = entry;
  const session = uuid(entry.sessionId);
  const camera = entry.cameraId ?? details?.cameraId ?? (ABOUT_A_CAMERA.test(action) ? target : undefined);
  return {
    at,
    action: cleanText(action, 100),
    outcome: entry.outcome ?? (/failed$/.test(action) ? "failed" : /denied$/.test(action) ? "denied" : "ok"),
    actorId: uuid(entry.actorId),
    actorName: text(entry.actorName),
    ip: text(entry.ip),
    sessionId: session,
    via: text(entry.via ?? (session === null ? entry.sessionId : undefined)),
    target: text(target),
    cameraId: uuid(typeof camera === "string" ? camera : undefined),
    details: details === undefined ? null : (cleanBounded(details) as Record<string, unknown>),
    changes: changes === undefined || changes.length === 0 ? null : cleanChanges(changes),
  };
}

function cleanChanges(changes: readonly AuditChange[]): readonly AuditChange[] {
  const kept = cleanBounded(changes);
  return Array.isArray(kept) ? kept : [{ field: "*", to: kept }];
}

function uuid(value: string | undefined): string | null {
  return value !== undefined && UUID.test(value) ? value.toLowerCase() : null;
}

function text(value: string | undefined): string | null {
  return value === undefined ? null : cleanText(value, 500);
}

export const NO_HASH = new Uint8Array(32);

/** SHA-256 of everything that the row says, its place included. */
export function rowDigest(row: AuditDraft & { readonly seq: number }): Uint8Array {
  const { seq, at, action, outcome, actorId, actorName, ip, sessionId, via, target, cameraId, details, changes } = row;
  const said = { action, outcome, actorId, actorName, ip, sessionId, via, target, cameraId, details, changes };
  const bytes = `fluxvision audit row v1\n${canonicalJson({ seq, at: at.toISOString(), ...said })}`;
  return new Uint8Array(createHash("sha256").update(bytes, "utf8").digest());
}

/** Ties the row to the one before it. */
export function chainHash(previous: Uint8Array, digest: Uint8Array): Uint8Array {
  const hash = createHash("sha256").update("fluxvision audit chain v1\n");
  return new Uint8Array(hash.update(previous).update(digest).digest());
}

/** Shows that this server wrote the row: of use between checkpoints, and for a row whose neighbours are gone. */
export function rowMac(key: Uint8Array, hash: Uint8Array, digest: Uint8Array): Uint8Array {
  const mac = createHmac("sha256", key).update("fluxvision audit mac v1\n");
  return new Uint8Array(mac.update(hash).update(digest).digest());
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

export function chained(draft: AuditDraft, seq: number, previous: Uint8Array, macKey: Uint8Array): AuditRow {
  const digest = rowDigest({ ...draft, seq });
  const hash = chainHash(previous, digest);
  return { ...draft, seq, hash, mac: rowMac(macKey, hash, digest) };
}
