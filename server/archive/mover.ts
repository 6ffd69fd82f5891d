import { asc, eq } from "drizzle-orm";
import type { TierStatus } from "../../shared/api/storage-tiers.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { segmentMoves } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { type CandidateParts, countCandidates, findCandidates, type TargetTier } from "./move-candidates.ts";
import {
  beginMove,
  copySegment,
  freePath,
  type MoveRow,
  type MoveStep,
  type MovingSegment,
  SourceError,
  settleMove,
  switchMove,
} from "./moves.ts";
import { Pace } from "./pace.ts";
import type { SegmentStore } from "./stores/segment-store.ts";
import type { VolumeRow } from "./volume-service.ts";
import { within } from "./wait.ts";

export interface MoverVolumes {
  readonly rows: readonly VolumeRow[];
  /** Throws `storage.not_found`, `storage.no_credentials`. */
  store(volumeId: string): SegmentStore;
  /** It can be read and written now. */
  isWell(volumeId: string): boolean;
  /** May be written to it, as far as is known; undefined: no limit is known. */
  roomBytes(volume: VolumeRow): number | undefined;
  /** More than its settings allow on it; 0: none. */
  overfullBytes(volume: VolumeRow): number;
  /** What was found when it was used. */
  found(volumeId: string, state: "failed" | "ok", detail: string | undefined): void;
}

export interface MoverParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policyOf: CandidateParts["policyOf"];
  readonly volumes: MoverVolumes;
  /** The segment is elsewhere from now on. */
  readonly onMoved: (segmentId: number) => void;
  /** For tests: what a crash at this point leaves. */
  readonly onStep?: (step: MoveStep, move: MoveRow) => Promise<void>;
}

interface UnderWay {
  readonly segment: MovingSegment;
  readonly target: VolumeRow;
  doneBytes: number;
}

const TIERS: readonly TargetTier[] = ["warm", "cold"];
const LOOK_EVERY_MS = millis(30_000);
const BATCH = 16;
/** At once, per tier: latency of the one is used by the other. */
const AT_ONCE = 2;
const DEFAULT_MBIT_PER_SECOND = 400;
const FIRST_PAUSE_MS = 10_000;
const MOST_PAUSE_MS = 600_000;
/** A recording that cannot be read is not tried again at once. */
const SKIP_MS = 3_600_000;
const MOST_SKIPPED = 10_000;
const MOST_ERRORS = 20;
/** A stop waits so long for what is under way to be undone. */
export const UNDO_MS = 4000;

/**
 * Moves segments to the warm and the cold tier (server/record/README.md). The tiers go on independently: a bucket that
 * hangs holds up nothing but itself.
 */
export class Mover {
  readonly #parts: MoverParts;
  readonly #abort = new AbortController();
  readonly #running = new Map<TargetTier, Promise<void>>();
  readonly #underWay = new Map<number, UnderWay>();
  readonly #paces = new Map<string, Pace>();
  /** Targets that failed, and until when they are left alone. */
  readonly #paused = new Map<string, { untilMs: number; nextMs: number }>();
  /** Those that were told to have failed, until something was moved there again. */
  readonly #told = new Set<string>();
  readonly #skipped = new Map<number, number>();
  readonly #errors: TierStatus["errors"][number][] = [];
  #moved = { files: 0, bytes: 0 };
  #timer: Timer | undefined;

  constructor(parts: MoverParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.every(LOOK_EVERY_MS, () => void this.run());
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#abort.abort();
    await Promise.all(this.#running.values());
  }

  /** Ends what a stop left under way; what cannot be reached now is tried again with every round. */
  async settle(): Promise<void> {
    const { orm, volumes, log } = this.#parts;
    const rows = await orm.select().from(segmentMoves).orderBy(asc(segmentMoves.id));
    for (const row of rows) {
      if (this.#underWay.has(row.segmentId) || this.#abort.signal.aborted) continue;
      if (!volumes.isWell(row.phase === "copying" ? row.toVolumeId : row.fromVolumeId)) continue;
      try {
        const how = await settleMove(orm, row, (id) => volumes.store(id));
        log.info({ segment: row.segmentId, how }, "a move that was cut off");
      } catch (error) {
        this.#keep(row.phase === "copying" ? row.toVolumeId : row.fromVolumeId, row.toPath, error);
      }
    }
  }

  /** One round per tier; a tier's rounds do not overlap. Never rejects. */
  async run(): Promise<void> {
    await Promise.all(TIERS.map((tier) => this.#once(tier)));
  }

  async status(): Promise<TierStatus> {
    const { clock, volumes } = this.#parts;
    const waiting = await Promise.all(TIERS.map((tier) => countCandidates(this.#candidates(), tier)));
    return {
      moving: [...this.#underWay.values()].map(({ segment, target, doneBytes }) => ({
        cameraId: segment.cameraId,
        startMicros: segment.startMicros,
        fromVolumeId: segment.volumeId,
        toVolumeId: target.id,
        bytes: segment.bytes,
        doneBytes: Math.min(doneBytes, segment.bytes),
      })),
      waiting: TIERS.map((tier, index) => ({
        tier,
        files: waiting[index]?.files ?? 0,
        bytes: waiting[index]?.bytes ?? 0,
      })),
      moved: { ...this.#moved },
      paused: [...this.#paused].flatMap(([volumeId, { untilMs }]) => {
        const leftMs = untilMs - clock.monotonicMs();
        return leftMs > 0 && volumes.rows.some(({ id }) => id === volumeId)
          ? [{ volumeId, seconds: Math.ceil(leftMs / 1000) }]
          : [];
      }),
      errors: [...this.#errors],
    };
  }

  /** What failed before is tried now. */
  resume(): void {
    this.#paused.clear();
    this.#skipped.clear();
    void this.run();
  }

  #once(tier: TargetTier): Promise<void> {
    const running =
      this.#running.get(tier) ??
      this.#round(tier)
        .catch((err: unknown) => {
          if (!this.#abort.signal.aborted)
            this.#parts.log.error({ err, tier }, "moving recordings failed; it is repeated");
        })
        .finally(() => this.#running.delete(tier));
    this.#running.set(tier, running);
    return running;
  }

  async #round(tier: TargetTier): Promise<void> {
    if (tier === "warm") await this.settle();
    const total = { files: 0, bytes: 0 };
    for (;;) {
      if (this.#abort.signal.aborted || !this.#target(tier, 0)) break;
      const found = await findCandidates(this.#candidates(), tier, BATCH + this.#skipped.size);
      const queue = found.filter(({ id }) => !this.#isSkipped(id) && !this.#underWay.has(id)).slice(0, BATCH);
      const before = total.files;
      const works = await Promise.allSettled(Array.from({ length: AT_ONCE }, () => this.#work(tier, queue, total)));
      for (const work of works) if (work.status === "rejected") throw work.reason;
      if (total.files === before) break;
    }
    if (total.files > 0) this.#parts.log.info({ ...total, tier }, "recordings moved");
  }

  async #work(tier: TargetTier, queue: MovingSegment[], total: { files: number; bytes: number }): Promise<void> {
    for (let segment = queue.shift(); segment && !this.#abort.signal.aborted; segment = queue.shift()) {
      const target = this.#target(tier, segment.bytes);
      if (!target) return;
      if (!(await this.#move(segment, target))) continue;
      total.files++;
      total.bytes += segment.bytes;
    }
  }

  /** The first of a tier's volumes that takes it. */
  #target(tier: TargetTier, bytes: number): VolumeRow | undefined {
    const { volumes, clock } = this.#parts;
    return volumes.rows.find((row) => {
      if (row.tier !== tier || !row.enabled || !volumes.isWell(row.id)) return false;
      if ((this.#paused.get(row.id)?.untilMs ?? 0) > clock.monotonicMs()) return false;
      const room = volumes.roomBytes(row);
      return room === undefined || room > bytes;
    });
  }

  /** True: it is moved. Never rejects. */
  async #move(segment: MovingSegment, target: VolumeRow): Promise<boolean> {
    const { orm, clock, volumes, onMoved } = this.#parts;
    const underWay: UnderWay = { segment, target, doneBytes: 0 };
    this.#underWay.set(segment.id, underWay);
    let move: MoveRow | undefined;
    try {
      const [from, to] = [volumes.store(segment.volumeId), volumes.store(target.id)];
      const toPath = await freePath(orm, to, segment.path);
      move = await beginMove(orm, segment, { volumeId: target.id, path: toPath }, toDate(clock.utcMicros()));
      if (!move) return false;
      const step = this.#stepper(move);
      await step("marked");
      const pace = async (bytes: number): Promise<void> => {
        await this.#pace(target).take(bytes, this.#abort.signal);
        underWay.doneBytes += bytes;
      };
      await copySegment(segment, from, to, toPath, { signal: this.#abort.signal, pace, onStep: step });
      if (!(await switchMove(orm, move))) throw new Error("the segment was changed while it was moved");
      move = { ...move, phase: "cleaning" };
      await step("switched");
      onMoved(segment.id);
      this.#moved = { files: this.#moved.files + 1, bytes: this.#moved.bytes + segment.bytes };
      this.#well(target.id);
      await from.remove(segment.path);
      await step("removed");
      await orm.delete(segmentMoves).where(eq(segmentMoves.id, move.id));
      await step("done");
      return true;
    } catch (error) {
      if (error instanceof StopHere) {
        // As if the process had ended: the other tier's round must not tidy up behind it.
        this.#abort.abort();
        throw error;
      }
      if (error instanceof SourceError) this.#skip(segment, error);
      // The old file could not be removed: the row keeps it in mind.
      else if (move?.phase === "cleaning") this.#keep(segment.volumeId, segment.path, error);
      else if (!this.#abort.signal.aborted) this.#fault(target.id, error);
      if (move) await this.#undo(move);
      return move?.phase === "cleaning";
    } finally {
      this.#underWay.delete(segment.id);
    }
  }

  /** At a stop only for a while: what is left is ended at the next start. */
  async #undo(move: MoveRow): Promise<void> {
    const { orm, volumes, clock } = this.#parts;
    // Where it fails, the row says what is left to do, and every round tries.
    const undone = settleMove(orm, move, (id) => volumes.store(id)).then(
      () => undefined,
      () => undefined,
    );
    if (this.#abort.signal.aborted) await within(clock, UNDO_MS, undone, () => undefined);
    else await undone;
  }

  #stepper(move: MoveRow): (step: MoveStep) => Promise<void> {
    const { onStep } = this.#parts;
    return async (step) => {
      await onStep?.(step, move);
    };
  }

  #pace({ id, moveMbitPerSecond }: VolumeRow): Pace {
    const bytesPerSecond = ((moveMbitPerSecond ?? DEFAULT_MBIT_PER_SECOND) * 1_000_000) / 8;
    let pace = this.#paces.get(id);
    if (pace?.bytesPerSecond !== bytesPerSecond) {
      pace = new Pace(bytesPerSecond, this.#parts.clock);
      this.#paces.set(id, pace);
    }
    return pace;
  }

  #candidates(): CandidateParts {
    const { orm, clock, policyOf, volumes } = this.#parts;
    return {
      orm,
      policyOf,
      nowMicros: clock.utcMicros(),
      sources: volumes.rows.filter(({ id }) => volumes.isWell(id)),
      hasWarm: volumes.rows.some(({ tier, enabled }) => tier === "warm" && enabled),
      overfull: (volume) => volumes.overfullBytes(volume),
    };
  }

  #isSkipped(segmentId: number): boolean {
    const until = this.#skipped.get(segmentId);
    if (until === undefined) return false;
    if (until > this.#parts.clock.monotonicMs()) return true;
    this.#skipped.delete(segmentId);
    return false;
  }

  #skip(segment: MovingSegment, error: unknown): void {
    const { clock, log } = this.#parts;
    const [oldest] = this.#skipped.keys();
    if (this.#skipped.size >= MOST_SKIPPED && oldest !== undefined) this.#skipped.delete(oldest);
    this.#skipped.set(segment.id, clock.monotonicMs() + SKIP_MS);
    log.error({ err: error, path: segment.path }, "a recording could not be moved; `check` says what is wrong with it");
    this.#keep(segment.volumeId, segment.path, error);
  }

  #fault(volumeId: string, error: unknown): void {
    const { clock, volumes, log } = this.#parts;
    const before = this.#paused.get(volumeId);
    const pauseMs = before?.nextMs ?? FIRST_PAUSE_MS;
    if (!before) log.error({ err: error, volume: volumeId }, "recordings cannot be moved there; it is tried again");
    const nextMs = Math.min(MOST_PAUSE_MS, pauseMs * 2);
    this.#paused.set(volumeId, { untilMs: clock.monotonicMs() + pauseMs, nextMs });
    this.#told.add(volumeId);
    volumes.found(volumeId, "failed", describeError(error));
    this.#keep(volumeId, null, error);
  }

  #well(volumeId: string): void {
    this.#paused.delete(volumeId);
    if (this.#told.delete(volumeId)) this.#parts.volumes.found(volumeId, "ok", undefined);
  }

  #keep(volumeId: string, path: string | null, error: unknown): void {
    const at = toDate(this.#parts.clock.utcMicros()).toISOString();
    const code = errorCode(error) ?? "storage.failed";
    this.#errors.unshift({ at, volumeId, path, code, message: describeError(error).slice(0, 300) });
    this.#errors.length = Math.min(this.#errors.length, MOST_ERRORS);
  }
}

/** Thrown by a test's `onStep`: as if the process had ended there. */
export class StopHere extends Error {}
