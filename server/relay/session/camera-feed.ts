import type { Clock } from "../../../shared/lib/clock.ts";
import type { ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { Reader } from "../../fanout/reader.ts";
import { NO_THINNING, type Thinning } from "../../fanout/thinning.ts";
import type { StreamDemand } from "../streams/demand.ts";
import type { LiveCamera, LiveStream } from "../streams/live-stream.ts";
import type { ViewerConnection } from "../transport/connection.ts";
import { LADDER, type Rung, UNKNOWN_RATE } from "./quality-policy.ts";

type StreamMessage = Extract<ServerMessage, { type: "stream" }>;

/** About 10 s of one stream; what is older was skipped long before (`LatencyControl`). */
const READER_MAX_FRAMES = 300;
const READER_MAX_BYTES = 4 * 1024 * 1024;
/** A stream that was asked for may take this long to come before the tile says that the camera limits it. */
const CAMERA_PATIENCE_MS = 4000;

export interface FeedContext {
  readonly connection: ViewerConnection;
  readonly demand: StreamDemand;
  readonly clock: Clock;
  readonly onFrameSent: (byteLength: number) => void;
  /** The feed has frames to send, and is not in line yet. */
  readonly onReadable: (feed: CameraFeed) => void;
}

interface Leg {
  readonly stream: LiveStream;
  readonly streamId: number;
  readonly reader: Reader;
}

/** What the viewer was told of the current stream. */
interface Announced {
  readonly level: StreamMessage["level"];
  readonly limitedBy: StreamMessage["limitedBy"];
  readonly format: LiveStream["format"];
  readonly audioFormat: LiveStream["format"];
}

export interface FeedTarget {
  /** Index into `LADDER`; undefined: paused. */
  readonly rung: number | undefined;
  readonly limitedBy: "quota" | "viewer" | undefined;
  readonly audio: boolean;
}

/**
 * One camera for one viewer: which stream it gets, how thinned, and the change from one stream to another. The old
 * stream goes on until the new one's keyframe is sent, so that a tile never goes black.
 */
export class CameraFeed {
  readonly cameraId: string;
  /** Among those that have frames to send. Whoever serves the line sets it back. */
  inLine = false;
  readonly #context: FeedContext;
  #closed = false;
  #current: Leg | undefined;
  #next: Leg | undefined;
  #blockedSinceMs: number | undefined;
  #camera: LiveCamera;
  #target: FeedTarget = { rung: undefined, limitedBy: undefined, audio: false };
  /** Held demand, and since when. */
  #wanted: { readonly stream: LiveStream; readonly sinceMs: number } | undefined;
  #announced: Announced | undefined;
  readonly #onReadable = (): void => {
    if (this.inLine) return;
    this.inLine = true;
    this.#context.onReadable(this);
  };

  constructor(camera: LiveCamera, context: FeedContext) {
    this.cameraId = camera.cameraId;
    this.#camera = camera;
    this.#context = context;
  }

  get current(): LiveStream | undefined {
    return this.#current?.stream;
  }

  get droppedFrames(): number {
    return this.#current?.reader.stats.droppedFrames ?? 0;
  }

  /** Since when frames have been waiting for the line without a pause; undefined when none wait. */
  get blockedSinceMs(): number | undefined {
    return this.#blockedSinceMs;
  }

  /** The stream that serves `rung` for this camera: the other one where the camera has only one. */
  streamFor(rung: number): LiveStream | undefined {
    const role = LADDER[rung]?.role ?? "sub";
    return this.#camera[role] ?? this.#camera.main ?? this.#camera.sub;
  }

  setCamera(camera: LiveCamera): void {
    this.#camera = camera;
    const belongs = (leg: Leg | undefined): boolean => leg?.stream === camera.main || leg?.stream === camera.sub;
    if (this.#current && !belongs(this.#current)) this.#dropCurrent();
    if (this.#next && !belongs(this.#next)) this.#dropNext();
    this.review();
  }

  setTarget(target: FeedTarget): void {
    this.#target = target;
    this.review();
  }

  /** Brings streams in line with the target and with what the camera delivers. Idempotent; about once a second. */
  review(): void {
    if (this.#closed) return;
    const { rung } = this.#target;
    if (rung === undefined) {
      this.#stop();
      return;
    }
    const wanted = this.streamFor(rung);
    this.#want(wanted);
    if (!wanted) {
      this.#stop();
      return;
    }
    const other = wanted === this.#camera.main ? this.#camera.sub : this.#camera.main;
    // What the tile can show now: its stream, or the camera's other one while that is all there is.
    const useOther = !wanted.ready && other?.ready === true && !this.#current?.stream.fresh;
    if (useOther && this.#current?.stream !== other) this.#open(other);
    else if (!useOther && this.#current?.stream !== wanted && this.#next?.stream !== wanted) this.#open(wanted);
    else if (this.#current?.stream === wanted) this.#dropNext();
    this.#tune();
    this.#announce();
  }

  /** Sends what is queued, as far as the line takes it. False: frames wait, call again after the drain. */
  drain(): boolean {
    if (this.#closed) return true;
    if (this.#next?.reader.peek()) this.#promote();
    const leg = this.#current;
    if (!leg) return true;
    const { connection, onFrameSent } = this.#context;
    for (let frame = leg.reader.peek(); frame; frame = leg.reader.peek()) {
      if (!connection.canTake(leg.streamId)) {
        this.#blockedSinceMs ??= this.#context.clock.monotonicMs();
        return false;
      }
      leg.reader.shift();
      connection.sendFrame(frame);
      onFrameSent(frame.bytes.byteLength);
    }
    this.#blockedSinceMs = undefined;
    return true;
  }

  /** Moves on to the newest GOP. `hard`: gives up what is queued even if no later keyframe is there yet. */
  catchUp(hard: boolean): void {
    const leg = this.#current;
    if (!leg) return;
    const skipped = leg.reader.skipToNewestGop();
    if (skipped === 0 && !hard) return;
    if (skipped === 0) leg.reader.resync();
    this.#blockedSinceMs = this.#context.clock.monotonicMs();
    this.#context.connection.abandonGop(leg.stream.streamId);
  }

  /** The viewer lags on this camera although the line is free: begin again with the next keyframe. */
  restart(): void {
    const leg = this.#current;
    if (!leg) return;
    leg.reader.resync();
    this.#context.connection.abandonGop(leg.stream.streamId);
  }

  /** The announcement changes with the format: the viewer's decoder is told before the keyframe comes. */
  formatChanged(): void {
    this.#announce();
  }

  close(): void {
    if (this.#closed) return;
    this.#stop();
    this.#closed = true;
    this.#blockedSinceMs = undefined;
  }

  #stop(): void {
    this.#dropNext();
    this.#dropCurrent();
    this.#want(undefined);
  }

  #open(stream: LiveStream): void {
    this.#dropNext();
    // Queued frames are announced before `addReader` returns; the scheduler only takes note.
    const reader = stream.hub.addReader({
      start: stream.ready ? "gop" : "keyframe",
      maxFrames: READER_MAX_FRAMES,
      maxBytes: READER_MAX_BYTES,
      onReadable: this.#onReadable,
      audio: this.#target.audio,
      thinning: this.#thinningFor(stream),
    });
    this.#next = { stream, streamId: stream.streamId, reader };
  }

  #promote(): void {
    const next = this.#next;
    if (!next) return;
    this.#dropCurrent();
    this.#current = next;
    this.#next = undefined;
    // Announces, and goes on to wait for the wanted stream where this one only stands in for it.
    this.review();
  }

  #dropCurrent(): void {
    const leg = this.#current;
    if (!leg) return;
    this.#current = undefined;
    this.#announced = undefined;
    leg.reader.close();
    this.#context.connection.endStream(leg.stream.streamId);
  }

  #dropNext(): void {
    this.#next?.reader.close();
    this.#next = undefined;
  }

  #want(stream: LiveStream | undefined): void {
    if (this.#wanted?.stream === stream) return;
    const before = this.#wanted;
    this.#wanted = stream && { stream, sinceMs: this.#context.clock.monotonicMs() };
    if (stream) this.#context.demand.acquire(stream.streamId);
    if (before) this.#context.demand.release(before.stream.streamId);
  }

  #tune(): void {
    for (const leg of [this.#current, this.#next]) {
      if (!leg) continue;
      leg.reader.setAudio(this.#target.audio);
      leg.reader.setThinning(this.#thinningFor(leg.stream));
    }
  }

  #thinningFor(stream: LiveStream): Thinning {
    const rung = LADDER[this.#target.rung ?? 0];
    return rung ? thinningOf(rung, stream) : NO_THINNING;
  }

  #announce(): void {
    const stream = this.#current?.stream;
    const { rung: index, limitedBy, audio } = this.#target;
    const rung = index === undefined ? undefined : LADDER[index];
    if (!stream || !rung) return;
    const now: Announced = {
      level: stream.role === "sub" && rung.role === "main" ? "grid" : rung.level,
      limitedBy: this.#limitedByCamera(stream, rung) ? "camera" : limitedBy,
      format: stream.format,
      audioFormat: audio ? stream.audioFormat : undefined,
    };
    if (this.#announced && same(this.#announced, now)) return;
    this.#announced = now;
    this.#context.connection.sendControl({
      type: "stream",
      cameraId: this.cameraId,
      streamId: stream.streamId,
      role: stream.role,
      level: now.level,
      ...(now.limitedBy && { limitedBy: now.limitedBy }),
      ...(now.format && { format: wireFormat(now.format) }),
      ...(now.audioFormat && { audioFormat: wireFormat(now.audioFormat) }),
    });
  }

  #limitedByCamera(stream: LiveStream, rung: Rung): boolean {
    if (stream.role === rung.role || rung.role === "sub") return false;
    if (!this.#camera[rung.role]) return true;
    return this.#context.clock.monotonicMs() - (this.#wanted?.sinceMs ?? 0) > CAMERA_PATIENCE_MS;
  }
}

/**
 * Thumbnails keep their cap even where that cuts the tail of each GOP; at larger sizes a picture that stops twice in a
 * GOP is worse than a few frames more, so that only disposable frames are left out there.
 */
function thinningOf(rung: Rung, stream: LiveStream): Thinning {
  if (rung.keyframesOnly) return { mode: "keyframes" };
  if (rung.maxFps === undefined) return NO_THINNING;
  if (rung.level === "thumbnail") return { mode: "fps", maxFps: rung.maxFps };
  const rate = stream.meter.rate ?? UNKNOWN_RATE[stream.role];
  if (rate.fps <= rung.maxFps * 1.1 || rate.disposableFps <= 0) return NO_THINNING;
  const enough = rate.fps - rate.disposableFps <= rung.maxFps;
  return enough ? { mode: "fps", maxFps: rung.maxFps } : { mode: "reference" };
}

function wireFormat(format: NonNullable<LiveStream["format"]>): NonNullable<StreamMessage["format"]> {
  const { codec, codecString, width, height, fps, sampleRate, channels } = format;
  return {
    codec,
    codecString,
    width,
    height,
    ...(fps !== undefined && { fps }),
    ...(sampleRate !== undefined && { sampleRate }),
    ...(channels !== undefined && { channels }),
  };
}

function same(before: Announced, now: Announced): boolean {
  return (
    before.level === now.level &&
    before.limitedBy === now.limitedBy &&
    sameFormat(before.format, now.format) &&
    sameFormat(before.audioFormat, now.audioFormat)
  );
}

function sameFormat(before: LiveStream["format"], now: LiveStream["format"]): boolean {
  if (before === now) return true;
  return before && now ? JSON.stringify(wireFormat(before)) === JSON.stringify(wireFormat(now)) : false;
}
