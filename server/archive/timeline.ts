import type { Timeline, TimelineCamera } from "../../shared/api/recording.ts";
import type { Orm } from "../db/database.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import { readTimeline, type SpanRow } from "./timeline-rows.ts";

export interface TimelineQuery {
  readonly cameraIds: readonly string[];
  /** Whose gaps and events are listed one by one, of `cameraIds`; undefined: every camera's. */
  readonly detail?: readonly string[] | undefined;
  readonly startMicros: number;
  readonly endMicros: number;
  /** Spans closer to each other are drawn as one. */
  readonly resolutionMicros: number;
  /** Locks that hold then are listed. */
  readonly nowMicros: number;
}

export type Span = [number, number];

/** No screen has more pixels: what is asked for finer than that is answered as coarsely. */
const MOST_STEPS = 100_000;

/** One answer for a whole wall: spans are merged in the database, so that its size goes with the resolution asked for. */
export async function timeline(
  orm: Orm,
  open: ReadonlyMap<string, SegmentFact>,
  query: TimelineQuery,
): Promise<Timeline> {
  const { cameraIds, detail = cameraIds, startMicros, endMicros, nowMicros } = query;
  const resolutionMicros = Math.max(query.resolutionMicros, Math.ceil((endMicros - startMicros) / MOST_STEPS));
  const range = { cameraIds, startMicros, endMicros, resolutionMicros, nowMicros };
  const rows = await readTimeline(orm, { ...range, detail });
  const asked = new Set(cameraIds);
  const live = [...open.values()].filter(({ cameraId }) => asked.has(cameraId));
  const liveOf = byCamera(live, ({ cameraId }) => cameraId);
  const recorded = byCamera(rows.recorded, cameraOf);
  const gaps = byCamera(joined(rows.gaps, resolutionMicros), cameraOf);
  const events = byCamera(joined(rows.events, resolutionMicros), cameraOf);
  const bookmarks = byCamera(rows.bookmarks, cameraOf);
  const locks = byCamera(rows.locks, cameraOf);
  const merged = (spans: readonly Span[]): Span[] => clip(union(spans, resolutionMicros), startMicros, endMicros);
  const cameras = cameraIds.map((cameraId): TimelineCamera => {
    const now = (liveOf.get(cameraId) ?? []).map((one): Span => [one.startMicros, one.endMicros]);
    return {
      cameraId,
      recorded: merged([...(recorded.get(cameraId) ?? []).map(span), ...now]),
      gaps: (gaps.get(cameraId) ?? []).map((row) => ({ ...spanRange(row), reason: row.kind, frames: row.n })),
      events: (events.get(cameraId) ?? []).map((row) => ({
        ...spanRange(row),
        kind: row.kind,
        count: row.n,
        title: row.title,
      })),
      bookmarks: (bookmarks.get(cameraId) ?? []).map(({ id, title, colour, ...row }) => {
        return { id, ...spanRange(row), title, colour };
      }),
      locked: merged((locks.get(cameraId) ?? []).map(span)),
    };
  });
  const ends = live.map((segment) => segment.endMicros);
  const { firstMicros, lastMicros } = rows;
  return {
    ...{ startMicros, endMicros, resolutionMicros, cameras },
    all: union(
      cameras.flatMap((camera) => camera.recorded as Span[]),
      resolutionMicros,
    ),
    events: merged(rows.wallEvents.map(span)),
    firstMicros,
    lastMicros: lastMicros === null && ends.length === 0 ? null : Math.max(lastMicros ?? 0, ...ends),
  };
}

const cameraOf = ({ cameraId }: SpanRow & { readonly cameraId: string }): string => cameraId;

function byCamera<T>(rows: readonly T[], camera: (row: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const own = found.get(camera(row));
    if (own) own.push(row);
    else found.set(camera(row), [row]);
  }
  return found;
}

interface Mergeable extends SpanRow {
  readonly cameraId: string;
  readonly kind: string;
  readonly n: number;
  readonly title: string | null;
}

/** Rows of one camera and kind that lie closer than the resolution become one. In order of their start. */
function joined<T extends Mergeable>(rows: readonly T[], apart: number): T[] {
  const last = new Map<string, { at: number; row: T }>();
  const found: T[] = [];
  for (const row of [...rows].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const key = `${row.cameraId} ${row.kind}`;
    const before = last.get(key);
    if (before && row.start <= before.row.end + apart) {
      before.row = {
        ...before.row,
        end: Math.max(before.row.end, row.end),
        n: before.row.n + row.n,
        title: before.row.title ?? row.title,
      };
      found[before.at] = before.row;
    } else {
      last.set(key, { at: found.length, row });
      found.push(row);
    }
  }
  return found;
}

function span({ start, end }: SpanRow): Span {
  return [start, end];
}

function spanRange({ start, end }: SpanRow): { startMicros: number; endMicros: number } {
  return { startMicros: start, endMicros: end };
}

/** Sorted spans, those closer than `apart` joined. */
export function union(spans: readonly Span[], apart: number): Span[] {
  const sorted = [...spans].sort((a, b) => a[0] - b[0]);
  const found: Span[] = [];
  for (const [start, end] of sorted) {
    const last = found.at(-1);
    if (last && start <= last[1] + apart) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

function clip(spans: readonly Span[], start: number, end: number): Span[] {
  return spans.map(([from, to]): Span => [Math.max(from, start), Math.min(to, end)]).filter(([from, to]) => to >= from);
}
