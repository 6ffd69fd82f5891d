import { randomUUID } from "node:crypto";
import { and, asc, eq, inArray } from "drizzle-orm";
import type { Orm } from "../db/database.ts";
import { recordingRuns, segments } from "../db/schema/index.ts";

type Transaction = Parameters<Parameters<Orm["transaction"]>[0]>[0];

/** Within a run, segments farther apart do not belong together any more. */
const APART_MICROS = 2_000_000;

/** A run is as long as its segments; where some were deleted from its middle it becomes several. */
export async function shortenRun(transaction: Transaction, runId: string, streamId: number): Promise<void> {
  const own = and(eq(recordingRuns.id, runId), eq(recordingRuns.streamId, streamId));
  const left = await transaction
    .select({
      id: segments.id,
      cameraId: segments.cameraId,
      role: segments.role,
      startMicros: segments.startMicros,
      endMicros: segments.endMicros,
    })
    .from(segments)
    .where(and(eq(segments.runId, runId), eq(segments.streamId, streamId)))
    .orderBy(asc(segments.startMicros));
  const stretches: (typeof left)[] = [];
  for (const segment of left) {
    const last = stretches.at(-1);
    const before = last?.at(-1);
    if (last && before && segment.startMicros - before.endMicros <= APART_MICROS) last.push(segment);
    else stretches.push([segment]);
  }
  const [first, ...others] = stretches;
  if (!first?.[0]) {
    await transaction.delete(recordingRuns).where(own);
    return;
  }
  const range = (stretch: typeof left) => ({
    startMicros: stretch[0]?.startMicros ?? 0,
    endMicros: Math.max(...stretch.map(({ endMicros }) => endMicros)),
  });
  await transaction.update(recordingRuns).set(range(first)).where(own);
  for (const stretch of others) {
    const id = randomUUID();
    const { cameraId, role } = first[0];
    await transaction.insert(recordingRuns).values({ id, streamId, cameraId, role, ...range(stretch) });
    const ids = stretch.map((segment) => segment.id);
    await transaction.update(segments).set({ runId: id }).where(inArray(segments.id, ids));
  }
}
