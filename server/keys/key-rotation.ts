import { and, eq, isNull, ne } from "drizzle-orm";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { meks, settings, videoDeks } from "../db/schema/index.ts";
import { fromDate, toDate } from "../db/time.ts";
import type { MasterKeys } from "./master-keys.ts";
import type { SealedFields } from "./sealed-fields.ts";
import type { VideoKeys } from "./video-keys.ts";

export interface RotationProgress {
  readonly running: boolean;
  /** Keys and fields wrapped anew so far, and how many there are in all. */
  readonly done: number;
  readonly total: number;
  /** Why the last one stopped; it goes on with the next start or look. */
  readonly failed: string | undefined;
}

export interface KeyRotationParts {
  readonly orm: Orm;
  readonly masterKeys: MasterKeys;
  readonly videoKeys: VideoKeys;
  readonly fields: SealedFields;
  readonly clock: Clock;
  readonly log: Logger;
}

const DAY_MICROS = 86_400 * 1_000_000;
const SETTING = "keys.rotation-days";
export const DEFAULT_ROTATION_DAYS = 365;
const LOOK_EVERY_MS = 6 * 3_600_000;
const BATCH = 200;

/**
 * Renews the master key, on schedule and on demand, and wraps what the old one wrapped anew: video keys and database fields.
 * Media is never touched. A rotation that is cut off goes on at the next start: rows say which key wraps them.
 */
export class KeyRotation {
  readonly #parts: KeyRotationParts;
  readonly #timer: Timer;
  #working: Promise<void> | undefined;
  #closed = false;
  #done = 0;
  #total = 0;
  #failed: string | undefined;

  constructor(parts: KeyRotationParts) {
    this.#parts = parts;
    this.#timer = parts.clock.every(millis(LOOK_EVERY_MS), () => void this.look());
  }

  get progress(): RotationProgress {
    return { running: this.#working !== undefined, done: this.#done, total: this.#total, failed: this.#failed };
  }

  /** How old a master key becomes before it is renewed. */
  async days(): Promise<number> {
    const [row] = await this.#parts.orm.select().from(settings).where(eq(settings.name, SETTING));
    return row === undefined ? DEFAULT_ROTATION_DAYS : Number(row.value);
  }

  /** Throws `keys.bad_schedule`. */
  async setDays(days: number): Promise<void> {
    if (!Number.isInteger(days) || days < 1 || days > 3650) {
      throw new FluxError("keys.bad_schedule", "from 1 to 3650 days", { field: "rotationDays" });
    }
    const row = { name: SETTING, value: String(days), updatedAt: toDate(this.#parts.clock.utcMicros()) };
    await this.#parts.orm.insert(settings).values(row).onConflictDoUpdate({ target: settings.name, set: row });
    void this.look();
  }

  /** Renews a master key that is old enough, and finishes a rotation that was cut off. Never rejects. */
  async look(): Promise<void> {
    const { masterKeys, clock, log } = this.#parts;
    try {
      const current = (await masterKeys.list()).find(({ id }) => id === masterKeys.currentId);
      const due = current && fromDate(current.createdAt) + (await this.days()) * DAY_MICROS;
      if (due !== undefined && clock.utcMicros() >= due) await this.rotate();
      else await this.#wrapAnew();
    } catch (err) {
      log.error({ err }, "the look at the master key's age failed; it is repeated");
    }
  }

  /** Resolves to the new key's number as soon as it is in use; wrapping anew goes on in the background. */
  async rotate(): Promise<number> {
    await this.#working;
    const id = await this.#parts.masterKeys.renew();
    this.#parts.log.info({ masterKey: id }, "a new master key wraps from now on");
    void this.#wrapAnew();
    return id;
  }

  /** Resolves when no rotation is running. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer.cancel();
    await this.#working;
  }

  #wrapAnew(): Promise<void> {
    this.#working ??= this.#work()
      .catch((err: unknown) => {
        this.#failed = describeError(err);
        this.#parts.log.error({ err }, "wrapping keys anew stopped; it goes on later");
      })
      .finally(() => {
        this.#working = undefined;
      });
    return this.#working;
  }

  async #work(): Promise<void> {
    const { orm, masterKeys, videoKeys, fields } = this.#parts;
    this.#failed = undefined;
    this.#done = 0;
    const keysLeft = await orm.$count(videoDeks, ne(videoDeks.mekId, masterKeys.currentId));
    this.#total = keysLeft + (await fields.countOld());
    let after = 0;
    while (!this.#closed) {
      const last = await videoKeys.rewrap(after, BATCH);
      if (last === undefined) break;
      after = last;
      this.#done = Math.min(keysLeft, this.#done + BATCH);
    }
    this.#done = keysLeft;
    if (this.#closed) return;
    await fields.sealAnew(() => this.#done++);
    await this.#retireUnused();
  }

  async #retireUnused(): Promise<void> {
    const { orm, masterKeys, fields } = this.#parts;
    if ((await fields.countOld()) > 0) return;
    const old = and(isNull(meks.retiredAt), ne(meks.id, masterKeys.currentId));
    for (const { id } of await orm.select({ id: meks.id }).from(meks).where(old)) {
      if ((await orm.$count(videoDeks, eq(videoDeks.mekId, id))) === 0) await masterKeys.retire(id);
    }
  }
}
