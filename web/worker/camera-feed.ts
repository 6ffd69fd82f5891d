import type { Clock } from "../../shared/lib/clock.ts";
import type { ServerMessage } from "../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type { ConnectionState, TileStats } from "../engine/worker-protocol.ts";
import type { DecodedPicture } from "./decode/stream-decoder.ts";
import { Playhead } from "./playhead/playhead.ts";
import { LatencyMeter } from "./state/latency.ts";
import { RateMeter } from "./state/rate-meter.ts";
import { type CameraFacts, tileCondition } from "./state/tile-state.ts";
import { type StreamMessage, StreamPlayer, type StreamPlayerDeps } from "./stream-player.ts";

export type CameraStatusMessage = Extract<ServerMessage, { type: "camera_status" }>;

export interface CameraFeedDeps extends Omit<StreamPlayerDeps, "onPicture"> {
  readonly clock: Clock;
  /** A picture waits at the playhead. */
  onPictureWaiting(): void;
}

/** Weight of the newest interval in the usual time between pictures. */
const INTERVAL_WEIGHT = 0.2;

/**
 * One camera, however many tiles show it. While the server switches streams, the old one keeps playing until the
 * first picture of the new one is there.
 */
export class CameraFeed {
  readonly cameraId: string;
  readonly playhead = new Playhead();
  readonly #deps: CameraFeedDeps;
  #shown: StreamPlayer | undefined;
  #coming: StreamPlayer | undefined;
  #status: CameraStatusMessage | undefined;
  #deniedCode: string | undefined;
  #hasPicture = false;
  #lastPictureMs: number | undefined;
  #lastBytesMs: number | undefined;
  #bytesSinceMs: number | undefined;
  #intervalMs: number | undefined;
  #captureTime: number | undefined;
  #pictureWidth = 0;
  #pictureHeight = 0;
  #droppedBefore = 0;
  #closed = false;
  readonly #decodedRate: RateMeter;
  readonly #drawnRate: RateMeter;
  readonly #bitRate: RateMeter;
  readonly #latency = new LatencyMeter();

  constructor(cameraId: string, deps: CameraFeedDeps) {
    this.cameraId = cameraId;
    this.#deps = deps;
    this.#decodedRate = new RateMeter(deps.clock);
    this.#drawnRate = new RateMeter(deps.clock);
    this.#bitRate = new RateMeter(deps.clock);
  }

  get latencyMs(): number | undefined {
    return this.#latency.ms;
  }
  get decodeQueue(): number {
    return (this.#shown?.decoder.queueSize ?? 0) + (this.#coming?.decoder.queueSize ?? 0);
  }
  /** Thrown away because decoding or drawing was late, and never shown. */
  get dropped(): number {
    const decoders = (this.#shown?.decoder.dropped ?? 0) + (this.#coming?.decoder.dropped ?? 0);
    return this.#droppedBefore + decoders + this.playhead.replaced;
  }
  get streamIds(): number[] {
    return [this.#shown, this.#coming].flatMap((player) => (player ? [player.streamId] : []));
  }

  onStream(message: StreamMessage): void {
    this.#deniedCode = undefined;
    if (this.#shown?.streamId === message.streamId) {
      this.#retire(this.#coming);
      this.#coming = undefined;
      this.#shown.update(message);
      return;
    }
    if (this.#coming?.streamId === message.streamId) {
      this.#coming.update(message);
      return;
    }
    this.#retire(this.#coming);
    const player = new StreamPlayer(message, {
      ...this.#deps,
      onPicture: (from, picture) => this.#onPicture(from, picture),
    });
    if (this.#shown) this.#coming = player;
    else this.#shown = player;
  }

  /** Of its pictures. */
  onFrame(frame: SealedFrame): void {
    const { streamId } = frame.header;
    const player = [this.#shown, this.#coming].find((candidate) => candidate?.streamId === streamId);
    if (!player) return;
    const now = this.#deps.clock.monotonicMs();
    this.#lastBytesMs = now;
    this.#bytesSinceMs ??= now;
    this.#bitRate.add(frame.bytes.byteLength * 8);
    player.opener.push(frame);
  }

  onStatus(message: CameraStatusMessage): void {
    this.#status = message;
  }

  onDenied(code: string): void {
    this.#deniedCode = code;
    this.#retire(this.#shown);
    this.#retire(this.#coming);
    this.#shown = undefined;
    this.#coming = undefined;
    this.playhead.close();
    this.#hasPicture = false;
    this.#lastPictureMs = undefined;
  }

  keysAdded(): void {
    this.#shown?.opener.keysAdded();
    this.#coming?.opener.keysAdded();
  }

  /** Frames are missing before the next one. */
  gap(streamId?: number): void {
    for (const player of [this.#shown, this.#coming]) {
      if (player && (streamId === undefined || player.streamId === streamId)) player.decoder.gap();
    }
  }

  checkProgress(): void {
    this.#shown?.decoder.checkProgress();
    this.#coming?.decoder.checkProgress();
  }

  /** The playhead's picture is on the screen. */
  drawn(width: number, height: number, latencyMs: number | undefined, captureTime: number): void {
    this.#hasPicture = true;
    this.#captureTime = captureTime;
    this.#pictureWidth = width;
    this.#pictureHeight = height;
    this.#drawnRate.add();
    if (latencyMs !== undefined) this.#latency.add(latencyMs);
  }

  get pictureId(): string {
    return this.cameraId;
  }

  /** Nobody looks for a while: the decoders are given back, the last picture stays. */
  rest(): void {
    this.#shown?.decoder.rest();
    this.#coming?.decoder.rest();
  }

  /** False once the camera has left the wall or may not be seen any more: nothing on its way may be shown. */
  get showable(): boolean {
    return !this.#closed && this.#deniedCode === undefined;
  }

  close(): void {
    this.#closed = true;
    this.#shown?.close();
    this.#coming?.close();
    this.playhead.close();
  }

  stats(connection: ConnectionState, wallVisible: boolean): Omit<TileStats, "tileId"> {
    const player = this.#coming && !this.#hasPicture ? this.#coming : this.#shown;
    const message = (this.#coming ?? this.#shown)?.message;
    const site = player?.decoder.site;
    return {
      cameraId: this.cameraId,
      ...tileCondition(this.#facts(connection, wallVisible)),
      cameraState: this.#status?.state,
      recording: this.#status?.recording === true,
      decodedFps: round1(this.#decodedRate.perSecond()),
      drawnFps: round1(this.#drawnRate.perSecond()),
      droppedFrames: this.dropped,
      latencyMs: this.#latency.ms === undefined ? undefined : Math.round(this.#latency.ms),
      codec: player?.decoder.codecString,
      width: this.#pictureWidth || (message?.format?.width ?? 0),
      height: this.#pictureHeight || (message?.format?.height ?? 0),
      bitrateKbps: Math.round(this.#bitRate.perSecond() / 1000),
      level: message?.level,
      role: player?.message.role,
      limitedBy: message?.limitedBy,
      sound: message?.audioFormat !== undefined,
      decoder: site === "unknown" ? undefined : site,
      liveCaptureMicros: this.#captureTime,
    };
  }

  #facts(connection: ConnectionState, wallVisible: boolean): CameraFacts {
    const player = this.#coming ?? this.#shown;
    return {
      nowMs: this.#deps.clock.monotonicMs(),
      connection,
      wallVisible,
      deniedCode: this.#deniedCode,
      cameraState: this.#status?.state,
      cameraReason: this.#status?.reason,
      level: player?.message.level,
      streamKnown: player !== undefined,
      decoder: player?.decoder.state,
      waitingForKey: player?.opener.waitingForKey === true,
      hasPicture: this.#hasPicture,
      lastPictureMs: this.#lastPictureMs,
      lastBytesMs: this.#lastBytesMs,
      bytesSinceMs: this.#bytesSinceMs,
      pictureIntervalMs: this.#intervalMs,
    };
  }

  #onPicture(from: StreamPlayer, picture: DecodedPicture): void {
    if (from === this.#coming) {
      this.#retire(this.#shown);
      this.#shown = from;
      this.#coming = undefined;
      this.playhead.restart();
    }
    const now = this.#deps.clock.monotonicMs();
    if (this.#lastPictureMs !== undefined) {
      const interval = now - this.#lastPictureMs;
      this.#intervalMs = (this.#intervalMs ?? interval) * (1 - INTERVAL_WEIGHT) + interval * INTERVAL_WEIGHT;
    }
    this.#lastPictureMs = now;
    this.#bytesSinceMs = undefined;
    this.#decodedRate.add();
    this.playhead.offer(picture);
    this.#deps.onPictureWaiting();
  }

  #retire(player: StreamPlayer | undefined): void {
    if (!player) return;
    this.#droppedBefore += player.decoder.dropped;
    player.close();
  }
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
