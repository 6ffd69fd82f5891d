import { and, eq, isNull, ne } from "drizzle-orm";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { meks, videoDeks } from "../db/schema/index.ts";
import { fromDate } from "../db/time.ts";
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

const YEAR_MICROS = 365 * 86_400 * 1_000_000;
const LOOK_EVERY_MS = 6 * 3_600_000;
const BATCH = 200;

/**
 * Renews the master key, yearly and on demand, and wraps what the old one wrapped anew: video keys and database fields.
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

  /** Renews a master key that is a year old, and finishes a rotation that was cut off. Never rejects. */
  async look(): Promise<void> {
    const { masterKeys, clock, log } = this.#parts;
    try {
      const current = (await masterKeys.list()).find(({ id }) => id === masterKeys.currentId);
      if (current && clock.utcMicros() - fromDate(current.createdAt) >= YEAR_MICROS) await this.rotate();
      else await this.#wrapAnew();
    } catch (err) {
      log.error({ err }, "the yearly look at the master key failed; it is repeated");
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
        this.#failed = err instanceof Error ? err.message : String(err);
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
    this.#done += await fields.sealAnew();
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
