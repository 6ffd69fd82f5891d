import { and, eq, inArray, lt, ne, type SQL, sql, sum } from "drizzle-orm";
import type { EffectivePolicy } from "../../shared/api/recording.ts";
import type { Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { cameraEvents, recordingGaps, segments } from "../db/schema/index.ts";
import { BelievedClock, type ClockDoubt } from "./believed-clock.ts";
import { holdLocks, isLocked } from "./locks.ts";
import { Removal, type RemovalParts, type RetentionReport } from "./retention-removal.ts";
import type { VolumeRow } from "./volume-service.ts";

export interface RetentionParts extends RemovalParts {
  /** Of every camera, those without an own policy too. Undefined: not known yet, and nothing of it is deleted. */
  readonly policyOf: (cameraId: string) => EffectivePolicy | undefined;
  /** Before each round: what `policyOf` answers from is read. */
  readonly prepare?: (() => Promise<void>) | undefined;
  /** Bytes to be freed on a volume so that its reserve is kept; 0: none. */
  readonly missingBytes: (volume: VolumeRow) => number | Promise<number>;
  /** Nothing may be deleted, and the reserve is not kept. Told once, until it is kept again. */
  readonly onStuck: (volume: VolumeRow) => void;
  /** The wall clock leapt and is not believed; undefined: it is again. */
  readonly onClock?: ((doubt: ClockDoubt | undefined) => void) | undefined;
}

const RUN_EVERY_MS = millis(60_000);
const DAY_MICROS = 86_400 * 1_000_000;
const NOTHING: RetentionReport = { files: 0, bytes: 0 };

/**
 * Deletes footage that is older, or more, than its camera's settings say, and keeps each volume's reserve free; the oldest
 * first, never what an evidence lock covers, and by size or reserve never what is younger than the guaranteed days.
 */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #removal: Removal;
  readonly #clock: BelievedClock;
  readonly #stuck = new Set<string>();
  #timer: Timer | undefined;
  #running: Promise<RetentionReport> | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#removal = new Removal(parts);
    const { orm, clock, onClock } = parts;
    this.#clock = new BelievedClock({ orm, clock, onDoubt: (doubt) => onClock?.(doubt) });
  }

  start(): void {
    this.#timer ??= this.#parts.clock.every(RUN_EVERY_MS, () => {
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
    await this.#parts.prepare?.();
    const now = await this.#clock.now();
    add(await this.#removal.again());
    for (const [days, cameraIds] of await this.#byDays())
      add(await this.#byAge(cameraIds, now - days * DAY_MICROS, now));
    // What each limit is measured by is asked for when those before it are through.
    add(await this.#bySize(now));
    for (const volume of this.#parts.volumes.rows) {
      if (volume.kind === "local") add(await this.#byReserve(volume, now));
    }
    if (total.files > 0) this.#parts.log.info(total, "recordings deleted by retention");
    return total;
  }

  /** Cameras by the days after which their footage goes. */
  async #byDays(): Promise<Map<number, string[]>> {
    const ids = new Set<string>();
    for (const table of [segments, recordingGaps, cameraEvents]) {
      for (const id of await this.#camerasIn(table)) ids.add(id);
    }
    const byDays = new Map<number, string[]>();
    for (const id of ids) {
      const days = this.#parts.policyOf(id)?.retentionDays.value ?? null;
      if (days !== null) byDays.set(days, [...(byDays.get(days) ?? []), id]);
    }
    return byDays;
  }

  /** From camera to camera by the index: such a table has millions of rows, of few cameras. */
  async #camerasIn(table: typeof segments | typeof recordingGaps | typeof cameraEvents): Promise<string[]> {
    const rows = await this.#parts.orm.execute<{ id: string }>(sql`with recursive found as (
      (select camera_id as id from ${table} order by camera_id limit 1) union all
      select (select camera_id from ${table} where camera_id > found.id order by camera_id limit 1)
      from found where found.id is not null) select id from found where id is not null`);
    return rows.map(({ id }) => id);
  }

  async #byAge(cameraIds: readonly string[], before: number, now: number): Promise<RetentionReport> {
    await this.#parts.orm.transaction(async (transaction) => {
      // Locks are not set while this looks for them.
      await holdLocks(transaction);
      for (const table of [recordingGaps, cameraEvents]) {
        await transaction.delete(table).where(and(older(table, cameraIds, before), sql`not ${isLocked(table, now)}`));
      }
    });
    const which = older(segments, cameraIds, before);
    return this.#removal.delete({ which, wantedBytes: Number.POSITIVE_INFINITY, nowMicros: now, unusable: "pass" });
  }

  /** A limit counts for all cameras together that have it from the same place: the system, a group, or the camera. */
  async #bySize(nowMicros: number): Promise<RetentionReport> {
    const ids = await this.#camerasIn(segments);
    const limited = ids.filter((id) => (this.#parts.policyOf(id)?.maxBytes.value ?? null) !== null);
    // Adding up a large archive takes a while, and most have no such limit.
    if (limited.length === 0) return NOTHING;
    // What is bound to go is not counted: nothing else goes because it is not gone yet.
    const used = await this.#parts.orm
      .select({ cameraId: segments.cameraId, bytes: sum(segments.bytes).mapWith(Number) })
      .from(segments)
      .where(and(inArray(segments.cameraId, limited), ne(segments.state, "deleting")))
      .groupBy(segments.cameraId);
    const groups = new Map<string, { maxBytes: number; bytes: number; cameraIds: string[] }>();
    for (const { cameraId, bytes } of used) {
      const maxBytes = this.#parts.policyOf(cameraId)?.maxBytes;
      if (maxBytes === undefined || maxBytes.value === null) continue;
      const key = maxBytes.from === "camera" ? cameraId : maxBytes.from;
      const group = groups.get(key) ?? { maxBytes: maxBytes.value, bytes: 0, cameraIds: [] };
      group.bytes += bytes;
      group.cameraIds.push(cameraId);
      groups.set(key, group);
    }
    let [files, freed] = [0, 0];
    for (const { maxBytes, bytes, cameraIds } of groups.values()) {
      if (bytes <= maxBytes) continue;
      const which = this.#free(cameraIds, nowMicros);
      const wantedBytes = bytes - maxBytes;
      const report = await this.#removal.delete({ which, wantedBytes, nowMicros, unusable: "wait" });
      files += report.files;
      freed += report.bytes;
    }
    return { files, bytes: freed };
  }

  async #byReserve(volume: VolumeRow, nowMicros: number): Promise<RetentionReport> {
    const missing = await this.#parts.missingBytes(volume);
    if (missing <= 0) this.#stuck.delete(volume.id);
    if (missing <= 0 || !this.#removal.isUsable(volume.id)) return NOTHING;
    const wantedBytes = missing - (await this.#removal.comingBytes(volume.id));
    const here = eq(segments.volumeId, volume.id);
    const cameras = await this.#parts.orm.selectDistinct({ cameraId: segments.cameraId }).from(segments).where(here);
    const free = this.#free(
      cameras.map(({ cameraId }) => cameraId),
      nowMicros,
    );
    const report = await this.#removal.delete({ which: and(here, free), wantedBytes, nowMicros, unusable: "wait" });
    if (!report.short) this.#stuck.delete(volume.id);
    else if (!this.#stuck.has(volume.id)) {
      this.#stuck.add(volume.id);
      this.#parts.onStuck(volume);
    }
    return report;
  }

  /** Of these cameras, what is older than the days that are guaranteed to each. */
  #free(cameraIds: readonly string[], now: number): SQL {
    const byDays = new Map<number, string[]>();
    for (const id of cameraIds) {
      const days = this.#parts.policyOf(id)?.minimumDays.value;
      if (days !== undefined) byDays.set(days, [...(byDays.get(days) ?? []), id]);
    }
    const parts = [...byDays].map(([days, ids]) => sql`(${older(segments, ids, now - days * DAY_MICROS)})`);
    return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`;
  }
}

/** Of these cameras, what was over before then. */
function older(
  table: typeof segments | typeof recordingGaps | typeof cameraEvents,
  cameraIds: readonly string[],
  before: number,
): SQL | undefined {
  // That it had begun then too is what the index knows.
  return and(inArray(table.cameraId, [...cameraIds]), lt(table.endMicros, before), lt(table.startMicros, before));
}
