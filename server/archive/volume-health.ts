import { statfs } from "node:fs/promises";
import type { VOLUME_STATES } from "../../shared/api/recording.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { SegmentStore } from "./stores/segment-store.ts";
import type { VolumeRow } from "./volume-service.ts";
import { within } from "./wait.ts";

export type VolumeState = (typeof VOLUME_STATES)[number];

interface Found {
  readonly state: VolumeState;
  readonly detail: string | undefined;
}

export interface Health extends Found {
  /** Of the disk; undefined: not known, as of a bucket. */
  readonly totalBytes: number | undefined;
  readonly freeBytes: number | undefined;
}

export interface VolumeHealthParts {
  readonly clock: Clock;
  readonly rows: () => readonly VolumeRow[];
  readonly store: (volumeId: string) => SegmentStore;
  readonly onAlarm: (volume: VolumeRow, state: VolumeState, detail: string | undefined) => void;
}

const LOOK_EVERY_MS = millis(10_000);
/** A bucket is asked less often: each question is paid for. */
const BUCKET_EVERY_LOOKS = 6;
const SLOW_MS = 5000;
const BUCKET_SLOW_MS = 15_000;

/** Looks at every volume, each for itself: one that hangs is asked again only when it has answered. */
export class VolumeHealth {
  readonly #parts: VolumeHealthParts;
  readonly #seen = new Map<string, Health>();
  /** What others found who use it, each by its name: one that is well with it does not speak for the others. */
  readonly #found = new Map<string, Map<string, Found>>();
  readonly #asking = new Map<string, Promise<void>>();
  #timer: Timer | undefined;
  #looks = 0;

  constructor(parts: VolumeHealthParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.every(LOOK_EVERY_MS, () => void this.look(false));
  }

  /** Does not wait for volumes that hang. */
  close(): void {
    this.#timer?.cancel();
  }

  of(volumeId: string): Health | undefined {
    return this.#seen.get(volumeId);
  }

  /** What was found, unless that is well: then what was seen. */
  worst(volumeId: string): Found {
    const [found] = this.#found.get(volumeId)?.values() ?? [];
    const seen = this.#seen.get(volumeId);
    if (found) return found;
    return { state: seen?.state ?? "ok", detail: seen?.detail };
  }

  /** It can be read, and said who it is, when it was last asked. */
  isThere(volumeId: string): boolean {
    const state = this.#seen.get(volumeId)?.state;
    return state === "ok" || state === "full";
  }

  found(volume: VolumeRow, state: VolumeState, detail: string | undefined, by: string): void {
    const before = this.worst(volume.id).state;
    const found = this.#found.get(volume.id) ?? new Map<string, Found>();
    this.#found.set(volume.id, found);
    if (state === "ok") found.delete(by);
    else found.set(by, { state, detail });
    const now = this.worst(volume.id);
    if (now.state !== before) this.#parts.onAlarm(volume, now.state, now.detail);
  }

  /** Resolves when each volume has answered, or was too slow to. Never rejects. */
  async look(all = true): Promise<void> {
    const looks = this.#looks++;
    await Promise.all(
      this.#parts.rows().map((row) => {
        const due = all || row.kind === "local" || looks % BUCKET_EVERY_LOOKS === 0 || !this.isThere(row.id);
        return due ? this.#ask(row) : undefined;
      }),
    );
  }

  async #ask(row: VolumeRow): Promise<void> {
    const asking =
      this.#asking.get(row.id) ??
      this.#health(row)
        .then((health) => this.#set(row, health))
        .finally(() => this.#asking.delete(row.id));
    this.#asking.set(row.id, asking);
    const patienceMs = row.kind === "local" ? SLOW_MS : BUCKET_SLOW_MS;
    await within(this.#parts.clock, patienceMs, asking, () => {
      this.#set(row, none("slow", `no answer for ${patienceMs / 1000} s`));
    });
  }

  async #health(row: VolumeRow): Promise<Health> {
    try {
      await this.#parts.store(row.id).probe();
      if (row.kind === "s3") return { ...none("ok"), detail: undefined };
      const { blocks, bavail, bsize } = await statfs(row.location);
      const [totalBytes, freeBytes] = [blocks * bsize, bavail * bsize];
      const full = freeBytes < row.reserveBytes;
      const detail = full ? "the reserve is reached" : undefined;
      return { state: full ? "full" : "ok", detail, totalBytes, freeBytes };
    } catch (error) {
      const gone = row.kind === "local" || errorCode(error) === "storage.no_object";
      return none(gone || errorCode(error) === "storage.other_volume" ? "missing" : "failed", describeError(error));
    }
  }

  #set(row: VolumeRow, health: Health): void {
    const before = this.worst(row.id).state;
    this.#seen.set(row.id, health);
    const { state, detail } = this.worst(row.id);
    if (state !== before) this.#parts.onAlarm(row, state, detail);
  }
}

function none(state: VolumeState, detail?: string): Health {
  return { state, detail, totalBytes: undefined, freeBytes: undefined };
}
