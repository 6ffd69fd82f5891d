import { type SQL, sql } from "drizzle-orm";
import type { GapReason } from "../../shared/api/recording.ts";
import type { Orm } from "../db/database.ts";
import { lockHolds } from "./locks.ts";

export interface RowsQuery {
  readonly cameraIds: readonly string[];
  readonly detail: readonly string[];
  readonly startMicros: number;
  readonly endMicros: number;
  readonly resolutionMicros: number;
  /** Locks that hold then are listed. */
  readonly nowMicros: number;
}

export interface SpanRow {
  readonly start: number;
  readonly end: number;
}
interface CameraRow extends SpanRow {
  readonly cameraId: string;
}
interface KindRow<Kind extends string> extends CameraRow {
  readonly kind: Kind;
  readonly n: number;
  readonly title: string | null;
}

/** Marks are not yet joined over the edges of the resolution's grid. */
interface TimelineRows {
  readonly recorded: readonly CameraRow[];
  readonly gaps: readonly KindRow<GapReason>[];
  readonly events: readonly KindRow<string>[];
  /** Of all cameras together. */
  readonly wallEvents: readonly SpanRow[];
  readonly bookmarks: readonly (CameraRow & { readonly id: string; readonly title: string; readonly colour: string })[];
  readonly locks: readonly CameraRow[];
  readonly firstMicros: number | null;
  readonly lastMicros: number | null;
}

/** bigint comes as text. */
type Raw = Record<string, unknown> & { readonly s: string; readonly e: string };
type RawOfCamera = Raw & { readonly camera_id: string };
type RawKind = RawOfCamera & { readonly kind: string; readonly n: string; readonly title: string | null };

const MAX_MARKS = 5000;
/** Events that began longer before the stretch are not looked for: a search must not walk a camera's whole past. */
const LONGEST_EVENT = 2 * 86_400_000_000;

/**
 * What a timeline is made of. Rows that begin in the same step of the resolution are joined by hashing, which takes one
 * pass and no sorting; listing every camera's marks takes memory, so it is done for the cameras of `detail` only.
 */
export async function readTimeline(orm: Orm, query: RowsQuery): Promise<TimelineRows> {
  const { cameraIds, detail, startMicros, endMicros, resolutionMicros, nowMicros } = query;
  const list = (ids: readonly string[]): SQL => {
    const values = ids.map((id) => sql`${id}::uuid`);
    return sql`array[${sql.join(values, sql`, `)}]::uuid[]`;
  };
  const among = sql`camera_id = any(${list(cameraIds)})`;
  const overlaps = sql`end_micros >= ${startMicros} and start_micros < ${endMicros}`;
  const recent = sql`${overlaps} and start_micros >= ${Math.max(0, startMicros - LONGEST_EVENT)}`;
  const step = sql`start_micros / ${resolutionMicros}::bigint`;
  const span = sql`min(start_micros) as s, max(end_micros) as e`;
  /** Camera by camera: each one's groups are few enough to be hashed in memory. */
  const each = (ids: readonly string[], query: SQL): SQL =>
    sql`select c.id as camera_id, found.* from unnest(${list(ids)}) as c(id) cross join lateral (${query}) as found`;
  const [recorded, gaps, events, wallEvents, bookmarks, locks, [bounds]] = await Promise.all([
    orm.execute<RawOfCamera>(
      each(
        cameraIds,
        islands(
          sql`select ${span} from recording_runs where camera_id = c.id and ${overlaps} group by ${step}`,
          resolutionMicros,
        ),
      ),
    ),
    orm.execute<RawKind>(
      each(
        detail,
        sql`select reason as kind, ${span}, sum(frames) as n, null as title from recording_gaps
            where camera_id = c.id and ${overlaps} group by reason, ${step}`,
      ),
    ),
    orm.execute<RawKind>(
      each(
        detail,
        sql`select kind, ${span}, count(*) as n, max(title) as title from camera_events
            where camera_id = c.id and ${recent} group by kind, ${step}`,
      ),
    ),
    orm.execute<Raw>(sql`select ${span} from camera_events where ${among} and ${recent} group by ${step}`),
    orm.execute<RawOfCamera & { id: string; title: string; colour: string }>(
      sql`select id, camera_id, start_micros as s, end_micros as e, title, colour from bookmarks
          where ${among} and ${overlaps} order by start_micros limit ${MAX_MARKS}`,
    ),
    orm.execute<RawOfCamera>(
      sql`select camera_id, start_micros as s, end_micros as e from evidence_locks where ${among} and ${overlaps}
          and ${lockHolds(nowMicros)} order by start_micros limit ${MAX_MARKS}`,
    ),
    orm.execute<{ first: string | null; last: string | null }>(
      sql`select min(start_micros) as first, max(end_micros) as last from recording_runs where ${among}`,
    ),
  ]);
  return {
    recorded: recorded.map(cameraRow),
    gaps: gaps.map((row) => ({ ...kindRow(row), kind: row.kind as GapReason })),
    events: events.map(kindRow),
    wallEvents: wallEvents.map(spanRow),
    bookmarks: bookmarks.map((row) => ({ ...cameraRow(row), id: row.id, title: row.title, colour: row.colour })),
    locks: locks.map(cameraRow),
    firstMicros: bounds?.first == null ? null : Number(bounds.first),
    lastMicros: bounds?.last == null ? null : Number(bounds.last),
  };
}

/** Rows (s, e) closer than `apart` are one: whole runs of a camera, so that few rows leave the database. */
function islands(rows: SQL, apart: number): SQL {
  return sql`select min(s) as s, max(e) as e from (
      select s, e, sum(begins) over (order by s, e) as island from (
        select s, e, case when s <= max(e) over (order by s, e rows between unbounded preceding and 1 preceding)
          + ${apart}::bigint then 0 else 1 end as begins
        from (${rows}) as steps
      ) as marked
    ) as numbered group by island`;
}

function spanRow(row: Raw): SpanRow {
  return { start: Number(row.s), end: Number(row.e) };
}

function cameraRow(row: RawOfCamera): CameraRow {
  return { cameraId: row.camera_id, start: Number(row.s), end: Number(row.e) };
}

function kindRow(row: RawKind): KindRow<string> {
  return { ...cameraRow(row), kind: row.kind, n: Number(row.n), title: row.title ?? null };
}
