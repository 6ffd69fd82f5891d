import { and, desc, eq, gte, ilike, isNotNull, lt, lte, or, type SQL, sql } from "drizzle-orm";
import type { AuditFilter } from "../../shared/api/audit.ts";
import type { Orm } from "../db/database.ts";
import { auditEntries } from "../db/schema/index.ts";
import type { AuditRow } from "./row.ts";
import { chainRow } from "./store.ts";

/** Rows that one page looks through for a text: what no index helps with must end. */
const TEXT_WINDOW = 200_000;

export interface Found {
  /** Newest first. */
  readonly rows: readonly AuditRow[];
  /** Where to go on; undefined at the end. */
  readonly next: number | undefined;
}

export async function searchAudit(
  orm: Orm,
  filter: AuditFilter,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<Found> {
  const top = before ?? (await newestSeq(orm)) + 1;
  const bottom = filter.text === undefined ? 0 : Math.max(0, top - TEXT_WINDOW);
  const stored = await orm
    .select()
    .from(auditEntries)
    .where(and(matches(filter), lt(auditEntries.seq, top), gte(auditEntries.seq, bottom)))
    .orderBy(desc(auditEntries.seq))
    .limit(limit);
  const rows = stored.flatMap((row) => chainRow(row) ?? []);
  const last = rows.at(-1)?.seq;
  if (rows.length === limit) return { rows, next: last };
  return { rows, next: bottom > 0 ? bottom : undefined };
}

export interface ExportedRow {
  readonly row: AuditRow;
  /** Hash of the row before it; undefined when that is gone. */
  readonly previous: Uint8Array | undefined;
}

/** Oldest first, a page at a time. */
export async function* exportRows(orm: Orm, filter: AuditFilter, most: number): AsyncGenerator<ExportedRow[]> {
  const end = await newestSeq(orm);
  let after = 0;
  let left = most;
  const before = sql<Uint8Array | null>`(select p.hash from audit_entries p where p.seq = ${auditEntries.seq} - 1)`;
  while (left > 0) {
    const stored = await orm
      .select({ row: auditEntries, previous: before })
      .from(auditEntries)
      .where(and(matches(filter), sql`${auditEntries.seq} > ${after}`, lte(auditEntries.seq, end)))
      .orderBy(auditEntries.seq)
      .limit(Math.min(left, 500));
    if (stored.length === 0) return;
    yield stored.flatMap(({ row, previous }) => {
      const whole = chainRow(row);
      return whole ? [{ row: whole, previous: previous === null ? undefined : new Uint8Array(previous) }] : [];
    });
    after = stored.at(-1)?.row.seq ?? end;
    left -= stored.length;
  }
}

async function newestSeq(orm: Orm): Promise<number> {
  const [row] = await orm
    .select({ seq: auditEntries.seq })
    .from(auditEntries)
    .where(isNotNull(auditEntries.seq))
    .orderBy(desc(auditEntries.seq))
    .limit(1);
  return row?.seq ?? 0;
}

const UUID = /^[0-9a-f-]{36}$/i;

function matches(filter: AuditFilter): SQL | undefined {
  const { from, until, actor, action, outcome, cameraId, ip, text } = filter;
  return and(
    isNotNull(auditEntries.seq),
    from === undefined ? undefined : gte(auditEntries.at, new Date(from)),
    until === undefined ? undefined : lte(auditEntries.at, new Date(until)),
    actor === undefined
      ? undefined
      : or(ilike(auditEntries.actorName, part(actor)), UUID.test(actor) ? eq(auditEntries.actorId, actor) : undefined),
    action === undefined ? undefined : ilike(auditEntries.action, `${escaped(action)}%`),
    outcome === undefined ? undefined : eq(auditEntries.outcome, outcome),
    cameraId === undefined ? undefined : eq(auditEntries.cameraId, cameraId),
    ip === undefined ? undefined : ilike(auditEntries.ip, `${escaped(ip)}%`),
    text === undefined
      ? undefined
      : sql`concat_ws(' ', ${auditEntries.action}, ${auditEntries.actorName}, ${auditEntries.ip}, ${auditEntries.target},
          ${auditEntries.details}::text, ${auditEntries.changes}::text) ilike ${part(text)}`,
  );
}

function part(text: string): string {
  return `%${escaped(text)}%`;
}

/** What the reader types is text, not a pattern. */
function escaped(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&").replaceAll("\u0000", "");
}
