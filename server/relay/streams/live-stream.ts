import type { Clock } from "../../../shared/lib/clock.ts";
import type { StreamFormat, StreamRole } from "../../../shared/media/types.ts";
import type { CameraState } from "../../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import { StreamHub } from "../../fanout/hub.ts";
import { RateMeter } from "./rate-meter.ts";

/** Without frames for this long a stream counts as gone: its cached GOP is history and must not pass for live. */
const FRESH_FOR_MS = 5000;

/** One stream of a camera, as the relay sees it. */
export class LiveStream {
  readonly streamId: number;
  readonly role: StreamRole;
  readonly hub = new StreamHub();
  readonly meter = new RateMeter();
  readonly #clock: Clock;
  #lastFrameMs: number | undefined;
  #captureToArrivalMs = 0;
  #format: StreamFormat | undefined;
  #audioFormat: StreamFormat | undefined;

  constructor(streamId: number, role: StreamRole, clock: Clock) {
    this.streamId = streamId;
    this.role = role;
    this.#clock = clock;
  }

  get format(): StreamFormat | undefined {
    return this.#format;
  }

  get audioFormat(): StreamFormat | undefined {
    return this.#audioFormat;
  }

  /** Of the newest frame, by the clocks that a viewer sees as well. */
  get captureToArrivalMs(): number {
    return this.#captureToArrivalMs;
  }

  /** Frames arrive, and a viewer can begin at once. */
  get ready(): boolean {
    return this.fresh && this.hub.gop.frames.length > 0;
  }

  get fresh(): boolean {
    return this.#lastFrameMs !== undefined && this.#clock.monotonicMs() - this.#lastFrameMs < FRESH_FOR_MS;
  }

  publish(frame: SealedFrame): void {
    if (this.#lastFrameMs !== undefined && !this.fresh) this.hub.reset();
    this.#lastFrameMs = this.#clock.monotonicMs();
    this.#captureToArrivalMs = (frame.header.arrivalTime - frame.header.captureTime) / 1000;
    this.meter.count(frame.header, frame.bytes.byteLength);
    this.hub.publish(frame);
  }

  /** Once a second. A stream that stopped keeps nothing: it begins anew with a keyframe. */
  roll(elapsedMs: number): void {
    this.meter.roll(elapsedMs);
    if (this.fresh) this.hub.gop.compact();
    else this.hub.gop.clear();
  }

  /** The camera is gone: what is cached is history. */
  forget(): void {
    this.hub.gop.clear();
  }

  setFormat(format: StreamFormat, audioFormat: StreamFormat | undefined): void {
    this.#format = format;
    this.#audioFormat = audioFormat;
  }

  close(): void {
    this.hub.close();
  }
}

export interface LiveStatus {
  readonly state: CameraState;
  readonly reason: string | undefined;
  readonly recording: boolean;
}

export interface LiveCamera {
  readonly cameraId: string;
  readonly main: LiveStream | undefined;
  readonly sub: LiveStream | undefined;
  readonly status: LiveStatus | undefined;
}
