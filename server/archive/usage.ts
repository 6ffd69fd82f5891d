import { max, min, sql, sum } from "drizzle-orm";
import type { CameraUsage, StorageUsage, VolumeUsage } from "../../shared/api/storage-usage.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Orm } from "../db/database.ts";
import { segments } from "../db/schema/index.ts";
import { isLocked } from "./locks.ts";

const HOUR_MICROS = 3_600_000_000;
const DAY_MICROS = 24 * HOUR_MICROS;
/** Counting reads the whole index: one count serves every page for so long. */
const KEPT_MICROS = 60_000_000;

/** What recordings take, by camera and by volume; open segments count with what the index knows of them. */
export class ArchiveUsage {
  readonly #orm: Orm;
  readonly #clock: Clock;
  #counted: Promise<StorageUsage> | undefined;
  #countedAt = 0;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  /** At most a minute old. Concurrent callers share one count. */
  read(): Promise<StorageUsage> {
    const now = this.#clock.utcMicros();
    if (this.#counted && now - this.#countedAt < KEPT_MICROS) return this.#counted;
    const counting = this.#count(now);
    this.#counted = counting;
    this.#countedAt = now;
    counting.catch(() => {
      if (this.#counted === counting) this.#counted = undefined;
    });
    return counting;
  }

  async #count(now: number): Promise<StorageUsage> {
    const [rows, locked] = await Promise.all([this.#rows(now), this.#locked(now)]);
    const cameras = new Map<string, CameraUsage>();
    const volumes = new Map<string, VolumeUsage>();
    for (const row of rows) {
      const { cameraId, role, volumeId, bytes, bytesLastHour, bytesLastDay, secondsLastDay } = row;
      const { firstMicros, lastMicros } = row;
      const name = `${cameraId} ${role}`;
      const camera = cameras.get(name);
      cameras.set(name, {
        cameraId,
        role,
        bytes: bytes + (camera?.bytes ?? 0),
        firstMicros: Math.min(firstMicros, camera?.firstMicros ?? firstMicros),
        lastMicros: Math.max(lastMicros, camera?.lastMicros ?? 0),
        bytesLastDay: bytesLastDay + (camera?.bytesLastDay ?? 0),
        secondsLastDay: secondsLastDay + (camera?.secondsLastDay ?? 0),
      });
      const volume = volumes.get(volumeId);
      volumes.set(volumeId, {
        volumeId,
        bytes: bytes + (volume?.bytes ?? 0),
        lockedBytes: locked.get(volumeId) ?? 0,
        bytesLastHour: bytesLastHour + (volume?.bytesLastHour ?? 0),
        bytesLastDay: bytesLastDay + (volume?.bytesLastDay ?? 0),
        firstMicros: Math.min(firstMicros, volume?.firstMicros ?? firstMicros),
        lastMicros: Math.max(lastMicros, volume?.lastMicros ?? 0),
      });
    }
    return { atMicros: now, cameras: [...cameras.values()], volumes: [...volumes.values()] };
  }

  #rows(now: number) {
    const since = (micros: number, what: typeof segments.bytes | ReturnType<typeof sql>) =>
      sql<string>`coalesce(sum(${what}) filter (where ${segments.startMicros} >= ${now - micros}), 0)`.mapWith(Number);
    const seconds = sql`(${segments.endMicros} - ${segments.startMicros}) / 1000000.0`;
    return this.#orm
      .select({
        volumeId: segments.volumeId,
        cameraId: segments.cameraId,
        role: segments.role,
        bytes: sum(segments.bytes).mapWith(Number),
        firstMicros: min(segments.startMicros).mapWith(Number),
        lastMicros: max(segments.endMicros).mapWith(Number),
        bytesLastHour: since(HOUR_MICROS, segments.bytes),
        bytesLastDay: since(DAY_MICROS, segments.bytes),
        secondsLastDay: since(DAY_MICROS, seconds),
      })
      .from(segments)
      .groupBy(segments.volumeId, segments.cameraId, segments.role);
  }

  /** Bytes that evidence locks hold, by volume. */
  async #locked(now: number): Promise<Map<string, number>> {
    const rows = await this.#orm
      .select({ volumeId: segments.volumeId, bytes: sum(segments.bytes).mapWith(Number) })
      .from(segments)
      .where(isLocked(segments, now))
      .groupBy(segments.volumeId);
    return new Map(rows.map(({ volumeId, bytes }) => [volumeId, bytes]));
  }
}
