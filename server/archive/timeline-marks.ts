import { type SQL, sql } from "drizzle-orm";
import type { MarkDirection, MarkKind, TimelineMark } from "../../shared/api/timeline-marks.ts";
import type { Orm } from "../db/database.ts";
import { bookmarks, cameraEvents, recordingGaps } from "../db/schema/index.ts";
import type { GapFact } from "../ingest/protocol.ts";

export interface MarkQuery {
  readonly cameraIds: readonly string[];
  readonly kinds: readonly MarkKind[];
  readonly direction: MarkDirection;
  readonly fromMicros: number;
  /** Marks that begin later are not gone to. */
  readonly nowMicros: number;
}

/** The streams of a camera notice the same gap this much apart at most. */
const SAME_GAP_MICROS = 2_000_000;

/**
 * The first mark that begins after a time, or the last one before it, as it was written down: the timeline merges marks
 * to the resolution of a screen, so that those of a burst cannot be told apart there. One look into an index per camera
 * and kind, however far away the mark is. `lasting`: gaps that are not over.
 */
export async function nearestMark(
  orm: Orm,
  lasting: readonly GapFact[],
  query: MarkQuery,
): Promise<TimelineMark | undefined> {
  const { cameraIds, kinds, direction, fromMicros, nowMicros } = query;
  if (cameraIds.length === 0 || kinds.length === 0) return undefined;
  const [row] = await orm.execute<{ kind: string; camera_id: string; s: string; e: string }>(nearestOf(query));
  const known = row && {
    kind: row.kind as MarkKind,
    cameraId: row.camera_id,
    startMicros: Number(row.s),
    endMicros: Number(row.e),
  };
  const open = kinds.includes("gap")
    ? onePerCamera(lasting.filter(({ cameraId }) => cameraIds.includes(cameraId)))
    : [];
  // What lasts comes first: of two that begin at once it says better where the gap ends.
  const found = [
    ...open.map(({ cameraId, startMicros, endMicros }): TimelineMark => {
      return { kind: "gap", cameraId, startMicros, endMicros };
    }),
    ...(known ? [known] : []),
  ].filter(({ startMicros }) =>
    direction === "next" ? startMicros > fromMicros && startMicros <= nowMicros : startMicros < fromMicros,
  );
  const sign = direction === "next" ? 1 : -1;
  return found.sort((a, b) => sign * (a.startMicros - b.startMicros))[0];
}

function nearestOf({ cameraIds, kinds, direction, fromMicros, nowMicros }: MarkQuery): SQL {
  const ids = sql.join(
    cameraIds.map((id) => sql`${id}::uuid`),
    sql`, `,
  );
  const order = direction === "next" ? sql`asc` : sql`desc`;
  const beyond =
    direction === "next"
      ? sql`one.start_micros > ${fromMicros} and one.start_micros <= ${nowMicros}`
      : sql`one.start_micros < ${fromMicros}`;
  const tables = { event: cameraEvents, gap: recordingGaps, bookmark: bookmarks } as const;
  const nearest = kinds.map(
    (kind) => sql`(select ${kind}::text as kind, one.start_micros as s, one.end_micros as e from ${tables[kind]} as one
      where one.camera_id = c.id and ${beyond} ${kind === "gap" ? sql`and not exists (${sameOfAnotherStream})` : sql``}
      order by one.start_micros ${order} limit 1)`,
  );
  return sql`select c.id as camera_id, found.* from unnest(array[${ids}]) as c(id)
    cross join lateral (${sql.join(nearest, sql` union all `)}) as found
    order by found.s ${order}, c.id, found.kind limit 1`;
}

/** A gap that another stream of the camera has noticed too is gone to once. */
const sameOfAnotherStream = sql`select 1 from ${recordingGaps} as other
  where other.camera_id = one.camera_id and other.stream_id < one.stream_id and other.reason = one.reason
  and other.start_micros between one.start_micros - ${SAME_GAP_MICROS}::bigint and one.start_micros + ${SAME_GAP_MICROS}::bigint`;

function onePerCamera(gaps: readonly GapFact[]): GapFact[] {
  const same = (a: GapFact, b: GapFact): boolean =>
    a.cameraId === b.cameraId &&
    a.reason === b.reason &&
    a.streamId < b.streamId &&
    Math.abs(a.startMicros - b.startMicros) <= SAME_GAP_MICROS;
  return gaps.filter((gap) => !gaps.some((other) => same(other, gap)));
}
