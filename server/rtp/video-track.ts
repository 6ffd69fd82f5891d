import type { Clock } from "../../shared/lib/clock.ts";
import type { Millis } from "../../shared/lib/time.ts";
import type { AccessUnit, StreamFormat } from "../../shared/media/types.ts";
import { CaptureClock } from "./capture-clock.ts";
import { DecodeOrder } from "./decode-order.ts";
import { FpsMeter } from "./fps-meter.ts";
import type { NalRules } from "./nal-rules.ts";
import type { NalDepacketizer } from "./nal-sink.ts";
import type { RtpPacket } from "./packet.ts";
import { type AssemblerLimits, type Picture, PictureAssembler } from "./picture-assembler.ts";
import type { ReceiverHandlers } from "./receiver.ts";
import { Timeline } from "./timeline.ts";
import type { VideoFormat } from "./video-format.ts";

export interface TrackHandlers {
  onAccessUnit(unit: AccessUnit): void;
  onFormat(format: StreamFormat): void;
}

export interface VideoTrackOptions {
  readonly rules: NalRules;
  readonly depacketizer: NalDepacketizer;
  readonly clockRate: number;
  readonly clock: Clock;
  readonly limits: AssemblerLimits;
  /** From the SDP, without start codes. */
  readonly parameterSets: readonly Uint8Array[];
}

/** Packets of one video stream, in order, to access units on an unbroken timeline. */
export class VideoTrack implements ReceiverHandlers {
  readonly timeline: Timeline;
  readonly captureClock: CaptureClock;
  units = 0;
  keyframes = 0;
  discontinuities = 0;
  readonly #codec: "h264" | "h265";
  readonly #clock: Clock;
  readonly #handlers: TrackHandlers;
  readonly #assembler: PictureAssembler;
  readonly #order = new DecodeOrder();
  readonly #fps = new FpsMeter();
  #format: VideoFormat | undefined;
  #announced: StreamFormat | undefined;
  #arrivalMs = 0 as Millis;

  constructor(options: VideoTrackOptions, handlers: TrackHandlers) {
    this.#codec = options.rules.codec;
    this.#clock = options.clock;
    this.#handlers = handlers;
    this.timeline = new Timeline(options.clockRate);
    this.captureClock = new CaptureClock(options.clockRate);
    this.#assembler = new PictureAssembler(options.rules, options.depacketizer, options.limits, {
      onFormat: (format) => {
        this.#format = format;
      },
      onPicture: (picture) => this.#deliver(picture),
    });
    for (const set of options.parameterSets) this.#assembler.addParameterSet(set);
  }

  get discardedUnits(): number {
    return this.#assembler.discarded;
  }

  get malformed(): number {
    return this.#assembler.malformed;
  }

  onPacket(packet: RtpPacket, arrivalMs: Millis): void {
    this.#arrivalMs = arrivalMs;
    this.#assembler.push(packet);
  }

  onLost(): void {
    this.#assembler.lost();
  }

  onRestart(): void {
    this.#assembler.lost();
    this.timeline.restart();
    this.captureClock.restart();
  }

  #deliver(picture: Picture): void {
    const pts = this.timeline.place(picture.timestamp, this.#arrivalMs);
    const jumped = this.timeline.jumped;
    if (jumped) this.captureClock.restart();
    if (picture.keyframe) this.#announce();
    const dts = this.#order.next(pts);
    const discontinuity = picture.discontinuity || jumped;
    this.units++;
    if (picture.keyframe) this.keyframes++;
    if (discontinuity) this.discontinuities++;
    if (this.#fps.add(pts, discontinuity)) this.#announce();
    this.#handlers.onAccessUnit({
      codec: this.#codec,
      keyframe: picture.keyframe,
      disposable: picture.disposable,
      discontinuity,
      codecChange: picture.codecChange,
      pts,
      dts,
      cameraTime: this.captureClock.at(picture.timestamp),
      arrivalTime: this.#clock.utcMicros(),
      data: picture.data,
    });
  }

  /** Tells the format when something in it is new. */
  #announce(): void {
    const format = this.#format;
    if (!format) return;
    const fps = format.fps ?? this.#fps.value;
    this.#order.expect(format.reorderDepth ?? 0, fps === undefined ? undefined : 1e6 / fps);
    const next: StreamFormat = {
      codec: this.#codec,
      codecString: format.codecString,
      width: format.width,
      height: format.height,
      fps,
    };
    const last = this.#announced;
    if (
      last &&
      last.codecString === next.codecString &&
      last.width === next.width &&
      last.height === next.height &&
      last.fps === next.fps
    ) {
      return;
    }
    this.#announced = next;
    this.#handlers.onFormat(next);
  }
}
