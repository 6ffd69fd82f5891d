import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { type Millis, micros } from "../../shared/lib/time.ts";
import type { AudioCodec, StreamFormat } from "../../shared/media/types.ts";
import { type AacConfig, AacDepacketizer, adtsHeader, parseAacConfig } from "./aac.ts";
import { CaptureClock } from "./capture-clock.ts";
import type { RtpPacket } from "./packet.ts";
import type { ReceiverHandlers } from "./receiver.ts";
import { Timeline } from "./timeline.ts";
import type { TrackHandlers } from "./video-track.ts";

/** What the SDP says of an audio format. */
export interface AudioDescription {
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Below this, audio is not moved against the picture: nobody hears it, and each move is a click. */
const MIN_SHIFT_MICROS = 40_000;
/** More than this is not a delay but two clocks that have nothing to do with each other. */
const MAX_SHIFT_MICROS = 10_000_000;

/** Packets of one AAC or G.711 stream, in order, to access units on the timeline of the video beside it. */
export class AudioTrack implements ReceiverHandlers {
  readonly format: StreamFormat;
  readonly timeline: Timeline;
  readonly captureClock: CaptureClock;
  malformed = 0;
  readonly #codec: AudioCodec;
  readonly #clock: Clock;
  readonly #handlers: TrackHandlers;
  readonly #aac: AacDepacketizer | undefined;
  #config: AacConfig | undefined;
  #discontinuity = true;
  #shift = 0;
  #last = Number.NEGATIVE_INFINITY;
  #arrivalMs = 0 as Millis;

  static supports(description: AudioDescription): boolean {
    const { encoding, clockRate, channels, parameters } = description;
    if (encoding === "PCMU" || encoding === "PCMA") return clockRate === 8000 && channels === 1;
    if (encoding !== "MPEG4-GENERIC" || !/^aac-(hbr|lbr)$/i.test(parameters.get("mode") ?? "")) return false;
    try {
      readConfig(parameters);
      return clockRate > 0;
    } catch (error) {
      if (error instanceof FluxError) return false;
      throw error;
    }
  }

  /** Throws `rtp.unsupported` for a description that `supports` refuses. */
  constructor(description: AudioDescription, clock: Clock, handlers: TrackHandlers) {
    const { encoding, clockRate, parameters } = description;
    if (!AudioTrack.supports(description)) throw new FluxError("rtp.unsupported", `audio ${encoding} is not supported`);
    this.#clock = clock;
    this.#handlers = handlers;
    this.timeline = new Timeline(clockRate);
    this.captureClock = new CaptureClock(clockRate);
    this.#codec = encoding === "PCMU" ? "pcmu" : encoding === "PCMA" ? "pcma" : "aac";
    if (this.#codec === "aac") {
      this.#config = readConfig(parameters);
      const framing = {
        sizeLength: bitCount(parameters, "sizelength"),
        indexLength: bitCount(parameters, "indexlength"),
        indexDeltaLength: bitCount(parameters, "indexdeltalength"),
      };
      this.#aac = new AacDepacketizer(framing, (bytes, start, end, timestamp) =>
        this.#deliver(bytes.subarray(start, end), timestamp),
      );
    }
    this.format = {
      codec: this.#codec,
      codecString:
        this.#codec === "aac" ? `mp4a.40.${this.#config?.objectType ?? 2}` : this.#codec === "pcmu" ? "ulaw" : "alaw",
      width: 0,
      height: 0,
      fps: undefined,
      sampleRate: this.#config?.sampleRate ?? 8000,
      channels: this.#config?.channels ?? 1,
    };
  }

  onPacket(packet: RtpPacket, arrivalMs: Millis): void {
    this.#arrivalMs = arrivalMs;
    if (this.#aac) {
      if (!this.#aac.push(packet)) this.malformed++;
    } else if (packet.payloadEnd > packet.payloadStart) {
      this.#deliver(packet.bytes.subarray(packet.payloadStart, packet.payloadEnd), packet.timestamp);
    }
  }

  onLost(): void {
    this.#aac?.reset();
    this.#discontinuity = true;
  }

  onRestart(): void {
    this.onLost();
    this.timeline.restart();
    this.captureClock.restart();
  }

  /**
   * Lays this track beside the video: two tracks' timestamps start anywhere, only sender reports relate them. Until both
   * have reported, arrival relates them.
   */
  alignTo(video: Timeline, videoClock: CaptureClock): void {
    const own = this.timeline.reference;
    const other = video.reference;
    if (own === undefined || other === undefined) return;
    const ownTime = this.captureClock.reported(own.timestamp);
    const otherTime = videoClock.reported(other.timestamp);
    if (ownTime === undefined || otherTime === undefined) return;
    const shift = other.pts + (ownTime - otherTime) - own.pts;
    if (Math.abs(shift - this.#shift) >= MIN_SHIFT_MICROS && Math.abs(shift) < MAX_SHIFT_MICROS) this.#shift = shift;
  }

  #deliver(payload: Uint8Array, timestamp: number): void {
    const placed = this.timeline.place(timestamp, this.#arrivalMs) + this.#shift;
    // Aligning may move audio back: its own times must still not go back.
    const pts = micros(Math.max(placed, this.#last));
    this.#last = pts;
    const discontinuity = this.#discontinuity || this.timeline.jumped;
    if (this.timeline.jumped) this.captureClock.restart();
    this.#discontinuity = false;
    this.#handlers.onAccessUnit({
      codec: this.#codec,
      keyframe: true,
      disposable: false,
      discontinuity,
      codecChange: false,
      pts,
      dts: pts,
      cameraTime: this.captureClock.at(timestamp),
      arrivalTime: this.#clock.utcMicros(),
      data: this.#config ? [adtsHeader(this.#config, payload.length), payload] : [payload],
    });
  }
}

function readConfig(parameters: ReadonlyMap<string, string>): AacConfig {
  const text = parameters.get("config") ?? "";
  if (!/^([0-9a-f]{2}){2,64}$/i.test(text)) throw new FluxError("rtp.unsupported", "AAC without a readable config");
  if (bitCount(parameters, "sizelength") === 0) throw new FluxError("rtp.unsupported", "AAC without sizelength");
  return parseAacConfig(new Uint8Array(Buffer.from(text, "hex")));
}

function bitCount(parameters: ReadonlyMap<string, string>, name: string): number {
  const value = Number(parameters.get(name) ?? 0);
  return Number.isInteger(value) && value >= 0 && value <= 32 ? value : 0;
}
