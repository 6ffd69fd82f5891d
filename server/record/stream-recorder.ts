import type { GapReason } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { StreamFormat } from "../../shared/media/types.ts";
import { FLAG, type SealedHeader } from "../../shared/wire/sealed-frame.ts";
import { isAudio, isKeyframe } from "../fanout/frames.ts";
import type { RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";
import type { ChunkPool } from "./chunk-pool.ts";
import type { WaitingFrame } from "./frame-buffer.ts";
import { GapLog } from "./gap-log.ts";
import { PreRoll } from "./pre-roll.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { Volume } from "./volume.ts";
import type { VolumeIo } from "./volume-io.ts";

export interface StreamRecorderDeps {
  readonly clock: Clock;
  readonly io: VolumeIo;
  readonly pool: ChunkPool;
  /** Of its own, so that what is only perhaps recorded takes no memory from what is. */
  readonly preRollPool: ChunkPool;
  readonly newRunId: () => string;
  /** Where a new segment goes: the plan's first volume that takes one, or why there is none. */
  readonly volumeFor: (plan: RecordingPlan) => Volume | GapReason;
  readonly emit: (event: RecorderEvent) => void;
}

/** More is held for one stream only while its volume stands still. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** Capture time and the stream's own timeline differ by so much from one keyframe to the next: somebody set a clock. */
const CLOCK_STEP_MICROS = 2_000_000;
const ONE_FRAME_MICROS = 40_000;
const DAY_MICROS = 86_400_000_000;

/** One stream: which frames go into which segment. Does no I/O itself. */
export class StreamRecorder {
  readonly #deps: StreamRecorderDeps;
  readonly #gaps: GapLog;
  readonly #preRoll: PreRoll;
  /** Oldest first; the last one takes frames unless it has ended. */
  #writers: SegmentWriter[] = [];
  #plan: RecordingPlan;
  #format: StreamFormat | undefined;
  #runId: string | undefined;
  #lastSequence: number | undefined;
  #lastVideo: SealedHeader | undefined;
  #lastKeyframe: SealedHeader | undefined;
  #intervalMicros = ONE_FRAME_MICROS;
  #cut = true;
  #waitForKeyframe = true;
  #told = false;

  constructor(plan: RecordingPlan, deps: StreamRecorderDeps) {
    this.#deps = deps;
    this.#plan = { ...plan, action: "off" };
    this.#preRoll = new PreRoll(deps.preRollPool);
    this.#gaps = new GapLog(plan.cameraId, plan.streamId, (gap) => deps.emit({ type: "gap", gap }));
    this.setPlan(plan);
  }

  get plan(): RecordingPlan {
    return this.#plan;
  }

  get recording(): boolean {
    return this.#told;
  }

  /** Files with something to write, in order. */
  get writers(): readonly SegmentWriter[] {
    return this.#writers;
  }

  setPlan(plan: RecordingPlan): void {
    const before = this.#plan;
    this.#plan = plan;
    if (plan.action === "record" && before.action !== "record") this.#begin();
    if (plan.action !== "record" && before.action === "record") this.#stop();
    if (plan.action !== "standby") this.#preRoll.clear();
    if (plan.audio !== before.audio || volumesOf(plan) !== volumesOf(before)) this.#cut = true;
  }

  setFormat(format: StreamFormat): void {
    const before = this.#format;
    this.#format = format;
    const same =
      before?.codecString === format.codecString && before.width === format.width && before.height === format.height;
    if (!same) this.#cut = true;
  }

  /** The frame's bytes are borrowed. */
  push(header: SealedHeader, bytes: Uint8Array): void {
    const { action, preRollMs, audio } = this.#plan;
    if (action === "off") return;
    if (isAudio(header) && !audio) {
      this.#lastSequence = header.sequence;
      return;
    }
    if (action === "standby") {
      this.#lastSequence = undefined;
      this.#preRoll.push({ header, bytes }, preRollMs * 1000);
    } else this.#store({ header, bytes });
  }

  /** The camera is away, or its frames cannot be sealed. */
  interrupted(reason: GapReason, detail?: string): void {
    if (this.#plan.action !== "record") return;
    this.#gaps.cause(reason, detail);
    this.#endCurrent();
    this.#waitForKeyframe = true;
  }

  /** The next keyframe begins a new file: on another volume. */
  moveOn(): void {
    this.#cut = true;
  }

  /** A write and its sync have come through. */
  written(writer: SegmentWriter, before: SegmentWriter["safe"]): void {
    const segment = writer.safe;
    if (!segment || segment === before) return;
    if (!before) this.#deps.emit({ type: "segment-opened", segment });
    if (writer.closed) this.#deps.emit({ type: "segment-closed", segment });
    else if (before) this.#deps.emit({ type: "segment-grown", segment });
    if (!writer.closed && !this.#told) this.#tell(true);
    if (writer.closed) this.#writers = this.#writers.filter((other) => other !== writer);
  }

  /** The volume of these files failed: what is safe there stays, the rest goes elsewhere. Returns what was given up. */
  failed(volumeId: string, reason: GapReason, detail: string): readonly SegmentWriter[] {
    const gone = this.#writers.filter((writer) => writer.volumeId === volumeId);
    if (gone.length === 0) return gone;
    this.#writers = this.#writers.filter((writer) => writer.volumeId !== volumeId);
    const elsewhere = typeof this.#deps.volumeFor(this.#plan) !== "string";
    const left = gone.map((writer) => writer.giveUp());
    const frames = left.flatMap(({ before, unsafe }) => (elsewhere ? [...before, ...unsafe] : unsafe));
    for (const { safe } of gone) if (safe) this.#deps.emit({ type: "segment-closed", segment: safe, unfinished: true });
    for (const writer of gone) writer.release();
    this.#runId = undefined;
    this.#waitForKeyframe = true;
    this.#lastSequence = undefined;
    // Only these may be the first of a file.
    const start = frames.findIndex(({ header }) => isKeyframe(header));
    const lost = (start < 0 ? frames.length : start) + left.reduce((sum, one) => sum + one.lost, 0);
    if (lost > 0 || !elsewhere) {
      this.#gaps.cause(reason, detail);
      // What had been taken, and was not safe yet, is missing too.
      this.#gaps.owedSince(Math.min(...gone.map(({ safe, header }) => safe?.endMicros ?? header.start)));
    }
    this.#gaps.lost(lost);
    if (start >= 0) for (const frame of frames.slice(start)) this.#store(frame);
    return gone;
  }

  /** Once a second. No frames for a while: not recording, whatever the plan says. */
  checkIdle(nowMicros: number, idleMicros: number): void {
    if (this.#gaps.tick(nowMicros, this.#deps.clock.monotonicMs())) this.#tell(false);
    const last = this.#lastVideo;
    if (this.#told && last && nowMicros - last.arrivalTime > idleMicros) this.#tell(false);
  }

  /** Ends what is open; the writers still have to be written. */
  close(): void {
    if (this.#plan.action === "record") this.#stop();
    this.#plan = { ...this.#plan, action: "off" };
    this.#preRoll.clear();
  }

  #begin(): void {
    this.#cut = true;
    this.#waitForKeyframe = true;
    this.#lastSequence = undefined;
    this.#runId = undefined;
    const early = this.#preRoll.take();
    this.#gaps.begin(early[0]?.header.captureTime ?? this.#deps.clock.utcMicros());
    for (const frame of early) this.#store(frame);
  }

  #stop(): void {
    this.#endCurrent();
    this.#gaps.end(this.#deps.clock.utcMicros());
    this.#runId = undefined;
    this.#tell(false);
  }

  #store({ header, bytes }: WaitingFrame): void {
    const missing = this.#lastSequence === undefined ? 0 : header.sequence - this.#lastSequence - 1;
    this.#lastSequence = header.sequence;
    const keyframe = isKeyframe(header);
    if (this.#waitForKeyframe && !keyframe) {
      this.#gaps.lost(1);
      return;
    }
    this.#noteLoss(header);
    if (keyframe && !this.#atKeyframe(header)) return;
    const writer = this.#current();
    const room =
      writer && writer.heldBytes < MAX_HELD_BYTES && writer.add(header, bytes, this.#deps.clock.monotonicMs());
    if (!room) {
      if (writer?.empty) this.#writers.pop();
      this.#lose("recorder-overflow", "frames came faster than the storage took them");
      return;
    }
    if (missing > 0 && !this.#waitForKeyframe && this.#lastVideo) {
      this.#gaps.missing(this.#lastVideo.captureTime, header.captureTime, missing);
    }
    this.#waitForKeyframe = false;
    if (isAudio(header)) return;
    this.#intervalMicros = this.#frameMicros(header);
    this.#gaps.covered(header.captureTime, header.captureTime + this.#intervalMicros);
    this.#lastVideo = header;
  }

  /** Pictures that were lost before they were sealed leave no hole in the sequence: the frame after them says so. */
  #noteLoss({ flags, captureTime }: SealedHeader): void {
    if ((flags & FLAG.discontinuity) === 0 || (flags & FLAG.audio) !== 0 || this.#lastVideo === undefined) return;
    const hole = captureTime - this.#lastVideo.captureTime - this.#intervalMicros;
    if (hole > this.#intervalMicros / 2) this.#gaps.cause("frames-lost", "packets were lost on the way");
  }

  /** Begins a new file where one is due. False: there is nowhere to write. */
  #atKeyframe(header: SealedHeader): boolean {
    const last = this.#lastKeyframe;
    this.#lastKeyframe = header;
    const stepped = last !== undefined && this.#current() !== undefined && clockStepped(last, header);
    if (stepped) this.#gaps.cause("clock-step");
    const current = this.#current();
    const due =
      !current ||
      this.#cut ||
      stepped ||
      (header.flags & FLAG.codecChange) !== 0 ||
      header.captureTime - current.header.start >= this.#plan.segmentMs * 1000 ||
      day(header.captureTime) !== day(current.header.start);
    return due ? this.#beginSegment(header, stepped) : true;
  }

  #beginSegment(header: SealedHeader, stepped: boolean): boolean {
    this.#endCurrent();
    const volume = this.#deps.volumeFor(this.#plan);
    const format = this.#format;
    if (typeof volume === "string") {
      this.#lose(volume, "no volume takes recordings");
      return false;
    }
    if (!format) {
      this.#lose("camera-offline", "the stream's format is not known yet");
      return false;
    }
    const { cameraId, streamId, role } = this.#plan;
    const lastEnd = this.#lastVideo && this.#lastVideo.captureTime + ONE_FRAME_MICROS;
    const goesOn = !stepped && lastEnd !== undefined && header.captureTime - lastEnd < CLOCK_STEP_MICROS;
    if (!goesOn || this.#waitForKeyframe) this.#runId = undefined;
    this.#runId ??= this.#deps.newRunId();
    const { suite, keyId, codec, captureTime: start } = header;
    const { codecString, width, height } = format;
    const facts = { cameraId, streamId, role, suite, keyId, codec, codecString, width, height, start };
    const { io, pool } = this.#deps;
    const hold = this.#plan.volumes.length > 1;
    this.#writers.push(new SegmentWriter({ header: { ...facts, runId: this.#runId }, volume, io, pool, hold }));
    this.#cut = false;
    return true;
  }

  #lose(reason: GapReason, detail: string): void {
    this.#gaps.cause(reason, detail);
    this.#gaps.lost(1);
    this.#waitForKeyframe = true;
    this.#cut = true;
  }

  #current(): SegmentWriter | undefined {
    const last = this.#writers.at(-1);
    return last?.ended === false ? last : undefined;
  }

  #endCurrent(): void {
    this.#current()?.end();
  }

  #frameMicros(header: SealedHeader): number {
    const interval = this.#lastVideo ? header.captureTime - this.#lastVideo.captureTime : ONE_FRAME_MICROS;
    const same = (header.flags & FLAG.discontinuity) === 0;
    return same && interval > 0 && interval < 1_000_000 ? interval : ONE_FRAME_MICROS;
  }

  #tell(recording: boolean): void {
    if (this.#told === recording) return;
    this.#told = recording;
    const { cameraId, streamId } = this.#plan;
    this.#deps.emit({ type: "recording", cameraId, streamId, recording });
  }
}

function clockStepped(before: SealedHeader, now: SealedHeader): boolean {
  const captured = now.captureTime - before.captureTime;
  return captured <= 0 || Math.abs(captured - (now.pts - before.pts)) > CLOCK_STEP_MICROS;
}

function volumesOf({ volumes }: RecordingPlan): string {
  return volumes.map(({ id }) => id).join();
}

function day(instant: number): number {
  return Math.floor(instant / DAY_MICROS);
}
