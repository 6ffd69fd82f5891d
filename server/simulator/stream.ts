import type { Clock } from "../../shared/lib/clock.ts";
import { type Micros, type Millis, micros, millis } from "../../shared/lib/time.ts";
import type { Clip } from "./annexb-clip.ts";
import { type FaultSet, seededRandom } from "./faults.ts";
import { stampFrame, type TemplateStore } from "./frame-template.ts";
import type { Pacer } from "./pacer.ts";
import { encodeSenderReport } from "./sender-report.ts";

/** One picture on its way to the clients: RTP packets in interleaved framing on channel 0. */
export interface SentPicture {
  readonly bytes: Buffer;
  readonly offsets: readonly number[];
  readonly keyframe: boolean;
}

export interface StreamClient {
  picture(picture: SentPicture): void;
  report(rtcp: Buffer): void;
}

export interface StreamOptions {
  readonly clip: Clip;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly templates: TemplateStore;
  readonly faults: FaultSet;
  readonly cname: string;
  /** Initial SSRC, sequence and timestamp are drawn from it (RFC 3550 5.1 asks for random ones). */
  readonly random: () => number;
  /** Timestamps start over with each round of the clip, as cheap encoders do. */
  readonly restartTimestamps: boolean;
}

const reportPeriodMs = 5000;
/** A host that was suspended does not send hours of missed pictures. */
const maxLagMs = 2000;

/** Plays a clip in a loop to any number of clients. Without clients it rests at a keyframe. */
export class SimulatedStream {
  readonly ssrc: number;
  readonly #options: StreamOptions;
  readonly #clients = new Map<StreamClient, { waiting: boolean }>();
  readonly #lossRandom: () => number;
  #clip: Clip;
  #index = 0;
  #sequence: number;
  /** RTP time of the next picture; fractions are kept, so that 15 fps and 25 fps stay exact. */
  #timestamp: number;
  readonly #firstTimestamp: number;
  #dueMs: Millis = millis(0);
  #nextReportMs = 0;
  #packetCount = 0;
  #octetCount = 0;
  #sentAt: Float64Array;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#clip = options.clip;
    this.ssrc = Math.floor(options.random() * 2 ** 32);
    this.#sequence = Math.floor(options.random() * 2 ** 16);
    this.#firstTimestamp = Math.floor(options.random() * 2 ** 31);
    this.#timestamp = this.#firstTimestamp;
    this.#sentAt = new Float64Array(this.#clip.frames.length);
    this.#lossRandom = seededRandom(Math.floor(options.random() * 2 ** 32));
  }

  get clip(): Clip {
    return this.#clip;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** What the next packet will carry, for PLAY's RTP-Info. */
  nextPosition(): { sequence: number; timestamp: number } {
    if (this.#clients.size === 0) this.#wake();
    return this.#position();
  }

  /** When the picture with this index of the clip was last handed to the sockets, UTC. */
  sentAt(frameIndex: number): Micros | undefined {
    const at = this.#sentAt[frameIndex];
    return at ? micros(at) : undefined;
  }

  /** The client's first picture is a keyframe: at once for the first client, the next one for others. */
  add(client: StreamClient): void {
    const first = this.#clients.size === 0;
    this.#clients.set(client, { waiting: true });
    if (!first) return;
    this.#wake();
    this.#nextReportMs = this.#dueMs;
    this.#options.pacer.schedule(this.#turn, this.#dueMs);
  }

  remove(client: StreamClient): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#options.pacer.cancel(this.#turn);
  }

  jumpTimestamp(ticks90k: number): void {
    this.#timestamp += ticks90k;
  }

  moveToSequenceWrap(): void {
    this.#sequence = 0xffff - 5;
  }

  switchClip(clip: Clip): void {
    this.#clip = clip;
    this.#index = 0;
    this.#sentAt = new Float64Array(clip.frames.length);
  }

  readonly #turn = (now: Millis): Millis | undefined => {
    if (this.#clients.size === 0) return undefined;
    const { clock, faults } = this.#options;
    if (now - this.#dueMs > maxLagMs) {
      this.#timestamp += (now - this.#dueMs) * 90;
      this.#dueMs = now;
    }
    if (!faults.has("stall") && !faults.has("half-open")) {
      if (now >= this.#nextReportMs) this.#sendReport(now);
      const index = this.#index;
      this.#sendPicture();
      this.#sentAt[index] = clock.utcMicros();
    }
    const ratio = faults.get("slow")?.ratio ?? 1;
    const intervalMs = 1000 / (this.#clip.framesPerSecond * Math.min(1, Math.max(0.01, ratio)));
    this.#timestamp += intervalMs * 90;
    this.#dueMs = millis(this.#dueMs + intervalMs);
    this.#advance();
    return this.#dueMs;
  };

  /** After a rest: RTP time has gone on meanwhile, and playing starts with a keyframe. */
  #wake(): void {
    const now = this.#options.clock.monotonicMs();
    if (this.#dueMs > 0) this.#timestamp += Math.max(0, now - this.#dueMs) * 90;
    this.#dueMs = now;
    while (!this.#clip.frames[this.#index]?.keyframe) this.#advance();
  }

  #position(): { sequence: number; timestamp: number } {
    return { sequence: this.#sequence, timestamp: Math.round(this.#timestamp) >>> 0 };
  }

  #advance(): void {
    this.#index += 1;
    if (this.#index < this.#clip.frames.length) return;
    this.#index = 0;
    if (this.#options.restartTimestamps) this.#timestamp = this.#firstTimestamp;
  }

  #sendPicture(): void {
    const template = this.#options.templates.get(this.#clip, this.#index);
    if (!template) return;
    const { sequence, timestamp } = this.#position();
    const bytes = stampFrame(template, { channel: 0, sequence, timestamp, ssrc: this.ssrc });
    this.#sequence = (sequence + template.offsets.length) & 0xffff;
    this.#packetCount += template.offsets.length;
    this.#octetCount += template.payloadBytes;
    const picture = this.#withLoss({ bytes, offsets: template.offsets, keyframe: template.keyframe });
    for (const [client, state] of this.#clients) {
      if (state.waiting && !picture.keyframe) continue;
      state.waiting = false;
      client.picture(picture);
    }
  }

  #withLoss(picture: SentPicture): SentPicture {
    const loss = this.#options.faults.get("packet-loss");
    if (!loss) return picture;
    const kept: Buffer[] = [];
    const offsets: number[] = [];
    let length = 0;
    for (const [index, at] of picture.offsets.entries()) {
      if (this.#lossRandom() < loss.ratio) continue;
      const packet = picture.bytes.subarray(at, picture.offsets[index + 1] ?? picture.bytes.length);
      offsets.push(length);
      kept.push(packet);
      length += packet.length;
    }
    return { bytes: Buffer.concat(kept), offsets, keyframe: picture.keyframe };
  }

  #sendReport(now: Millis): void {
    const { clock, faults, cname } = this.#options;
    const offsetMs = faults.get("wrong-clock")?.offsetMs ?? 0;
    const rtcp = encodeSenderReport({
      ssrc: this.ssrc,
      wallMicros: micros(clock.utcMicros() + offsetMs * 1000),
      // The picture due at #dueMs has #timestamp; this report is for now.
      rtpTimestamp: Math.round(this.#timestamp + (now - this.#dueMs) * 90),
      packetCount: this.#packetCount,
      octetCount: this.#octetCount,
      cname,
    });
    this.#nextReportMs = now + reportPeriodMs;
    for (const client of this.#clients.keys()) client.report(rtcp);
  }
}
