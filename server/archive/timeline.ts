import { sql } from "drizzle-orm";
import type { GapReason, Timeline, TimelineCamera } from "../../shared/api/recording.ts";
import type { Orm } from "../db/database.ts";
import type { SegmentFact } from "../ingest/protocol.ts";

export interface TimelineQuery {
  readonly cameraIds: readonly string[];
  readonly startMicros: number;
  readonly endMicros: number;
  /** Spans closer to each other are drawn as one. */
  readonly resolutionMicros: number;
}

type Span = [number, number];
interface SpanRow extends Record<string, unknown> {
  camera_id: string;
  s: string;
  e: string;
}

const MAX_MARKS = 5000;

/** One answer for a whole wall: spans are merged in the database, so that its size goes with the resolution asked for. */
export async function timeline(
  orm: Orm,
  open: ReadonlyMap<string, SegmentFact>,
  query: TimelineQuery,
): Promise<Timeline> {
  const { cameraIds, startMicros, endMicros, resolutionMicros } = query;
  const ids = sql`array[${sql.join(
    cameraIds.map((id) => sql`${id}::uuid`),
    sql`, `,
  )}]`;
  const within = sql`camera_id = any(${ids}) and end_micros >= ${startMicros} and start_micros < ${endMicros}`;
  const [recorded, gaps, events, bookmarks, locks, bounds] = await Promise.all([
    orm.execute<SpanRow>(merged(sql`recording_runs`, within, resolutionMicros, sql`''`)),
    orm.execute<SpanRow & { kind: GapReason; n: string }>(
      merged(sql`recording_gaps`, within, resolutionMicros, sql`reason`, sql`sum(frames)`),
    ),
    orm.execute<SpanRow & { kind: string; n: string; title: string | null }>(
      merged(sql`camera_events`, within, resolutionMicros, sql`kind`, sql`count(*)`, sql`, max(title) as title`),
    ),
    orm.execute<SpanRow & { id: string; title: string; colour: string }>(
      sql`select id, camera_id, start_micros as s, end_micros as e, title, colour from bookmarks where ${within}
          order by start_micros limit ${MAX_MARKS}`,
    ),
    orm.execute<SpanRow>(
      sql`select camera_id, start_micros as s, end_micros as e from evidence_locks where ${within}
          and released_at is null and (expires_at is null or expires_at > now()) order by start_micros limit ${MAX_MARKS}`,
    ),
    orm.execute<{ first: string | null; last: string | null }>(
      sql`select min(start_micros) as first, max(end_micros) as last from recording_runs where camera_id = any(${ids})`,
    ),
  ]);
  const live = [...open.values()].filter((segment) => cameraIds.includes(segment.cameraId));
  const cameras = cameraIds.map((cameraId): TimelineCamera => {
    const own = <T extends SpanRow>(rows: readonly T[]): T[] => rows.filter((row) => row.camera_id === cameraId);
    const now = live
      .filter((segment) => segment.cameraId === cameraId)
      .map((one): Span => [one.startMicros, one.endMicros]);
    const spans = [...own(recorded).map(span), ...now];
    return {
      cameraId,
      recorded: clip(union(spans, resolutionMicros), startMicros, endMicros),
      gaps: own(gaps).map((row) => ({ ...range(row), reason: row.kind, frames: Number(row.n) })),
      events: own(events).map((row) => ({ ...range(row), kind: row.kind, count: Number(row.n), title: row.title })),
      bookmarks: own(bookmarks).map((row) => ({ id: row.id, ...range(row), title: row.title, colour: row.colour })),
      locked: clip(union(own(locks).map(span), resolutionMicros), startMicros, endMicros),
    };
  });
  const ends = live.map((segment) => segment.endMicros);
  const first = bounds[0]?.first ?? undefined;
  const last = bounds[0]?.last ?? undefined;
  return {
    startMicros,
    endMicros,
    resolutionMicros,
    cameras,
    all: union(
      cameras.flatMap((camera) => camera.recorded as Span[]),
      resolutionMicros,
    ),
    firstMicros: first === undefined ? null : Number(first),
    lastMicros: last === undefined && ends.length === 0 ? null : Math.max(Number(last ?? 0), ...ends),
  };
}

/** Rows of one kind and camera that lie closer than the resolution become one (gaps and islands). */
function merged(
  table: ReturnType<typeof sql>,
  within: ReturnType<typeof sql>,
  resolutionMicros: number,
  kind: ReturnType<typeof sql>,
  n = sql`count(*)`,
  extra = sql``,
): ReturnType<typeof sql> {
  return sql`with r as (
      select camera_id as cam, ${kind} as k, start_micros as s0, end_micros as e0, *,
        max(end_micros) over (partition by camera_id, ${kind} order by start_micros, end_micros
          rows between unbounded preceding and 1 preceding) as before
      from ${table} where ${within}
    ), g as (
      select *, sum(case when before is null or s0 > before + ${resolutionMicros} then 1 else 0 end)
        over (partition by cam, k order by s0, e0) as island from r
    )
    select cam as camera_id, k as kind, min(s0) as s, max(e0) as e, ${n} as n ${extra} from g
    group by cam, k, island order by cam, min(s0)`;
}

function span(row: SpanRow): Span {
  return [Number(row.s), Number(row.e)];
}

function range(row: SpanRow): { startMicros: number; endMicros: number } {
  return { startMicros: Number(row.s), endMicros: Number(row.e) };
}

/** Sorted spans, those closer than `apart` joined. */
export function union(spans: readonly Span[], apart: number): Span[] {
  const sorted = [...spans].sort((a, b) => a[0] - b[0]);
  const joined: Span[] = [];
  for (const [start, end] of sorted) {
    const last = joined.at(-1);
    if (last && start <= last[1] + apart) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

function clip(spans: readonly Span[], start: number, end: number): Span[] {
  return spans.map(([from, to]): Span => [Math.max(from, start), Math.min(to, end)]).filter(([from, to]) => to > from);
}

/** Days of a month, 1 to 31, on which there is footage, by the wall clock of the time zone. */
export async function daysWithFootage(
  orm: Orm,
  open: ReadonlyMap<string, SegmentFact>,
  cameraIds: readonly string[],
  month: string,
  timeZone: string,
): Promise<number[]> {
  const [year = 1970, number = 1] = month.split("-").map(Number);
  // A day more on both ends covers every time zone.
  const startMicros = Date.UTC(year, number - 1, 0) * 1000;
  const endMicros = Date.UTC(year, number, 2) * 1000;
  const { cameras } = await timeline(orm, open, { cameraIds, startMicros, endMicros, resolutionMicros: 60_000_000 });
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const days = new Set<number>();
  const mark = (micros: number): void => {
    const [y, m, d] = format
      .format(new Date(micros / 1000))
      .split("-")
      .map(Number);
    if (y === year && m === number && d !== undefined) days.add(d);
  };
  for (const { recorded } of cameras) {
    for (const [from, to] of recorded) {
      for (let at = from; at < to; at += 3_600_000_000) mark(at);
      mark(to - 1);
    }
  }
  return [...days].sort((a, b) => a - b);
}
