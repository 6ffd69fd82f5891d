import { sql } from "drizzle-orm";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { sqlState } from "../db/errors.ts";
import { recordingGaps, recordingRuns, segments } from "../db/schema/index.ts";
import type { GapFact, RecorderEvent, SegmentFact } from "../ingest/protocol.ts";

/** Facts that wait while the database is away. What does not fit is found in the files again (R4, R7). */
const MAX_WAITING = 20_000;
const WRITE_EVERY_MS = millis(1000);
const BATCH = 500;

/** SQLSTATE classes of what the database will never take: data exceptions, broken constraints. */
const REFUSED = /^2[23]/;

type SegmentFactState = { readonly segment: SegmentFact; readonly state: "open" | "closed" };

/** Brings the recorders' facts into the index, in batches; knows how far open segments are. */
export class IndexWriter {
  readonly #orm: Orm;
  readonly #log: Logger;
  readonly #timer: Timer;
  readonly #open = new Map<string, SegmentFact>();
  #segments = new Map<string, SegmentFactState>();
  #gaps = new Map<string, GapFact>();
  #writing: Promise<void> | undefined;
  #failing = false;
  #dropped = 0;
  #refused = 0;

  constructor(orm: Orm, clock: Clock, log: Logger) {
    this.#orm = orm;
    this.#log = log;
    this.#timer = clock.every(WRITE_EVERY_MS, () => void this.write());
  }

  /** Segments that are being written, as far as they are safely on disk, and those whose end is not in the index yet. */
  get open(): ReadonlyMap<string, SegmentFact> {
    return this.#open;
  }

  /** Facts that are not in the database yet. */
  get waiting(): number {
    return this.#segments.size + this.#gaps.size;
  }

  /** Facts that the database would not take, since the start: as of files on a volume that is no more. */
  get refused(): number {
    return this.#refused;
  }

  /** Something is being written on this volume, or has still to be told to the database. */
  names(volumeId: string): boolean {
    for (const fact of this.#open.values()) if (fact.volumeId === volumeId) return true;
    for (const { segment } of this.#segments.values()) if (segment.volumeId === volumeId) return true;
    return false;
  }

  take(event: RecorderEvent): void {
    switch (event.type) {
      case "segment-opened":
        this.#open.set(keyOf(event.segment), event.segment);
        this.#keep(event.segment, "open");
        return;
      case "segment-grown":
        this.#open.set(keyOf(event.segment), event.segment);
        return;
      case "segment-closed":
        // Until the row says so, this is what is known of it.
        this.#open.set(keyOf(event.segment), event.segment);
        this.#keep(event.segment, event.unfinished === true ? "open" : "closed");
        return;
      default:
        return;
    }
  }

  /** Replaces what was said of a gap with the same start and reason. */
  takeGap(gap: GapFact): void {
    const key = `${gap.streamId} ${gap.startMicros} ${gap.reason}`;
    if (!this.#gaps.has(key) && this.waiting >= MAX_WAITING) this.#dropped++;
    else this.#gaps.set(key, gap);
  }

  /** Writes what waits. Never rejects: what could not be written waits on. */
  write(): Promise<void> {
    if (this.waiting === 0) return this.#writing ?? Promise.resolve();
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** Writes all that waits, as long as it can be written. */
  async flush(): Promise<void> {
    for (let before = Number.POSITIVE_INFINITY; this.waiting > 0 && this.waiting < before; ) {
      before = this.waiting;
      await this.write();
    }
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    await this.#writing;
    await this.write();
  }

  #keep(segment: SegmentFact, state: "open" | "closed"): void {
    const key = keyOf(segment);
    if (!this.#segments.has(key) && this.waiting >= MAX_WAITING) this.#dropped++;
    else this.#segments.set(key, { segment, state });
  }

  async #write(): Promise<void> {
    const facts = [...this.#segments].slice(0, BATCH);
    const gaps = [...this.#gaps].slice(0, BATCH);
    try {
      await this.#put(facts, gaps);
      if (this.#failing) this.#log.info({ dropped: this.#dropped }, "the recordings' index is written again");
      this.#failing = false;
      this.#dropped = 0;
    } catch (err) {
      if (!this.#failing) this.#log.error({ err }, "the recordings' index cannot be written; recording goes on");
      this.#failing = true;
    }
  }

  /** Where the database refuses one fact the others get in: by halves it is found, and set aside. */
  async #put(facts: readonly [string, SegmentFactState][], gaps: readonly [string, GapFact][]): Promise<void> {
    if (facts.length + gaps.length === 0) return;
    try {
      await writeIndex(
        this.#orm,
        facts.map(([, fact]) => fact),
        gaps.map(([, gap]) => gap),
      );
    } catch (err) {
      if (!REFUSED.test(sqlState(err) ?? "")) throw err;
      if (facts.length + gaps.length > 1) {
        const [factsHalf, gapsHalf] = [Math.ceil(facts.length / 2), Math.floor(gaps.length / 2)];
        await this.#put(facts.slice(0, factsHalf), gaps.slice(0, gapsHalf));
        await this.#put(facts.slice(factsHalf), gaps.slice(gapsHalf));
        return;
      }
      this.#refused++;
      const [key] = facts[0] ?? gaps[0] ?? [];
      this.#log.error({ err, key, refused: this.#refused }, "the database refuses a fact about recordings: left out");
    }
    this.#done(facts, gaps);
  }

  /** They wait no longer, unless something newer was said meanwhile. */
  #done(facts: readonly [string, SegmentFactState][], gaps: readonly [string, GapFact][]): void {
    for (const [key, fact] of facts) {
      if (this.#segments.get(key) !== fact) continue;
      this.#segments.delete(key);
      if (fact.state === "closed") this.#open.delete(key);
    }
    for (const [key, gap] of gaps) if (this.#gaps.get(key) === gap) this.#gaps.delete(key);
  }
}

/** Segments with their runs, and gaps, in one transaction. Idempotent. */
export async function writeIndex(
  orm: Orm,
  facts: readonly SegmentFactState[],
  gaps: readonly GapFact[],
): Promise<void> {
  await orm.transaction(async (transaction) => {
    if (facts.length > 0) {
      await transaction
        .insert(segments)
        .values(facts.map(({ segment, state }) => ({ ...segment, state })))
        .onConflictDoUpdate({
          target: [segments.volumeId, segments.path],
          set: {
            endMicros: sql`excluded.end_micros`,
            bytes: sql`excluded.bytes`,
            frames: sql`excluded.frames`,
            keyframes: sql`excluded.keyframes`,
            audioFrames: sql`excluded.audio_frames`,
            state: sql`excluded.state`,
          },
        });
      await transaction
        .insert(recordingRuns)
        .values(runsOf(facts))
        .onConflictDoUpdate({
          target: [recordingRuns.id, recordingRuns.streamId],
          set: {
            startMicros: sql`least(${recordingRuns.startMicros}, excluded.start_micros)`,
            endMicros: sql`greatest(${recordingRuns.endMicros}, excluded.end_micros)`,
          },
        });
    }
    if (gaps.length > 0) {
      const rows = gaps.map((gap) => ({ ...gap, detail: gap.detail?.slice(0, 500) ?? null }));
      await transaction
        .insert(recordingGaps)
        .values(rows)
        .onConflictDoUpdate({
          target: [recordingGaps.streamId, recordingGaps.startMicros, recordingGaps.reason],
          set: {
            // What is over ended when its first frame was taken, which is before it came.
            endMicros: sql`case when excluded.open then greatest(${recordingGaps.endMicros}, excluded.end_micros)
              else excluded.end_micros end`,
            detail: sql`excluded.detail`,
            frames: sql`greatest(${recordingGaps.frames}, excluded.frames)`,
            open: sql`excluded.open`,
          },
        });
    }
  });
}

/** One row per run and stream: a statement must not name a row twice. */
function runsOf(facts: readonly SegmentFactState[]): (typeof recordingRuns.$inferInsert)[] {
  const runs = new Map<string, typeof recordingRuns.$inferInsert>();
  for (const { segment } of facts) {
    const { runId: id, streamId, cameraId, role, startMicros, endMicros } = segment;
    const key = `${id} ${streamId}`;
    const known = runs.get(key);
    runs.set(key, {
      id,
      streamId,
      cameraId,
      role,
      startMicros: Math.min(startMicros, known?.startMicros ?? startMicros),
      endMicros: Math.max(endMicros, known?.endMicros ?? endMicros),
    });
  }
  return [...runs.values()];
}

function keyOf({ volumeId, path }: SegmentFact): string {
  return `${volumeId}/${path}`;
}
