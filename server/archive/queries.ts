import { and, asc, desc, eq, gt, gte, inArray, lt, lte, or, type SQL, sql } from "drizzle-orm";
import type { SegmentEntry } from "../../shared/api/recording.ts";
import { CODEC_IDS } from "../../shared/media/types.ts";
import type { Orm } from "../db/database.ts";
import { segments, storageVolumes } from "../db/schema/index.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import { isLocked } from "./locks.ts";

export interface SegmentQuery {
  readonly cameraId: string;
  readonly role?: "main" | "sub" | undefined;
  readonly startMicros: number;
  readonly endMicros: number;
  readonly direction: "forward" | "backward";
  readonly limit: number;
  /** Whether a lock holds each at this time is asked too. */
  readonly lockedAtMicros?: number | undefined;
}

export interface FoundSegment extends SegmentFact {
  readonly id: number;
  readonly state: "open" | "closed" | "moving";
  readonly tier: "hot" | "warm" | "cold";
  readonly kind: "local" | "s3";
  readonly location: string;
  /** As asked. */
  readonly locked: boolean;
}

/**
 * A segment begins at most so long before a time that lies in it: they are cut after an hour at the latest, at the next
 * keyframe. Without this bound a search would walk a camera's whole past.
 */
const LONGEST_MICROS = 7_200_000_000;

/** Segments that overlap a stretch of time, by the index; open ones as far as they are on disk. */
export async function findSegments(
  orm: Orm,
  open: ReadonlyMap<string, SegmentFact>,
  query: SegmentQuery,
): Promise<FoundSegment[]> {
  const { cameraId, role, startMicros, endMicros, direction, limit, lockedAtMicros } = query;
  const conditions: (SQL | undefined)[] = [
    eq(segments.cameraId, cameraId),
    role && eq(segments.role, role),
    lt(segments.startMicros, endMicros),
    gt(segments.startMicros, startMicros - LONGEST_MICROS),
    // An open segment's end in the database is where it began to be known.
    or(gte(segments.endMicros, startMicros), eq(segments.state, "open")),
    inArray(segments.state, ["open", "closed", "moving"]),
  ];
  const order = direction === "forward" ? asc : desc;
  const rows = await orm
    .select({
      segment: segments,
      tier: storageVolumes.tier,
      kind: storageVolumes.kind,
      location: storageVolumes.location,
      locked: lockedAtMicros === undefined ? sql<boolean>`false` : isLocked(segments, lockedAtMicros),
    })
    .from(segments)
    .innerJoin(storageVolumes, eq(storageVolumes.id, segments.volumeId))
    .where(and(...conditions))
    .orderBy(order(segments.startMicros), order(segments.id))
    .limit(limit);
  return rows
    .map(({ segment, ...place }) => {
      const progress = open.get(`${segment.volumeId}/${segment.path}`);
      const state = segment.state === "deleting" ? "closed" : segment.state;
      return { ...segment, ...(progress ?? {}), ...place, id: segment.id, state };
    })
    .filter((segment) => segment.endMicros >= startMicros);
}

/** The end of the last footage before a time, and the start of the first after it. */
export async function nearestFootage(
  orm: Orm,
  cameraId: string,
  beforeMicros: number,
  afterMicros: number,
): Promise<{ earlierMicros: number | undefined; laterMicros: number | undefined }> {
  const present = inArray(segments.state, ["open", "closed", "moving"]);
  const [[earlier], [later]] = await Promise.all([
    orm
      .select({ endMicros: segments.endMicros })
      .from(segments)
      .where(and(eq(segments.cameraId, cameraId), lte(segments.startMicros, beforeMicros), present))
      .orderBy(desc(segments.startMicros))
      .limit(1),
    orm
      .select({ startMicros: segments.startMicros })
      .from(segments)
      .where(and(eq(segments.cameraId, cameraId), gte(segments.startMicros, afterMicros), present))
      .orderBy(asc(segments.startMicros))
      .limit(1),
  ]);
  return { earlierMicros: earlier?.endMicros, laterMicros: later?.startMicros };
}

export function segmentBody(segment: FoundSegment): SegmentEntry {
  const { id, cameraId, role, startMicros, endMicros, bytes, frames, width, height, state, tier, locked } = segment;
  const codec = Object.entries(CODEC_IDS).find(([, number]) => number === segment.codec)?.[0] ?? "unknown";
  return { id, cameraId, role, startMicros, endMicros, bytes, frames, codec, width, height, state, tier, locked };
}
