import { randomUUID } from "node:crypto";
import type { GapReason } from "../../shared/api/recording.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { StreamFormat } from "../../shared/media/types.ts";
import { readHeader, type SealedHeader } from "../../shared/wire/sealed-frame.ts";
import type { RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";
import { ChunkPool, Slabs } from "./chunk-pool.ts";
import { StreamRecorder, type StreamRecorderDeps } from "./stream-recorder.ts";
import { Volume, type VolumeEvents, type VolumeState } from "./volume.ts";
import type { VolumeIo } from "./volume-io.ts";

export interface RecorderOptions {
  readonly clock: Clock;
  readonly io: VolumeIo;
  /** In the order in which things happened; once per flush. */
  readonly send: (events: readonly RecorderEvent[]) => void;
  /** Memory of all streams: half for frames that are not on disk yet, half for pre-roll. */
  readonly memoryBytes?: number;
  /** The thread's memory, where others use it too. */
  readonly slabs?: Slabs;
  /** Operations at a time on each volume; default 1. A volume that hangs takes so many threads of the I/O pool. */
  readonly parallel?: number;
  readonly newRunId?: () => string;
}

const MEMORY_BYTES = 256 * 1024 * 1024;
const CLOSE_PATIENCE_MS = millis(5000);
const TICK_MS = millis(1000);
const FLUSHES_PER_INTERVAL = 4;
const TRIM_SECONDS = 10;
const SHORTEST_FLUSH_MS = 50;
const IDLE_MICROS = 10_000_000;

/** Records the streams of one ingest worker: sealed frames in, files and facts out. Order and promises: README.md. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #streams = new Map<number, StreamRecorder>();
  /** Plans gone, files still to be closed. */
  readonly #leaving = new Set<StreamRecorder>();
  readonly #volumes = new Map<string, Volume>();
  readonly #formats = new Map<number, StreamFormat>();
  readonly #deps: StreamRecorderDeps;
  readonly #slabs: Slabs;
  readonly #tick: Timer;
  #flushTimer: Timer | undefined;
  #flushMs = 0;
  #seconds = 0;
  #events: RecorderEvent[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { clock, io, newRunId = randomUUID } = options;
    const half = (options.memoryBytes ?? MEMORY_BYTES) / 2;
    this.#slabs = options.slabs ?? new Slabs();
    const pools = { pool: new ChunkPool(this.#slabs, half), preRollPool: new ChunkPool(this.#slabs, half) };
    const emit = (event: RecorderEvent): void => {
      this.#events.push(event);
    };
    this.#deps = { clock, io, ...pools, newRunId, volumeFor: (plan) => this.#volumeFor(plan), emit };
    this.#tick = clock.every(TICK_MS, () => this.#everySecond());
  }

  /** True while the stream's pictures are needed here. */
  wants(streamId: number): boolean {
    const action = this.#streams.get(streamId)?.plan.action;
    return action === "record" || action === "standby";
  }

  /** Replaces all plans: a stream that is not named is not recorded any more. */
  setPlans(plans: readonly RecordingPlan[], flushMs: number): void {
    if (this.#closing !== undefined) return;
    this.#setFlush(flushMs);
    for (const { volumes } of plans) for (const settings of volumes) this.#putVolume(settings);
    const named = new Set(plans.map(({ streamId }) => streamId));
    for (const [streamId, stream] of this.#streams) {
      if (named.has(streamId)) continue;
      stream.close();
      this.#streams.delete(streamId);
      this.#leaving.add(stream);
    }
    for (const plan of plans) {
      const stream = this.#streams.get(plan.streamId);
      if (stream) stream.setPlan(plan);
      else this.#add(plan);
    }
  }

  setFormat(streamId: number, format: StreamFormat): void {
    this.#formats.set(streamId, format);
    this.#streams.get(streamId)?.setFormat(format);
  }

  /** A whole sealed frame; its bytes are borrowed. */
  onFrame(streamId: number, bytes: Uint8Array, header: SealedHeader = readHeader(bytes)): void {
    this.#streams.get(streamId)?.push(header, bytes);
  }

  /** Pictures stopped coming, and why. */
  interrupted(streamId: number, reason: GapReason, detail?: string): void {
    this.#streams.get(streamId)?.interrupted(reason, detail);
  }

  /** Resolves when nothing is being written, and tells what happened. */
  async settled(): Promise<void> {
    for (const volume of this.#volumes.values()) await volume.settled();
    this.#sendEvents();
  }

  /** Closes every file properly. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#tick.cancel();
    this.#flushTimer?.cancel();
    for (const stream of this.#streams.values()) stream.close();
    const finished = [...this.#volumes.values()].map((volume) =>
      volume.finish(() => this.#writersOf(volume).filter((writer) => writer.due(Number.POSITIVE_INFINITY))),
    );
    // A disk that hangs does not hold up the end.
    const patience = this.#options.clock.after(CLOSE_PATIENCE_MS, () => enough());
    let enough = (): void => undefined;
    await Promise.race([Promise.all(finished), new Promise<void>((resolve) => (enough = resolve))]);
    patience.cancel();
    this.#sendEvents();
  }

  #add(plan: RecordingPlan): void {
    const stream = new StreamRecorder({ ...plan, action: "off" }, this.#deps);
    this.#streams.set(plan.streamId, stream);
    const format = this.#formats.get(plan.streamId);
    if (format) stream.setFormat(format);
    stream.setPlan(plan);
  }

  #putVolume(settings: RecordingPlan["volumes"][number]): void {
    const known = this.#volumes.get(settings.id);
    if (known) {
      known.update(settings);
      return;
    }
    const { clock, io } = this.#options;
    const events: VolumeEvents = {
      onWritten: (writer, before) => {
        for (const stream of this.#all()) if (stream.writers.includes(writer)) stream.written(writer, before);
      },
      onState: (changed, state, detail) => this.#volumeChanged(changed, state, detail),
      onDone: () => this.#sendEvents(),
      onFinished: ({ safe }) => {
        if (safe) this.#events.push({ type: "segment-closed", segment: safe });
      },
      onFailed: (failed, state, detail) =>
        [...this.#all()].flatMap((stream) => stream.failed(failed.id, REASONS[state], detail)),
    };
    const volume = new Volume(settings, { clock, io, events, parallel: this.#options.parallel ?? 1 });
    this.#volumes.set(settings.id, volume);
  }

  #volumeChanged(volume: Volume, state: VolumeState, detail: string | undefined): void {
    this.#events.push({ type: "volume", volumeId: volume.id, state, detail });
    // Away from it, or back to it where it is the better one, with the next keyframe.
    for (const stream of this.#all()) {
      const here = stream.writers.at(-1)?.volumeId === volume.id;
      if (here !== volume.usable && stream.plan.volumes.some(({ id }) => id === volume.id)) stream.moveOn();
    }
    this.#sendEvents();
  }

  #volumeFor({ volumes }: RecordingPlan): Volume | GapReason {
    const known = volumes.flatMap(({ id }) => this.#volumes.get(id) ?? []);
    const usable = known.find((volume) => volume.usable);
    return usable ?? (known.some(({ state }) => state === "full") ? "storage-full" : "storage-failed");
  }

  #setFlush(flushMs: number): void {
    if (flushMs === this.#flushMs) return;
    this.#flushMs = flushMs;
    this.#flushTimer?.cancel();
    // Often, and each time only what would else be late: so memory is let go, and disks are kept busy, evenly.
    const period = millis(Math.max(SHORTEST_FLUSH_MS, flushMs / FLUSHES_PER_INTERVAL));
    this.#flushTimer = this.#options.clock.every(period, () => this.#flush(flushMs - period));
  }

  #flush(waitedMs: number): void {
    const sinceMs = this.#options.clock.monotonicMs() - waitedMs;
    for (const volume of this.#volumes.values()) {
      if (volume.writable) volume.flush(this.#writersOf(volume).filter((writer) => writer.due(sinceMs)));
    }
    for (const stream of this.#leaving) if (stream.writers.length === 0) this.#leaving.delete(stream);
  }

  #everySecond(): void {
    for (const volume of this.#volumes.values()) volume.tick();
    if (++this.#seconds % TRIM_SECONDS === 0) this.#slabs.trim();
    const now = this.#options.clock.utcMicros();
    for (const stream of this.#streams.values()) stream.checkIdle(now, IDLE_MICROS);
    this.#sendEvents();
  }

  #writersOf(volume: Volume) {
    return [...this.#all()].flatMap(({ writers }) => writers.filter((writer) => writer.volumeId === volume.id));
  }

  *#all(): Generator<StreamRecorder> {
    yield* this.#streams.values();
    yield* this.#leaving;
  }

  #sendEvents(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    this.#options.send(events);
  }
}

const REASONS: Readonly<Record<Exclude<VolumeState, "ok">, GapReason>> = {
  slow: "storage-slow",
  full: "storage-full",
  "read-only": "storage-failed",
  missing: "storage-failed",
  failed: "storage-failed",
};
