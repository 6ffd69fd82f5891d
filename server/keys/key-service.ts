import type { Suite } from "../../shared/crypto/types.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { SealKey } from "../ingest/protocol.ts";
import { dayOfEpoch, deriveEpochKey, epochAt, nextDayEpoch } from "./epoch.ts";
import type { Generations } from "./generations.ts";
import type { VideoKeys } from "./video-keys.ts";

/** An epoch key for someone who may look: the relay's authority wraps it with a session key. */
export interface EpochKey {
  readonly cameraId: string;
  readonly keyId: number;
  readonly generation: number;
  readonly epoch: number;
  readonly suite: Suite;
  readonly key: Uint8Array;
}

const PREFETCH_EVERY_MS = 10 * 60_000;
const RETRY_MS = 15_000;

/**
 * Gives out epoch keys. Keys of today and tomorrow of every camera in use are in memory: sealing goes on while the
 * database is away, over midnight too. A camera without a key is not sealed, hence not pulled: there is no way around.
 */
export class KeyService {
  readonly #videoKeys: VideoKeys;
  readonly #generations: Generations;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #cameras = new Set<string>();
  /** Cameras whose keys could not be had for viewing when last asked: each is logged once. */
  readonly #failing = new Set<string>();
  #timer: Timer | undefined;
  #prefetching: Promise<void> | undefined;
  #closed = false;

  constructor(videoKeys: VideoKeys, generations: Generations, clock: Clock, log: Logger) {
    this.#videoKeys = videoKeys;
    this.#generations = generations;
    this.#clock = clock;
    this.#log = log;
  }

  /** Seal keys of the current and the next epoch. Throws `keys.*`, or the database's error when a key is not in memory. */
  async sealKeys(cameraId: string, generation: number): Promise<SealKey[]> {
    this.#cameras.add(cameraId);
    const keys = await this.viewKeys(cameraId, generation);
    this.#schedule(PREFETCH_EVERY_MS);
    void this.prefetch();
    return keys.map(({ suite, keyId, key, epoch }) => ({ cameraId, suite, keyId, epoch, key }));
  }

  /** Current and next epoch's keys of a camera for viewing, without touching the database in the normal case. */
  async viewKeys(cameraId: string, generation: number): Promise<EpochKey[]> {
    const epoch = epochAt(this.#clock.utcMicros());
    return [await this.#epochKey(cameraId, generation, epoch), await this.#epochKey(cameraId, generation, epoch + 1)];
  }

  /** As `viewKeys`, but none, and a line in the log, where they cannot be had. */
  async viewKeysIfAny(cameraId: string, generation: number): Promise<EpochKey[]> {
    try {
      const keys = await this.viewKeys(cameraId, generation);
      this.#failing.delete(cameraId);
      return keys;
    } catch (err) {
      if (!this.#failing.has(cameraId)) this.#log.error({ err, camera: cameraId }, "no keys to view the camera with");
      this.#failing.add(cameraId);
      return [];
    }
  }

  /**
   * The key that a frame's header names. Throws `keys.unknown_key` when the number belongs to another camera or day,
   * so that a right to one camera never opens another's frames.
   */
  async epochKey(cameraId: string, keyId: number, generation: number, epoch: number): Promise<EpochKey> {
    // The salt first: nothing is waited for between the key and its use, so no destruction comes between.
    const salt = await this.#generations.salt(generation);
    const { dek, suite, ...of } = await this.#videoKeys.byId(keyId);
    try {
      if (of.cameraId !== cameraId || of.utcDay !== dayOfEpoch(epoch)) {
        throw new FluxError("keys.unknown_key", `video key ${keyId} is not of that camera and day`);
      }
      return { cameraId, keyId, generation, epoch, suite, key: deriveEpochKey(dek, salt, epoch, generation, cameraId) };
    } finally {
      dek.fill(0);
    }
  }

  /** The camera is gone: its keys are no longer made ahead. */
  forget(cameraId: string): void {
    this.#cameras.delete(cameraId);
    this.#failing.delete(cameraId);
  }

  /** Brings today's and tomorrow's keys of every camera into memory; on failure it tries again soon. */
  prefetch(): Promise<void> {
    this.#prefetching ??= this.#prefetch().finally(() => {
      this.#prefetching = undefined;
    });
    return this.#prefetching;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#prefetching;
  }

  async #prefetch(): Promise<void> {
    const epoch = epochAt(this.#clock.utcMicros());
    let failure: unknown;
    for (const day of [dayOfEpoch(epoch), dayOfEpoch(nextDayEpoch(epoch))]) {
      await this.#videoKeys.ensure([...this.#cameras], day).catch((error: unknown) => {
        failure = error;
      });
    }
    if (failure === undefined) return;
    this.#log.warn(
      { err: failure },
      "not every key of today and tomorrow is there; sealing goes on with those in memory",
    );
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#schedule(RETRY_MS);
  }

  #schedule(waitMs: number): void {
    if (this.#closed || this.#timer) return;
    this.#timer = this.#clock.after(millis(waitMs), () => {
      this.#timer = undefined;
      this.#schedule(PREFETCH_EVERY_MS);
      void this.prefetch();
    });
  }

  async #epochKey(cameraId: string, generation: number, epoch: number): Promise<EpochKey> {
    const day = dayOfEpoch(epoch);
    const salt = await this.#generations.salt(generation);
    if (!this.#videoKeys.cached(cameraId, day)) await this.#videoKeys.ensure([cameraId], day);
    const videoKey = this.#videoKeys.cached(cameraId, day);
    if (!videoKey) throw new FluxError("keys.unknown_key", "the camera's video key could not be made");
    const key = deriveEpochKey(videoKey.dek, salt, epoch, generation, cameraId);
    return { cameraId, keyId: videoKey.id, generation, epoch, suite: videoKey.suite, key };
  }
}
