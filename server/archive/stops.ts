import { and, desc, eq, inArray, sql } from "drizzle-orm";
import type { EffectivePolicy, WeeklySchedule } from "../../shared/api/recording.ts";
import type { Orm } from "../db/database.ts";
import { recordingGaps, segments } from "../db/schema/index.ts";
import type { GapFact } from "../ingest/protocol.ts";
import { Schedules } from "./schedule.ts";

export interface StoppedStream {
  readonly cameraId: string;
  readonly streamId: number;
  readonly policy: Pick<EffectivePolicy, "mode" | "schedule">;
  /** Since when everything is to be recorded, whatever the settings say. */
  readonly emergencyMicros: number | undefined;
}

/** Time zones differ by quarters of an hour. */
const STEP_MICROS = 900_000_000;
/** A file is cut after an hour at the latest, at the next keyframe. */
const LONGEST_SEGMENT_MICROS = 7_200_000_000;
/** What lies further back is not looked at quarter by quarter. */
const LONGEST_MICROS = 31 * 86_400_000_000;

/**
 * What was to be recorded from the last footage of each stream until this start, and was not, as the server did not run.
 * Those that reach until now last (`open`).
 */
export async function stopsBefore(
  orm: Orm,
  streams: readonly StoppedStream[],
  nowMicros: number,
): Promise<readonly GapFact[]> {
  const schedules = new Schedules();
  const gaps: GapFact[] = [];
  for (const { cameraId, streamId, policy, emergencyMicros } of streams) {
    const { mode, schedule } = policy;
    const grid = mode.value === "schedule" ? schedule.value : null;
    if (mode.value !== "continuous" && grid === null && emergencyMicros === undefined) continue;
    const last = await lastKnown(orm, streamId);
    if (last === undefined || last >= nowMicros) continue;
    const from = emergencyMicros === undefined ? last : Math.max(last, emergencyMicros);
    const whole = mode.value === "continuous" || emergencyMicros !== undefined;
    const spans = whole ? [[from, nowMicros] as const] : grid ? scheduledSpans(schedules, grid, from, nowMicros) : [];
    const fact = { cameraId, streamId, reason: "server-stopped" as const, detail: undefined, frames: 0 };
    for (const [startMicros, endMicros] of spans) {
      gaps.push({ ...fact, startMicros, endMicros, open: endMicros === nowMicros });
    }
  }
  return gaps;
}

/**
 * Gaps of a process that ended without a word: they are over where footage goes on, else as far as they had been told.
 * After the recovery, which brings the last footage into the index.
 */
export async function endGapsLeftOpen(orm: Orm): Promise<void> {
  const resumed = sql`(select min(${segments.startMicros}) from ${segments}
    where ${segments.streamId} = ${recordingGaps.streamId} and ${segments.endMicros} > ${recordingGaps.startMicros}
      and ${segments.startMicros} > ${recordingGaps.startMicros} - ${LONGEST_SEGMENT_MICROS}::bigint)`;
  await orm
    .update(recordingGaps)
    .set({
      open: false,
      endMicros: sql`greatest(${recordingGaps.startMicros}, coalesce(${resumed}, ${recordingGaps.endMicros}))`,
    })
    .where(eq(recordingGaps.open, true));
}

/** Stretches in which the weekly grid says to record continuously. */
export function scheduledSpans(
  schedules: Schedules,
  grid: WeeklySchedule,
  fromMicros: number,
  toMicros: number,
): (readonly [number, number])[] {
  const spans: [number, number][] = [];
  const near = Math.max(fromMicros, toMicros - LONGEST_MICROS);
  if (near > fromMicros) spans.push([fromMicros, near]);
  for (let at = near; at < toMicros; ) {
    const next = Math.min(toMicros, (Math.floor(at / STEP_MICROS) + 1) * STEP_MICROS);
    if (schedules.at(grid, at) === "continuous") {
      const last = spans.at(-1);
      if (last?.[1] === at) last[1] = next;
      else spans.push([at, next]);
    }
    at = next;
  }
  return spans;
}

/** The end of what is recorded of a stream, or known to be missing. */
async function lastKnown(orm: Orm, streamId: number): Promise<number | undefined> {
  const [segment] = await orm
    .select({ endMicros: segments.endMicros })
    .from(segments)
    .where(and(eq(segments.streamId, streamId), inArray(segments.state, ["closed", "moving", "open"])))
    .orderBy(desc(segments.startMicros))
    .limit(1);
  if (!segment) return undefined;
  const [gap] = await orm
    .select({ endMicros: recordingGaps.endMicros })
    .from(recordingGaps)
    .where(eq(recordingGaps.streamId, streamId))
    .orderBy(desc(recordingGaps.endMicros))
    .limit(1);
  return Math.max(segment.endMicros, gap?.endMicros ?? 0);
}
