import { and, asc, desc, gt, gte, isNotNull, isNull, lt, lte, sql } from "drizzle-orm";
import type { Orm } from "../db/database.ts";
import { auditCheckpoints, auditEntries } from "../db/schema/index.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { AuditDraft, AuditRow } from "./row.ts";

export type Transaction = Parameters<Parameters<Orm["transaction"]>[0]>[0];

/** Any fixed number: whoever adds to the chain holds it. */
const CHAIN_LOCK = 1_179_011_663;

/** One writer at a time, over all servers of this database. */
export async function lockChain(transaction: Transaction): Promise<void> {
  await transaction.execute(sql`select pg_advisory_xact_lock(${CHAIN_LOCK})`);
}

/** Opens the table for adoption and pruning, in this transaction only (the trigger of migration 0005). */
export async function allowMaintenance(transaction: Transaction): Promise<void> {
  await transaction.execute(sql`select set_config('fluxvision.audit_maintenance', 'on', true)`);
}

export interface Head {
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly at: Date;
}

export async function lastRow(orm: Orm | Transaction): Promise<Head | undefined> {
  const [row] = await orm
    .select({ seq: auditEntries.seq, hash: auditEntries.hash, at: auditEntries.at })
    .from(auditEntries)
    .where(isNotNull(auditEntries.seq))
    .orderBy(desc(auditEntries.seq))
    .limit(1);
  return row && row.seq !== null && row.hash !== null ? { seq: row.seq, hash: row.hash, at: row.at } : undefined;
}

export async function lastCheckpoint(orm: Orm | Transaction): Promise<Checkpoint | undefined> {
  const [row] = await orm.select().from(auditCheckpoints).orderBy(desc(auditCheckpoints.number)).limit(1);
  return row;
}

export async function allCheckpoints(orm: Orm): Promise<Checkpoint[]> {
  return orm.select().from(auditCheckpoints).orderBy(asc(auditCheckpoints.number));
}

export async function insertRows(transaction: Transaction, rows: readonly AuditRow[]): Promise<void> {
  await transaction.insert(auditEntries).values(rows.map((row) => ({ ...row })));
}

type StoredRow = typeof auditEntries.$inferSelect;

/** A row of the chain; undefined for one that is not in it. */
export function chainRow(stored: StoredRow): AuditRow | undefined {
  const { id: _id, seq, hash, mac, ...draft } = stored;
  if (seq === null || hash === null) return undefined;
  return { ...draft, seq, hash, mac: mac ?? new Uint8Array(0) };
}

/** Rows of the chain, in order, a page at a time. */
export async function* rowsFrom(orm: Orm, afterSeq: number, toSeq: number, page = 500): AsyncGenerator<AuditRow[]> {
  let after = afterSeq;
  for (;;) {
    const stored = await orm
      .select()
      .from(auditEntries)
      .where(and(gt(auditEntries.seq, after), lte(auditEntries.seq, toSeq)))
      .orderBy(asc(auditEntries.seq))
      .limit(page);
    const last = stored.at(-1)?.seq;
    if (last === undefined || last === null) return;
    yield stored.flatMap((row) => chainRow(row) ?? []);
    after = last;
  }
}

/** Rows from before there was a chain, in the order in which they were written. */
export async function unchained(transaction: Transaction, limit: number): Promise<{ id: number; draft: AuditDraft }[]> {
  const stored = await transaction
    .select()
    .from(auditEntries)
    .where(isNull(auditEntries.seq))
    .orderBy(asc(auditEntries.id))
    .limit(limit);
  return stored.map(({ id, seq: _seq, hash: _hash, mac: _mac, ...draft }) => ({ id, draft }));
}

export function countUnchained(orm: Orm): Promise<number> {
  return orm.$count(auditEntries, isNull(auditEntries.seq));
}

/** The last row of the oldest ones that are all before `cutoff`; undefined when there is none. */
export async function lastRowBefore(transaction: Transaction, cutoff: Date, most: number): Promise<Head | undefined> {
  const [first] = await transaction
    .select({ seq: auditEntries.seq })
    .from(auditEntries)
    .where(isNotNull(auditEntries.seq))
    .orderBy(asc(auditEntries.seq))
    .limit(1);
  if (!first || first.seq === null) return undefined;
  const [kept] = await transaction
    .select({ seq: auditEntries.seq })
    .from(auditEntries)
    .where(and(isNotNull(auditEntries.seq), gte(auditEntries.at, cutoff)))
    .orderBy(asc(auditEntries.seq))
    .limit(1);
  const newest = await lastRow(transaction);
  if (!newest) return undefined;
  // The newest row stays: the chain goes on from it.
  const end = Math.min((kept?.seq ?? newest.seq) - 1, newest.seq - 1, first.seq + most - 1);
  if (end < first.seq) return undefined;
  const [row] = await transaction
    .select({ seq: auditEntries.seq, hash: auditEntries.hash, at: auditEntries.at })
    .from(auditEntries)
    .where(lte(auditEntries.seq, end))
    .orderBy(desc(auditEntries.seq))
    .limit(1);
  return row && row.seq !== null && row.hash !== null ? { seq: row.seq, hash: row.hash, at: row.at } : undefined;
}

/** Takes rows and checkpoints out, up to that row. Returns how many rows went. */
export async function removeRows(transaction: Transaction, toSeq: number, belowNumber: number): Promise<number> {
  const gone = await transaction.delete(auditEntries).where(lte(auditEntries.seq, toSeq)).returning({
    id: auditEntries.id,
  });
  await transaction.delete(auditCheckpoints).where(lt(auditCheckpoints.number, belowNumber));
  return gone.length;
}
