import { randomInt } from "node:crypto";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Millis } from "../../shared/lib/time.ts";
import type { AudioTrack } from "../rtp/audio-track.ts";
import { RtpReceiver } from "../rtp/receiver.ts";
import { encodeReceiverReport, readRtcp } from "../rtp/rtcp.ts";
import type { VideoTrack } from "../rtp/video-track.ts";

/** One track of a session: RTP in, RTCP both ways, media out. */
export class StreamTrack {
  readonly media: VideoTrack | AudioTrack;
  readonly receiver: RtpReceiver;
  malformedRtcp = 0;
  /** The camera said goodbye, and nothing came since. */
  saidBye = false;
  readonly #clock: Clock;
  readonly #ownSsrc = randomInt(0x100000000);
  readonly #onReport: (timestamp: number) => void;
  #lastReport = 0;
  #lastReportMs = 0;
  #arrivalMs = 0 as Millis;

  /** @param onReport after each sender report, with its RTP timestamp */
  constructor(
    media: VideoTrack | AudioTrack,
    payloadType: number,
    clockRate: number,
    clock: Clock,
    onReport: (timestamp: number) => void,
  ) {
    this.media = media;
    this.#clock = clock;
    this.#onReport = onReport;
    this.receiver = new RtpReceiver(payloadType, clockRate, media);
  }

  onRtp(bytes: Uint8Array, start: number, end: number, arrivalMs: Millis): void {
    const before = this.receiver.packets;
    this.receiver.push(bytes, start, end, arrivalMs);
    if (this.receiver.packets !== before) this.saidBye = false;
  }

  onRtcp(bytes: Uint8Array, start: number, end: number, arrivalMs: Millis): void {
    this.#arrivalMs = arrivalMs;
    if (end > start && !readRtcp(bytes, start, end, this)) this.malformedRtcp++;
  }

  onSenderReport(ssrc: number, ntpSeconds: number, ntpFraction: number, timestamp: number): void {
    if (this.receiver.ssrc !== undefined && ssrc !== this.receiver.ssrc) return;
    this.media.captureClock.report(ntpSeconds, ntpFraction, timestamp, this.#clock.utcMicros(), this.#arrivalMs);
    this.#lastReport = (((ntpSeconds & 0xffff) << 16) | (ntpFraction >>> 16)) >>> 0;
    this.#lastReportMs = this.#arrivalMs;
    this.#onReport(timestamp);
  }

  onBye(ssrc: number): void {
    if (ssrc === this.receiver.ssrc) this.saidBye = true;
  }

  /** A receiver report for the camera; undefined before its first packet. */
  receiverReport(nowMs: Millis): Uint8Array | undefined {
    const senderSsrc = this.receiver.ssrc;
    if (senderSsrc === undefined) return undefined;
    const { fractionLost, lost, extendedHighest } = this.receiver.reportLoss();
    const delay = this.#lastReport === 0 ? 0 : Math.round(((nowMs - this.#lastReportMs) * 65_536) / 1000);
    return encodeReceiverReport(
      {
        senderSsrc,
        ownSsrc: this.#ownSsrc,
        fractionLost,
        lost,
        extendedHighest,
        jitter: Math.min(0xffffffff, Math.round(this.receiver.jitterTicks)),
        lastSenderReport: this.#lastReport,
        delaySinceLast: Math.min(0xffffffff, delay),
      },
      "fluxvision",
    );
  }
}
