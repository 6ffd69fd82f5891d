import { join } from "node:path";
import { and, asc, eq, gt, lt } from "drizzle-orm";
import type { ExportSpec } from "../../shared/api/recording.ts";
import { type FoundSegment, findSegments } from "../archive/queries.ts";
import type { Orm } from "../db/database.ts";
import { cases, recordingGaps } from "../db/schema/index.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import type { ExportGap, ExportItem, ExportOrder, ExportSegment } from "./protocol.ts";

const PAGE = 2000;
const MOST_GAPS = 10_000;

export interface OrderSources {
  readonly orm: Orm;
  /** What is being written, as far as it is on disk. */
  readonly openSegments: () => ReadonlyMap<string, SegmentFact>;
  readonly cameraName: (cameraId: string) => string | undefined;
}

/** The footage of each item as the index has it now. */
export async function orderItems(sources: OrderSources, spec: ExportSpec): Promise<ExportItem[]> {
  const items: ExportItem[] = [];
  for (const { cameraId, role, startMicros, endMicros, note } of spec.items) {
    const range = { cameraId, role, startMicros, endMicros };
    const found = await allSegments(sources, range);
    const streamIds = new Set(found.map(({ streamId }) => streamId));
    items.push({
      cameraId,
      cameraName: sources.cameraName(cameraId) ?? cameraId,
      role,
      startMicros,
      endMicros,
      note,
      segments: found.map(toSegment),
      gaps: await gapsOf(sources.orm, cameraId, startMicros, endMicros, streamIds),
    });
  }
  return items;
}

export async function orderCase(orm: Orm, caseId: string | undefined): Promise<ExportOrder["case"]> {
  if (caseId === undefined) return undefined;
  const [row] = await orm.select().from(cases).where(eq(cases.id, caseId));
  return row && { id: row.id, title: row.title, reference: row.reference };
}

/** All of them, however many, oldest first: pages go on where the last one's newest segment began. */
async function allSegments(
  { orm, openSegments }: OrderSources,
  range: { cameraId: string; role: "main" | "sub"; startMicros: number; endMicros: number },
): Promise<FoundSegment[]> {
  const found = new Map<number, FoundSegment>();
  let from = range.startMicros;
  for (;;) {
    const query = { ...range, startMicros: from, direction: "forward" as const, limit: PAGE };
    const page = await findSegments(orm, openSegments(), query);
    const known = found.size;
    for (const segment of page) found.set(segment.id, segment);
    if (page.length < PAGE || found.size === known) break;
    from = Math.max(from, page.at(-1)?.startMicros ?? from);
  }
  return [...found.values()].sort((a, b) => a.startMicros - b.startMicros || a.id - b.id);
}

async function gapsOf(
  orm: Orm,
  cameraId: string,
  startMicros: number,
  endMicros: number,
  streamIds: ReadonlySet<number>,
): Promise<ExportGap[]> {
  const rows = await orm
    .select()
    .from(recordingGaps)
    .where(
      and(
        eq(recordingGaps.cameraId, cameraId),
        lt(recordingGaps.startMicros, endMicros),
        gt(recordingGaps.endMicros, startMicros),
      ),
    )
    .orderBy(asc(recordingGaps.startMicros))
    .limit(MOST_GAPS);
  return rows
    .filter(({ streamId }) => streamIds.size === 0 || streamIds.has(streamId))
    .map(({ startMicros: start, endMicros: end, reason, frames }) => {
      return { startMicros: start, endMicros: end, reason, frames };
    });
}

function toSegment(segment: FoundSegment): ExportSegment {
  const { id: segmentId, runId, startMicros, endMicros, bytes, state, kind, location, path } = segment;
  const place =
    kind === "local" ? ({ kind: "file", path: join(location, path) } as const) : ({ kind: "object" } as const);
  return { segmentId, runId, startMicros, endMicros, bytes, open: state === "open", place };
}
