import { and, asc, eq, inArray, or, type SQL, sql, sum } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { segments } from "../db/schema/index.ts";
import { holdLocks, isLocked } from "./locks.ts";
import { shortenRun } from "./shorten-run.ts";
import type { SegmentStore } from "./stores/segment-store.ts";
import type { VolumeRow } from "./volume-service.ts";
import { within } from "./wait.ts";

/** Where footage lies: folders and buckets. */
export interface RetentionVolumes {
  readonly rows: readonly VolumeRow[];
  /** It answers now: what lies elsewhere is left until it does. */
  isWell(volumeId: string): boolean;
  store(volumeId: string): SegmentStore;
}

export interface RemovalParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly volumes: RetentionVolumes;
  /** Files on a volume cannot be removed; undefined: what waited there is gone. Told with every round. */
  readonly onRefused?: ((volumeId: string, error: unknown) => void) | undefined;
}

/** What was really removed. */
export interface RetentionReport {
  readonly files: number;
  readonly bytes: number;
}

export interface DeleteOrder {
  readonly which: SQL | undefined;
  readonly wantedBytes: number;
  /** Locks that hold at this time keep what they cover. */
  readonly nowMicros: number;
  /**
   * `wait`: the oldest are due wherever they lie, and nothing newer goes in place of what cannot be removed now. `pass`:
   * what cannot be removed now is not looked at.
   */
  readonly unusable: "wait" | "pass";
}

export interface Deleted extends RetentionReport {
  /** There was not as much to be deleted as was wanted. */
  readonly short: boolean;
}

type Row = Pick<
  typeof segments.$inferSelect,
  "id" | "volumeId" | "path" | "bytes" | "runId" | "streamId" | "startMicros"
>;

const COLUMNS = {
  id: segments.id,
  volumeId: segments.volumeId,
  path: segments.path,
  bytes: segments.bytes,
  runId: segments.runId,
  streamId: segments.streamId,
  startMicros: segments.startMicros,
};
const BATCH = 500;
/** One removal; a disk that takes longer hangs. */
const REMOVE_MS = 30_000;
/** So many files refused in a round, and the volume is left alone until the next; a few may have faults of their own. */
const MOST_REFUSALS = 3;
/** Of one order, files on volumes that cannot be used now: the rest waits for the next round. */
const MOST_WAITING = 50_000;

/**
 * Removes footage that is to go: the row is marked, then the file goes, then the row (R5). What is marked and could not be
 * removed is tried again with every round and counts as gone already, so that nothing else is marked in its place.
 */
export class Removal {
  readonly #parts: RemovalParts;
  /** In this round, by volume. */
  readonly #refusals = new Map<string, number>();
  /** Volumes whose refusal was told. */
  readonly #told = new Set<string>();
  /** The last file that each volume refused: the others come first next time. */
  readonly #refused = new Map<string, number>();
  /** Removed in this round, bytes by volume. */
  readonly #freed = new Map<string, number>();

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /** Begins a round: what was marked before and is still there is tried again, each volume for itself. */
  async again(): Promise<RetentionReport> {
    const { volumes, onRefused } = this.#parts;
    this.#freed.clear();
    this.#refusals.clear();
    const total = { files: 0, bytes: 0 };
    for (const { id } of volumes.rows) {
      if (!volumes.isWell(id)) continue;
      for (let left = true; left && this.isUsable(id); ) {
        const rows = await this.#marked(id);
        const gone = await this.#remove(rows);
        total.files += gone.files;
        total.bytes += gone.bytes;
        left = rows.length === BATCH && gone.files > 0;
      }
      if (this.#refusals.has(id) || !this.#told.delete(id)) continue;
      onRefused?.(id, undefined);
    }
    return total;
  }

  /** Files may be removed there now, as far as is known. */
  isUsable(volumeId: string): boolean {
    return this.#parts.volumes.isWell(volumeId) && (this.#refusals.get(volumeId) ?? 0) < MOST_REFUSALS;
  }

  /** Bytes on a volume that will be free, or are since this round began: some file systems take a while to show it. */
  async comingBytes(volumeId: string): Promise<number> {
    const [row] = await this.#parts.orm
      .select({ bytes: sum(segments.bytes).mapWith(Number) })
      .from(segments)
      .where(and(eq(segments.state, "deleting"), eq(segments.volumeId, volumeId)));
    return (row?.bytes ?? 0) + (this.#freed.get(volumeId) ?? 0);
  }

  /** The oldest first, until as much as was wanted is gone, or is bound to go. */
  async delete(order: DeleteOrder): Promise<Deleted> {
    let [files, bytes, chosenBytes, waiting] = [0, 0, 0, 0];
    let last: Row | undefined;
    while (chosenBytes < order.wantedBytes && waiting < MOST_WAITING) {
      const { chosen, marked } = await this.#mark(order, order.wantedBytes - chosenBytes, last);
      if (chosen.length === 0) return { files, bytes, short: true };
      const gone = await this.#remove(marked);
      files += gone.files;
      bytes += gone.bytes;
      chosenBytes += bytesOf(chosen);
      waiting += chosen.length - marked.length;
      last = chosen.at(-1);
    }
    return { files, bytes, short: false };
  }

  /** R5: marked and committed before a file goes. A lock that is set meanwhile is seen, or comes too late for all to see. */
  async #mark(
    { which, nowMicros, unusable }: DeleteOrder,
    wantedBytes: number,
    after: Row | undefined,
  ): Promise<{ readonly chosen: readonly Row[]; readonly marked: readonly Row[] }> {
    const further =
      after &&
      or(
        sql`${segments.startMicros} > ${after.startMicros}`,
        and(eq(segments.startMicros, after.startMicros), sql`${segments.id} > ${after.id}`),
      );
    const looked = unusable === "pass" ? this.#usable() : undefined;
    return this.#parts.orm.transaction(async (transaction) => {
      // Locks are not set while this looks for them.
      await holdLocks(transaction);
      const oldest = await transaction
        .select(COLUMNS)
        .from(segments)
        .where(and(eq(segments.state, "closed"), which, looked, further, sql`not ${isLocked(segments, nowMicros)}`))
        .orderBy(asc(segments.startMicros), asc(segments.id))
        .limit(BATCH);
      let taken = 0;
      const chosen = oldest.filter(({ bytes }) => {
        const needed = taken < wantedBytes;
        taken += bytes;
        return needed;
      });
      const marked = chosen.filter(({ volumeId }) => this.isUsable(volumeId));
      if (marked.length > 0) {
        const ids = marked.map(({ id }) => id);
        await transaction.update(segments).set({ state: "deleting" }).where(inArray(segments.id, ids));
      }
      return { chosen, marked };
    });
  }

  #usable(): SQL {
    const ids = this.#parts.volumes.rows.map(({ id }) => id).filter((id) => this.isUsable(id));
    return ids.length === 0 ? sql`false` : inArray(segments.volumeId, ids);
  }

  /** Of one volume; those behind the last one that it refused come first. */
  #marked(volumeId: string): Promise<Row[]> {
    const refused = this.#refused.get(volumeId) ?? 0;
    return this.#parts.orm
      .select(COLUMNS)
      .from(segments)
      .where(and(eq(segments.state, "deleting"), eq(segments.volumeId, volumeId)))
      .orderBy(sql`${segments.id} <= ${refused}`, asc(segments.id))
      .limit(BATCH);
  }

  async #remove(rows: readonly Row[]): Promise<RetentionReport> {
    const { orm, volumes, clock } = this.#parts;
    const gone: Row[] = [];
    for (const row of rows) {
      // The row says `deleting`: it is tried again with the next round.
      if (!this.isUsable(row.volumeId)) continue;
      let hangs = false;
      try {
        const removal = volumes.store(row.volumeId).remove(row.path);
        await within(clock, REMOVE_MS, removal, () => {
          hangs = true;
          removal.catch(() => undefined);
          throw new Error("the storage does not answer");
        });
        gone.push(row);
      } catch (error) {
        this.#onRefused(row, error, hangs);
      }
    }
    if (gone.length === 0) return { files: 0, bytes: 0 };
    for (const { volumeId, bytes } of gone) this.#freed.set(volumeId, bytes + (this.#freed.get(volumeId) ?? 0));
    await orm.transaction(async (transaction) => {
      const ids = gone.map(({ id }) => id);
      await transaction.delete(segments).where(inArray(segments.id, ids));
      const runs = new Map(gone.map(({ runId, streamId }) => [`${runId} ${streamId}`, { runId, streamId }]));
      for (const { runId, streamId } of runs.values()) await shortenRun(transaction, runId, streamId);
    });
    return { files: gone.length, bytes: bytesOf(gone) };
  }

  #onRefused({ id, volumeId, path }: Row, err: unknown, hangs: boolean): void {
    const before = this.#refusals.get(volumeId) ?? 0;
    this.#refusals.set(volumeId, hangs ? MOST_REFUSALS : before + 1);
    this.#refused.set(volumeId, id);
    if (before > 0) return;
    this.#parts.log.error({ err, path, volume: volumeId }, "a recording could not be deleted; it is tried again");
    this.#told.add(volumeId);
    this.#parts.onRefused?.(volumeId, err);
  }
}

function bytesOf(rows: readonly Row[]): number {
  return rows.reduce((total, { bytes }) => total + bytes, 0);
}
