import { and, asc, eq, gte, inArray, lte, sql } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { holdLocks, isLocked, locksOver } from "../archive/locks.ts";
import type { Orm } from "../db/database.ts";
import { evidenceLocks, revokedVideoKeys, segments, videoDeks } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { dayOfEpoch, epochAt } from "./epoch.ts";
import type { VideoKeys } from "./video-keys.ts";

export interface Revocation {
  readonly cameraId: string;
  /** `YYYY-MM-DD`, UTC, both included, and over already. */
  readonly fromDay: string;
  readonly toDay: string;
  readonly reason: string;
  readonly byName: string;
}

const MICROS_PER_MS = 1000;
const DAY_MS = 86_400_000;
const MAX_DAYS = 3660;
/**
 * Locks hold capture times, keys follow the server's clock when a frame is sealed (SPEC W20). A frame is sealed at most
 * about 20 s after it was taken: a camera's clock is trusted only while its frames come within half a second in 10 to
 * 20 s, else the delay is cut at 10 s (W31, W32). So a lock's last frames may have the next day's key. Before a lock lies
 * the keyframe that its first picture needs; where the index knows the segment, that is found whatever the GOP's length.
 */
const SEALED_LATER_MICROS = 60_000_000;
const KEYFRAME_BEFORE_MICROS = 60_000_000;

/**
 * Destroys video keys: what they sealed stays on disk and can never be opened again, on no volume, in no copy. The wrapped key is
 * overwritten before its row goes, and the table is vacuumed. What this cannot reach are backups of the database and its
 * write-ahead log, which hold the key still wrapped by the master key (docs/keys.md).
 */
export class KeyRevocation {
  readonly #orm: Orm;
  readonly #videoKeys: VideoKeys;
  readonly #clock: Clock;

  constructor(orm: Orm, videoKeys: VideoKeys, clock: Clock) {
    this.#orm = orm;
    this.#videoKeys = videoKeys;
    this.#clock = clock;
  }

  /** Returns the numbers of the keys destroyed. Throws `keys.bad_days`, `keys.in_use`, `keys.locked`. */
  async revoke({ cameraId, fromDay, toDay, reason, byName }: Revocation): Promise<number[]> {
    this.#check(fromDay, toDay);
    const nowMicros = this.#clock.utcMicros();
    const now = toDate(nowMicros);
    let ids: readonly number[] = [];
    const destroyed = this.#orm.transaction(async (transaction) => {
      const [startMicros, endMicros] = [
        Date.parse(fromDay) * MICROS_PER_MS,
        (Date.parse(toDay) + DAY_MS) * MICROS_PER_MS,
      ];
      // Locks that are being set are waited for, and those that come now wait: they find the keys gone.
      await holdLocks(transaction);
      const locked = await transaction.$count(
        evidenceLocks,
        locksOver(
          {
            cameraId,
            startMicros: startMicros - SEALED_LATER_MICROS,
            endMicros: endMicros + KEYFRAME_BEFORE_MICROS,
          },
          nowMicros,
        ),
      );
      if (locked > 0) throw new FluxError("keys.locked", "footage of these days is under an evidence lock");
      const rows = await transaction
        .select()
        .from(videoDeks)
        .where(and(eq(videoDeks.cameraId, cameraId), gte(videoDeks.utcDay, fromDay), lte(videoDeks.utcDay, toDay)))
        .orderBy(asc(videoDeks.id))
        .for("update");
      if (rows.length === 0) return [];
      const numbers = rows.map(({ id }) => id);
      const sealed = and(inArray(segments.keyId, numbers), isLocked(segments, nowMicros));
      if ((await transaction.$count(segments, sealed)) > 0) {
        throw new FluxError("keys.locked", "footage that these keys sealed is under an evidence lock");
      }
      const revoked = rows.map(({ id: keyId, utcDay }) => {
        return { keyId, cameraId, utcDay, reason, revokedByName: byName, revokedAt: now };
      });
      await transaction.insert(revokedVideoKeys).values(revoked);
      ids = numbers;
      await transaction
        .update(videoDeks)
        .set({ wrapped: new Uint8Array(60) })
        .where(inArray(videoDeks.id, numbers));
      await transaction.delete(videoDeks).where(inArray(videoDeks.id, numbers));
      return numbers;
    });
    // Also when nobody knows whether it came through: what is still there is read again.
    const numbers = await destroyed.finally(() => this.#videoKeys.forget(ids));
    // Rows that were changed or deleted stay in the table's file until this.
    if (numbers.length > 0) await this.#orm.execute(sql`vacuum full video_deks`);
    return numbers;
  }

  /** Newest first. */
  async list(limit: number): Promise<(typeof revokedVideoKeys.$inferSelect)[]> {
    return this.#orm.select().from(revokedVideoKeys).orderBy(sql`${revokedVideoKeys.revokedAt} desc`).limit(limit);
  }

  #check(fromDay: string, toDay: string): void {
    if (toDay < fromDay) throw new FluxError("keys.bad_days", "the last day lies before the first", { field: "toDay" });
    if ((Date.parse(toDay) - Date.parse(fromDay)) / DAY_MS > MAX_DAYS) {
      throw new FluxError("keys.bad_days", `at most ${MAX_DAYS} days at once`, { field: "toDay" });
    }
    if (toDay >= dayOfEpoch(epochAt(this.#clock.utcMicros()))) {
      throw new FluxError("keys.in_use", "today's key still seals: choose days that are over", { field: "toDay" });
    }
  }
}
