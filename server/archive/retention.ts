import { randomUUID } from "node:crypto";
import { and, asc, eq, inArray, lt, type SQL, sql, sum } from "drizzle-orm";
import type { EffectivePolicy } from "../../shared/api/recording.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { cameraEvents, evidenceLocks, recordingGaps, recordingRuns, segments } from "../db/schema/index.ts";
import type { SegmentStore } from "./stores/segment-store.ts";
import type { VolumeRow } from "./volume-service.ts";
import { within } from "./wait.ts";

export interface RetentionParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of every camera, those without an own policy too. */
  readonly policyOf: (cameraId: string) => EffectivePolicy;
  readonly volumes: RetentionVolumes;
  /** Bytes to be freed on a volume so that its reserve is kept; 0: none. */
  readonly missingBytes: (volume: VolumeRow) => number;
  /** Nothing may be deleted, and the reserve is not kept. */
  readonly onStuck: (volume: VolumeRow) => void;
}

/** Where footage lies: folders and buckets. */
export interface RetentionVolumes {
  readonly rows: readonly VolumeRow[];
  /** It answers now: what lies elsewhere is left until it does. */
  isWell(volumeId: string): boolean;
  store(volumeId: string): SegmentStore;
}

export interface RetentionReport {
  readonly files: number;
  readonly bytes: number;
}

type Row = Pick<typeof segments.$inferSelect, "id" | "volumeId" | "path" | "bytes" | "runId" | "streamId">;

const RUN_EVERY_MS = millis(60_000);
const BATCH = 500;
/** One removal; a disk that takes longer hangs. */
const REMOVE_MS = 30_000;
const DAY_MICROS = 86_400 * 1_000_000;
/** Within a run, segments farther apart do not belong together any more. */
const APART_MICROS = 2_000_000;

/**
 * Deletes footage that is older, or more, than its camera's settings say, and keeps each volume's reserve free; the oldest
 * first, never what an evidence lock covers, and by size or reserve never what is younger than the guaranteed days.
 */
export class Retention {
  readonly #parts: RetentionParts;
  #timer: Timer | undefined;
  #running: Promise<RetentionReport> | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.every(RUN_EVERY_MS, () => {
      void this.run().catch((err: unknown) => this.#parts.log.error({ err }, "retention failed; it is repeated"));
    });
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#running?.catch(() => undefined);
  }

  /** One round; rounds do not overlap. */
  run(): Promise<RetentionReport> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<RetentionReport> {
    const total = { files: 0, bytes: 0 };
    const add = ({ files, bytes }: RetentionReport): void => {
      total.files += files;
      total.bytes += bytes;
    };
    await this.#again();
    const used = await this.#usedBytes();
    for (const cameraId of used.keys()) add(await this.#byAge(cameraId));
    add(await this.#bySize(used));
    for (const volume of this.#parts.volumes.rows) if (volume.kind === "local") add(await this.#byReserve(volume));
    if (total.files > 0) this.#parts.log.info(total, "recordings deleted by retention");
    return total;
  }

  async #usedBytes(): Promise<Map<string, number>> {
    const rows = await this.#parts.orm
      .select({ cameraId: segments.cameraId, bytes: sum(segments.bytes).mapWith(Number) })
      .from(segments)
      .groupBy(segments.cameraId);
    return new Map(rows.map(({ cameraId, bytes }) => [cameraId, bytes]));
  }

  async #byAge(cameraId: string): Promise<RetentionReport> {
    const { retentionDays } = this.#parts.policyOf(cameraId);
    if (retentionDays.value === null) return { files: 0, bytes: 0 };
    const before = this.#parts.clock.utcMicros() - retentionDays.value * DAY_MICROS;
    const { orm } = this.#parts;
    await orm
      .delete(recordingGaps)
      .where(and(eq(recordingGaps.cameraId, cameraId), lt(recordingGaps.endMicros, before)));
    await orm.delete(cameraEvents).where(and(eq(cameraEvents.cameraId, cameraId), lt(cameraEvents.endMicros, before)));
    return this.#delete(and(eq(segments.cameraId, cameraId), lt(segments.endMicros, before)), Number.POSITIVE_INFINITY);
  }

  /** A limit counts for all cameras together that have it from the same place: the system, a group, or the camera. */
  async #bySize(used: ReadonlyMap<string, number>): Promise<RetentionReport> {
    const groups = new Map<string, { maxBytes: number; bytes: number; cameraIds: string[] }>();
    for (const [cameraId, bytes] of used) {
      const { maxBytes } = this.#parts.policyOf(cameraId);
      if (maxBytes.value === null) continue;
      const key = maxBytes.from === "camera" ? cameraId : maxBytes.from;
      const group = groups.get(key) ?? { maxBytes: maxBytes.value, bytes: 0, cameraIds: [] };
      group.bytes += bytes;
      group.cameraIds.push(cameraId);
      groups.set(key, group);
    }
    let [files, freed] = [0, 0];
    for (const { maxBytes, bytes, cameraIds } of groups.values()) {
      if (bytes <= maxBytes) continue;
      const report = await this.#delete(this.#free(cameraIds), bytes - maxBytes);
      files += report.files;
      freed += report.bytes;
    }
    return { files, bytes: freed };
  }

  async #byReserve(volume: VolumeRow): Promise<RetentionReport> {
    const missing = this.#parts.missingBytes(volume);
    if (missing <= 0) return { files: 0, bytes: 0 };
    const cameras = await this.#parts.orm
      .selectDistinct({ cameraId: segments.cameraId })
      .from(segments)
      .where(eq(segments.volumeId, volume.id));
    const free = this.#free(cameras.map(({ cameraId }) => cameraId));
    const report = await this.#delete(and(eq(segments.volumeId, volume.id), free), missing);
    if (report.bytes < missing) this.#parts.onStuck(volume);
    return report;
  }

  /** Of these cameras, what is older than the days that are guaranteed to each. */
  #free(cameraIds: readonly string[]): SQL | undefined {
    const now = this.#parts.clock.utcMicros();
    const byDays = new Map<number, string[]>();
    for (const id of cameraIds) {
      const days = this.#parts.policyOf(id).minimumDays.value;
      byDays.set(days, [...(byDays.get(days) ?? []), id]);
    }
    const parts = [...byDays].map(
      ([days, ids]) => sql`(${inArray(segments.cameraId, ids)} and ${lt(segments.endMicros, now - days * DAY_MICROS)})`,
    );
    return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`;
  }

  /** What was marked before, and whose volume did not answer then. */
  async #again(): Promise<void> {
    const { orm, volumes } = this.#parts;
    const ids = volumes.rows.map(({ id }) => id).filter((id) => volumes.isWell(id));
    if (ids.length === 0) return;
    const { id, volumeId, path, bytes, runId, streamId } = segments;
    const rows = await orm
      .select({ id, volumeId, path, bytes, runId, streamId })
      .from(segments)
      .where(and(eq(segments.state, "deleting"), inArray(segments.volumeId, ids)))
      .limit(BATCH);
    if (rows.length > 0) await this.#remove(rows);
  }

  async #delete(which: SQL | undefined, wantedBytes: number): Promise<RetentionReport> {
    let [files, bytes] = [0, 0];
    while (bytes < wantedBytes) {
      const marked = await this.#mark(which, wantedBytes - bytes);
      if (marked.length === 0) break;
      await this.#remove(marked);
      files += marked.length;
      bytes += marked.reduce((total, row) => total + row.bytes, 0);
    }
    return { files, bytes };
  }

  /** R5: marked and committed before a file goes. A lock that is set meanwhile is seen, or comes too late for all to see. */
  async #mark(which: SQL | undefined, wantedBytes: number): Promise<Row[]> {
    const now = new Date(this.#parts.clock.utcMicros() / 1000).toISOString();
    const locked = sql`exists (select 1 from ${evidenceLocks} where ${evidenceLocks.cameraId} = ${segments.cameraId}
      and ${evidenceLocks.releasedAt} is null and (${evidenceLocks.expiresAt} is null or ${evidenceLocks.expiresAt} > ${now})
      and ${evidenceLocks.startMicros} < ${segments.endMicros} and ${evidenceLocks.endMicros} >= ${segments.startMicros})`;
    return this.#parts.orm.transaction(async (transaction) => {
      // Locks are not set while this looks for them.
      await transaction.execute(sql`lock table ${evidenceLocks} in share mode`);
      const oldest = await transaction
        .select({
          id: segments.id,
          volumeId: segments.volumeId,
          path: segments.path,
          bytes: segments.bytes,
          runId: segments.runId,
          streamId: segments.streamId,
        })
        .from(segments)
        .where(and(eq(segments.state, "closed"), which, this.#reachable(), sql`not ${locked}`))
        .orderBy(asc(segments.startMicros))
        .limit(BATCH);
      let taken = 0;
      const chosen = oldest.filter(({ bytes }) => {
        const needed = taken < wantedBytes;
        taken += bytes;
        return needed;
      });
      if (chosen.length > 0) {
        const ids = chosen.map(({ id }) => id);
        await transaction.update(segments).set({ state: "deleting" }).where(inArray(segments.id, ids));
      }
      return chosen;
    });
  }

  #reachable(): SQL {
    const { volumes } = this.#parts;
    const ids = volumes.rows.map(({ id }) => id).filter((id) => volumes.isWell(id));
    return ids.length === 0 ? sql`false` : inArray(segments.volumeId, ids);
  }

  async #remove(rows: readonly Row[]): Promise<void> {
    const { orm, volumes, log, clock } = this.#parts;
    const gone: Row[] = [];
    const failing = new Set<string>();
    for (const row of rows) {
      // The row says `deleting`: it is tried again with the next round.
      if (failing.has(row.volumeId)) continue;
      try {
        const removal = volumes.store(row.volumeId).remove(row.path);
        await within(clock, REMOVE_MS, removal, () => {
          removal.catch(() => undefined);
          throw new Error("the storage does not answer");
        });
        gone.push(row);
      } catch (err) {
        failing.add(row.volumeId);
        log.error({ err, path: row.path, volume: row.volumeId }, "a recording could not be deleted");
      }
    }
    if (gone.length === 0) return;
    await orm.transaction(async (transaction) => {
      const ids = gone.map(({ id }) => id);
      await transaction.delete(segments).where(inArray(segments.id, ids));
      const runs = new Map(gone.map(({ runId, streamId }) => [`${runId} ${streamId}`, { runId, streamId }]));
      for (const { runId, streamId } of runs.values()) await shortenRun(transaction, runId, streamId);
    });
  }
}

/** A run is as long as its segments; where some were deleted from its middle it becomes several. */
async function shortenRun(
  transaction: Parameters<Parameters<Orm["transaction"]>[0]>[0],
  runId: string,
  streamId: number,
): Promise<void> {
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
