import type { Clock } from "../../shared/lib/clock.ts";
import type { RecordingVolume } from "../ingest/protocol.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import type { VolumeIo } from "./volume-io.ts";

export type VolumeState = "ok" | "slow" | "full" | "read-only" | "missing" | "failed";

export interface VolumeEvents {
  /** `before`: what was safe of the file until now. */
  onWritten(writer: SegmentWriter, before: SegmentWriter["safe"]): void;
  /** An operation on several files is through: what it brought may be told. */
  onDone(): void;
  /** It was given up, and its file has got its index and trailer after all. */
  onFinished(writer: SegmentWriter): void;
  /** Told once per change. Not `ok`: no new segment is begun there until it is. */
  onState(volume: Volume, state: VolumeState, detail: string | undefined): void;
  /** What was being written is not safe and never will be. The volume finishes the writers that are returned. */
  onFailed(volume: Volume, state: Exclude<VolumeState, "ok">, detail: string): readonly SegmentWriter[];
}

export interface VolumeDeps {
  readonly clock: Clock;
  readonly io: VolumeIo;
  readonly events: VolumeEvents;
  /** Operations at a time, at most. */
  readonly parallel: number;
}

interface Lane {
  /** When the operation that is under way began; undefined: idle. */
  sinceMs: number | undefined;
  done: Promise<void>;
}

/** An operation that takes longer means that the disk stands still. */
const SLOW_MS = 5_000;
const CHECK_EVERY_MS = 5_000;
const IDLE_MS = 2_500;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** Free space must come back by so much before a full volume is written to again. */
const REFILL_BYTES = 64 * 1024 * 1024;

/**
 * One folder that segments are written to. At most `parallel` operations at a time, half of them writes and half of
 * them syncs (or one of the two), so that a hanging disk holds so many threads of the process's I/O pool, not all.
 */
export class Volume {
  readonly #clock: Clock;
  readonly #io: VolumeIo;
  readonly #events: VolumeEvents;
  readonly #overlap: boolean;
  /** In each lane. */
  readonly #parallel: number;
  #settings: RecordingVolume;
  #state: VolumeState = "ok";
  #writing: Lane = { sinceMs: undefined, done: Promise.resolve() };
  #syncing: Lane = { sinceMs: undefined, done: Promise.resolve() };
  /** Written, to be synced. */
  #written: SegmentWriter[] = [];
  /** Given up, and their files still open. */
  #orphans: SegmentWriter[] = [];
  #checkedMs = Number.NEGATIVE_INFINITY;
  #flushedMs: number;
  #retryMs = FIRST_RETRY_MS;
  #retryAtMs = 0;
  #okSinceMs = 0;
  #reserveReached = false;

  constructor(settings: RecordingVolume, deps: VolumeDeps) {
    this.#settings = settings;
    this.#clock = deps.clock;
    this.#io = deps.io;
    this.#events = deps.events;
    this.#overlap = deps.parallel > 1;
    this.#parallel = Math.max(1, Math.floor(deps.parallel / 2));
    this.#flushedMs = deps.clock.monotonicMs();
  }

  get id(): string {
    return this.#settings.id;
  }
  get path(): string {
    return this.#settings.path;
  }
  get state(): VolumeState {
    return this.#state;
  }
  get usable(): boolean {
    return this.#state === "ok";
  }

  /** Open segments may go on: it works, but is to be left. */
  get writable(): boolean {
    return this.#state === "ok" || this.#reserveReached;
  }

  update(settings: RecordingVolume): void {
    this.#settings = settings;
  }

  /** Writes what waits in these, then syncs all of it together. Does nothing while the last time is still under way. */
  flush(writers: readonly SegmentWriter[]): void {
    if (!this.#mayWrite() || writers.length === 0) return;
    this.#flushedMs = this.#clock.monotonicMs();
    this.#run(this.#writing, async () => {
      await this.#write(writers);
      if (this.usable && this.#clock.monotonicMs() - this.#checkedMs >= CHECK_EVERY_MS) await this.#check();
    });
  }

  /** Call about once a second: notices a disk that stands still, looks at free space and the marker, tries again. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const { sinceMs } of [this.#writing, this.#syncing]) {
      if (sinceMs !== undefined && nowMs - sinceMs > SLOW_MS && this.#state !== "slow") {
        this.#fail("slow", `the disk did not answer for ${SLOW_MS / 1000} s`);
      }
    }
    if (!this.#mayWrite()) return;
    // Where files are being written the look comes after the flush: it must not hold one up.
    const idle = nowMs - this.#flushedMs > IDLE_MS;
    const due = this.usable ? idle && nowMs - this.#checkedMs >= CHECK_EVERY_MS : nowMs >= this.#retryAtMs;
    if (due) this.#run(this.#writing, () => this.#check());
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#writing.sinceMs !== undefined || this.#syncing.sinceMs !== undefined) {
      await this.#writing.done;
      await this.#syncing.done;
    }
  }

  /** For the end: writes whatever the last flush left. */
  async finish(writers: () => readonly SegmentWriter[]): Promise<void> {
    await this.settled();
    if (!this.writable) return;
    this.flush(writers());
    await this.settled();
  }

  /** After a failure the files of before are finished first, with nothing else under way. */
  #mayWrite(): boolean {
    if (this.#writing.sinceMs !== undefined) return false;
    const syncs = this.#syncing.sinceMs !== undefined;
    return !syncs || (this.#overlap && this.#orphans.length === 0);
  }

  #run(lane: Lane, operation: () => Promise<void>): void {
    lane.sinceMs = this.#clock.monotonicMs();
    lane.done = operation()
      .catch((error: unknown) => this.#fail(stateOf(error), describe(error)))
      .finally(() => {
        lane.sinceMs = undefined;
        this.#events.onDone();
        this.#next();
      });
  }

  /** What a lane that has become free makes possible. */
  #next(): void {
    if (this.#written.length > 0 && this.#syncing.sinceMs === undefined) {
      if (this.#overlap || this.#writing.sinceMs === undefined) this.#run(this.#syncing, () => this.#sync());
      return;
    }
    const idle = this.#writing.sinceMs === undefined && this.#syncing.sinceMs === undefined;
    if (idle && this.#orphans.length > 0) this.#run(this.#writing, () => this.#finishOrphans());
  }

  async #write(writers: readonly SegmentWriter[]): Promise<void> {
    await this.#each(this.#writing, writers, async (writer) => {
      await writer.write();
      this.#written.push(writer);
    });
  }

  async #sync(): Promise<void> {
    await this.#each(this.#syncing, this.#written.splice(0), async (writer) => {
      const before = writer.safe;
      await writer.sync();
      if (!writer.givenUp) this.#events.onWritten(writer, before);
    });
  }

  /** One after the other, or a few at a time; the first failure ends it. A disk that goes on is not slow. */
  async #each(
    lane: Lane,
    writers: readonly SegmentWriter[],
    operation: (writer: SegmentWriter) => Promise<void>,
  ): Promise<void> {
    const left = [...writers];
    const work = async (): Promise<void> => {
      for (let writer = left.shift(); writer; writer = left.shift()) {
        if (writer.givenUp) continue;
        await operation(writer);
        lane.sinceMs = this.#clock.monotonicMs();
      }
    };
    const failed = (error: unknown): never => {
      left.length = 0;
      throw error;
    };
    const results = await Promise.allSettled(Array.from({ length: this.#parallel }, () => work().catch(failed)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async #finishOrphans(): Promise<void> {
    for (const writer of this.#orphans.splice(0)) {
      this.#writing.sinceMs = this.#clock.monotonicMs();
      if (await writer.finish()) this.#events.onFinished(writer);
    }
  }

  async #check(): Promise<void> {
    this.#checkedMs = this.#clock.monotonicMs();
    const { id, path, reserveBytes } = this.#settings;
    if ((await this.#io.marker(path)) !== id) return this.#enter("missing", "another or no volume is mounted there");
    const free = await this.#io.freeBytes(path);
    const enough = this.#state === "full" ? reserveBytes + REFILL_BYTES : reserveBytes;
    if (free < enough) {
      this.#reserveReached = true;
      return this.#enter(
        "full",
        `${Math.floor(free / 1e6)} MB are free, ${Math.floor(reserveBytes / 1e6)} MB are kept`,
      );
    }
    // A volume that failed is written to once before it is trusted again.
    if (!this.usable) await this.#probe();
    this.#reserveReached = false;
    if (!this.usable) this.#okSinceMs = this.#clock.monotonicMs();
    this.#enter("ok", undefined);
  }

  #fail(state: Exclude<VolumeState, "ok">, detail: string): void {
    this.#reserveReached = false;
    this.#written = [];
    this.#enter(state, detail);
    this.#orphans.push(...this.#events.onFailed(this, state, detail));
  }

  async #probe(): Promise<void> {
    const path = `${this.path}/.fluxvision-probe-${Math.floor(this.#clock.utcMicros())}`;
    const file = await this.#io.create(path);
    try {
      await file.write([new Uint8Array(4096)], 0);
      await file.sync();
    } finally {
      await file.close();
      await this.#io.remove(path);
    }
  }

  #enter(state: VolumeState, detail: string | undefined): void {
    if (state !== "ok") {
      // One that comes and goes is tried less and less often.
      if (this.usable && this.#clock.monotonicMs() - this.#okSinceMs > LONGEST_RETRY_MS) this.#retryMs = FIRST_RETRY_MS;
      this.#retryAtMs = this.#clock.monotonicMs() + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    }
    if (state === this.#state) return;
    this.#state = state;
    this.#events.onState(this, state, detail);
  }
}

function stateOf(error: unknown): Exclude<VolumeState, "ok"> {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOSPC":
    case "EDQUOT":
      return "full";
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return "read-only";
    case "ENOENT":
    case "ENODEV":
    case "ENXIO":
    case "ENOTDIR":
    case "ESTALE":
      return "missing";
    default:
      return "failed";
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : String(error);
}
