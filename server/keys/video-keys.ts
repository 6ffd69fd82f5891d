import { randomBytes } from "node:crypto";
import { and, asc, eq, gt, inArray, ne } from "drizzle-orm";
import { SUITE_IDS, type Suite } from "../../shared/crypto/types.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { revokedVideoKeys, videoDeks } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { ariaOpen, ariaSeal } from "./aria.ts";
import type { MasterKeys } from "./master-keys.ts";

export interface VideoKey {
  /** On the wire: `keyId`. */
  readonly id: number;
  readonly cameraId: string;
  readonly utcDay: string;
  readonly suite: Suite;
  readonly dek: Uint8Array;
}

const PURPOSE = "fluxvision video dek wrap v1";
const DEK_BYTES = 32;
/** Opened keys kept in memory: live needs two per camera; playback asks again. */
const MAX_CACHED = 16_384;

/** Video keys: made on first use, kept wrapped in the database and opened in memory. */
export class VideoKeys {
  readonly #orm: Orm;
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;
  readonly #suite: Suite;
  readonly #byDay = new Map<string, VideoKey>();
  readonly #byId = new Map<number, VideoKey>();
  /** Counts destructions: what was read before one must not be kept after it. */
  #version = 0;

  constructor(orm: Orm, masterKeys: MasterKeys, clock: Clock, suite: Suite) {
    this.#orm = orm;
    this.#masterKeys = masterKeys;
    this.#clock = clock;
    this.#suite = suite;
  }

  /** From memory only. Its bytes are overwritten when it leaves memory: use it before anything is waited for. */
  cached(cameraId: string, utcDay: string): VideoKey | undefined {
    return this.#byDay.get(`${cameraId} ${utcDay}`);
  }

  /**
   * Makes sure that every camera's key of that day is in memory, with at most two statements. A key that does not open
   * (`crypto.*`, `keys.*`) is thrown about only when the others are in memory.
   */
  async ensure(cameraIds: readonly string[], utcDay: string): Promise<void> {
    const missing = [...new Set(cameraIds)].filter((cameraId) => !this.cached(cameraId, utcDay));
    if (missing.length === 0) return;
    const mekId = this.#masterKeys.currentId;
    const suite = SUITE_IDS[this.#suite];
    const createdAt = toDate(this.#clock.utcMicros());
    const rows = missing.map((cameraId) => {
      const context = aad({ cameraId, utcDay, suite });
      const wrapped = ariaSeal(this.#masterKeys.forPurpose(mekId, PURPOSE), randomBytes(DEK_BYTES), context);
      return { cameraId, utcDay, suite, mekId, wrapped, createdAt };
    });
    const stored = await this.#unlessDestroyed(async () => {
      // Who comes second keeps nothing of its own: all read the row that won.
      await this.#orm.insert(videoDeks).values(rows).onConflictDoNothing();
      return this.#orm
        .select()
        .from(videoDeks)
        .where(and(inArray(videoDeks.cameraId, missing), eq(videoDeks.utcDay, utcDay), eq(videoDeks.suite, suite)));
    });
    const failures: unknown[] = [];
    for (const row of stored) {
      try {
        this.#remember(this.#open(row));
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /**
   * By number, for whoever holds a frame. The bytes are the caller's own, who overwrites them when he is done. Throws
   * `keys.unknown_key`, `keys.revoked`.
   */
  async byId(id: number): Promise<VideoKey> {
    const known = this.#byId.get(id);
    if (known) return copyOf(known);
    const [row] = await this.#unlessDestroyed(() => this.#orm.select().from(videoDeks).where(eq(videoDeks.id, id)));
    if (row) {
      const key = this.#open(row);
      const own = copyOf(key);
      this.#remember(key);
      return own;
    }
    if ((await this.#orm.$count(revokedVideoKeys, eq(revokedVideoKeys.keyId, id))) > 0) {
      throw new FluxError("keys.revoked", `video key ${id} was destroyed`);
    }
    throw new FluxError("keys.unknown_key", `there is no video key ${id}`);
  }

  /** Destroyed keys leave memory too, and what is being read of them just now does not get there. */
  forget(ids: readonly number[]): void {
    this.#version++;
    for (const id of ids) this.#drop(this.#byId.get(id));
  }

  /**
   * Wraps up to `limit` keys anew that another than the current master key wraps; no media is touched. Returns the
   * number of the last one looked at, or undefined when there was none after `afterId`.
   */
  async rewrap(afterId: number, limit: number): Promise<number | undefined> {
    const mekId = this.#masterKeys.currentId;
    return this.#orm.transaction(async (transaction) => {
      const rows = await transaction
        .select()
        .from(videoDeks)
        .where(and(ne(videoDeks.mekId, mekId), gt(videoDeks.id, afterId)))
        .orderBy(asc(videoDeks.id))
        .limit(limit)
        .for("update");
      for (const row of rows) {
        const { dek } = this.#open(row);
        const wrapped = ariaSeal(this.#masterKeys.forPurpose(mekId, PURPOSE), dek, aad(row));
        dek.fill(0);
        await transaction.update(videoDeks).set({ mekId, wrapped }).where(eq(videoDeks.id, row.id));
      }
      return rows.at(-1)?.id;
    });
  }

  #open(row: typeof videoDeks.$inferSelect): VideoKey {
    const dek = ariaOpen(this.#masterKeys.forPurpose(row.mekId, PURPOSE), row.wrapped, aad(row));
    return { id: row.id, cameraId: row.cameraId, utcDay: row.utcDay, suite: suiteOf(row.suite), dek };
  }

  /** Reads again when keys were destroyed meanwhile. */
  async #unlessDestroyed<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      const version = this.#version;
      const found = await read();
      if (version === this.#version) return found;
    }
  }

  #remember(key: VideoKey): void {
    // Two read it at once.
    if (this.#byId.has(key.id)) return void key.dek.fill(0);
    this.#byId.set(key.id, key);
    if (key.suite === this.#suite) this.#byDay.set(`${key.cameraId} ${key.utcDay}`, key);
    while (this.#byId.size > MAX_CACHED) this.#forgetOldest();
  }

  /** The oldest day goes first: live keys are the newest. */
  #forgetOldest(): void {
    let oldest: VideoKey | undefined;
    for (const key of this.#byId.values()) if (!oldest || key.utcDay < oldest.utcDay) oldest = key;
    this.#drop(oldest);
  }

  #drop(key: VideoKey | undefined): void {
    if (!key) return;
    key.dek.fill(0);
    this.#byId.delete(key.id);
    const day = `${key.cameraId} ${key.utcDay}`;
    if (this.#byDay.get(day) === key) this.#byDay.delete(day);
  }
}

function copyOf(key: VideoKey): VideoKey {
  return { ...key, dek: key.dek.slice() };
}

function aad(row: { cameraId: string; utcDay: string; suite: number }): string {
  return `fluxvision video dek v1|${row.cameraId}|${row.utcDay}|${row.suite}`;
}

function suiteOf(number: number): Suite {
  for (const [name, id] of Object.entries(SUITE_IDS)) if (id === number) return name as Suite;
  throw new FluxError("keys.unknown_suite", `suite ${number} is not known`);
}
