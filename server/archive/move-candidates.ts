import { and, asc, count, eq, inArray, lt, type SQL, sql, sum } from "drizzle-orm";
import type { EffectivePolicy } from "../../shared/api/recording.ts";
import type { Orm } from "../db/database.ts";
import { segments } from "../db/schema/index.ts";
import { type MovingSegment, notMoving } from "./moves.ts";
import type { VolumeRow } from "./volume-service.ts";

export type TargetTier = "warm" | "cold";

export interface CandidateParts {
  readonly orm: Orm;
  readonly nowMicros: number;
  /** Undefined: not known yet; its recordings stay where they are. */
  readonly policyOf: (cameraId: string) => EffectivePolicy | undefined;
  /** Those that can be read from now. */
  readonly sources: readonly VolumeRow[];
  /** There is a warm volume at all: else what is too much on a hot one goes to the cold tier. */
  readonly hasWarm: boolean;
  /** Bytes that are too many on a volume; 0: none. */
  readonly overfull: (volume: VolumeRow) => number;
}

const DAY_MICROS = 86_400_000_000;
/** What has just been closed may be told of once more by its recorder. */
const SETTLED_MICROS = 10_000_000;

/** Oldest first: what is to move to a tier now, because of its age or because its volume is too full. */
export async function findCandidates(parts: CandidateParts, tier: TargetTier, limit: number): Promise<MovingSegment[]> {
  const which = await condition(parts, tier);
  if (!which) return [];
  return parts.orm
    .select({
      id: segments.id,
      cameraId: segments.cameraId,
      streamId: segments.streamId,
      volumeId: segments.volumeId,
      path: segments.path,
      bytes: segments.bytes,
      frames: segments.frames,
      startMicros: segments.startMicros,
    })
    .from(segments)
    .where(which)
    .orderBy(asc(segments.startMicros), asc(segments.id))
    .limit(limit);
}

export async function countCandidates(
  parts: CandidateParts,
  tier: TargetTier,
): Promise<{ files: number; bytes: number }> {
  const which = await condition(parts, tier);
  if (!which) return { files: 0, bytes: 0 };
  const [row] = await parts.orm
    .select({ files: count(), bytes: sum(segments.bytes).mapWith(Number) })
    .from(segments)
    .where(which);
  return { files: row?.files ?? 0, bytes: row?.bytes ?? 0 };
}

async function condition(parts: CandidateParts, tier: TargetTier): Promise<SQL | undefined> {
  const { nowMicros, sources } = parts;
  const from = sources.filter((volume) => volume.tier === "hot" || (tier === "cold" && volume.tier === "warm"));
  if (from.length === 0) return undefined;
  const byAge = await olderThanAllowed(parts, tier, from);
  const ids = [...byAge, ...(await tooMany(parts, tier, from))];
  if (ids.length === 0) return undefined;
  const settled = lt(segments.endMicros, nowMicros - SETTLED_MICROS);
  return and(eq(segments.state, "closed"), settled, sql`(${sql.join(ids, sql` or `)})`, notMoving);
}

/** Each camera by its own days. */
async function olderThanAllowed(parts: CandidateParts, tier: TargetTier, from: readonly VolumeRow[]): Promise<SQL[]> {
  const cameras = await parts.orm.selectDistinct({ cameraId: segments.cameraId }).from(segments);
  const byDays = new Map<number, string[]>();
  for (const { cameraId } of cameras) {
    const policy = parts.policyOf(cameraId);
    if (!policy) continue;
    const { warmAfterDays, coldAfterDays } = policy;
    const days = tier === "warm" ? warmAfterDays.value : coldAfterDays.value;
    // What goes to the cold tier at once makes no stop on the way.
    const skips = tier === "warm" && days !== null && coldAfterDays.value !== null && coldAfterDays.value <= days;
    if (days !== null && !skips) byDays.set(days, [...(byDays.get(days) ?? []), cameraId]);
  }
  const volumes = inArray(
    segments.volumeId,
    from.map(({ id }) => id),
  );
  return [...byDays].flatMap(([days, ids]) => {
    const old = lt(segments.endMicros, parts.nowMicros - days * DAY_MICROS);
    return and(volumes, inArray(segments.cameraId, ids), old) ?? [];
  });
}

/** Of each volume that is too full, its oldest segments, as many as bring it back. */
async function tooMany(parts: CandidateParts, tier: TargetTier, from: readonly VolumeRow[]): Promise<SQL[]> {
  const full = from.filter((volume) => {
    const next = volume.tier === "hot" && parts.hasWarm ? "warm" : "cold";
    return next === tier && parts.overfull(volume) > 0;
  });
  const found: SQL[] = [];
  for (const volume of full) {
    const tooMuch = parts.overfull(volume);
    // Up to the segment with which enough is gone.
    found.push(sql`${segments.id} in (select id from (select s.id, coalesce(sum(s.bytes) over (order by s.start_micros, s.id
      rows between unbounded preceding and 1 preceding), 0) as before from ${segments} s where s.volume_id = ${volume.id}
      and s.state in ('closed', 'moving')) o where o.before < ${tooMuch})`);
  }
  return found;
}
