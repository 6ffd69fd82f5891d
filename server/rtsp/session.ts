import type { Timer } from "../../shared/lib/clock.ts";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { type Millis, millis } from "../../shared/lib/time.ts";
import type { StreamFormat } from "../../shared/media/types.ts";
import { isLoopback } from "../net/address-class.ts";
import { AudioTrack } from "../rtp/audio-track.ts";
import type { VideoTrack } from "../rtp/video-track.ts";
import type { AddressPolicy } from "./address-guard.ts";
import { Authenticator } from "./auth.ts";
import { type Redirect, RtspClient } from "./client.ts";
import { RtspConnection } from "./connection.ts";
import type { PullLimits } from "./limits.ts";
import { type ChosenMedia, chooseAudio, chooseVideo, createVideoTrack } from "./media-track.ts";
import type { PullHandlers, PullOptions } from "./pull-types.ts";
import { StreamTrack } from "./stream-track.ts";
import { type ChannelMap, setupTcp, type TrackLine } from "./track-line.ts";
import { setupUdp } from "./udp.ts";
import { type RtspUrl, resolveControl } from "./url.ts";

const REPORT_PERIOD_MS = 5000;
const TEARDOWN_WAIT = millis(500);
/** After a goodbye, a camera that only changes its source goes on within this time. */
const BYE_WAIT_MS = 2000;

export interface SessionOptions {
  readonly pull: PullOptions;
  readonly limits: PullLimits;
  readonly url: RtspUrl;
  readonly transport: "tcp" | "udp";
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** False where the password would go over the line in clear although the operator asked for encryption. */
  readonly allowBasic: boolean;
  readonly addresses: AddressPolicy;
  readonly userAgent: string;
}

/** Where the camera wants us to go, and whether a camera on this machine said so. */
export interface SessionRedirect extends Redirect {
  readonly fromLoopback: boolean;
}

/** One connection to one camera, from connect to the end. Not reused. */
export class RtspSession {
  readonly video: { track?: VideoTrack; stream?: StreamTrack } = {};
  readonly #options: SessionOptions;
  readonly #handlers: PullHandlers;
  readonly #connection: RtspConnection;
  readonly #client: RtspClient;
  readonly #channels: ChannelMap = new Map();
  readonly #streams: { readonly stream: StreamTrack; readonly line: TrackLine }[] = [];
  readonly #onEnd: (error: FluxError) => void;
  #audio: AudioTrack | undefined;
  #format: StreamFormat | undefined;
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #tcpRefused = false;
  #endedBy: FluxError | undefined;
  #playing = false;
  #packetsSeen = -1;
  #lastPacketMs = 0;
  #lastReportMs = 0;
  #lastKeepAliveMs = 0;
  #closing: Promise<void> | undefined;

  /** @param onEnd once, when the connection is gone, whoever ended it */
  constructor(options: SessionOptions, handlers: PullHandlers, onEnd: (error: FluxError) => void) {
    this.#options = options;
    this.#handlers = handlers;
    this.#onEnd = onEnd;
    const { pull, limits, url, userAgent, username, password, allowBasic, addresses } = options;
    const authenticator = username === undefined ? undefined : new Authenticator(username, password ?? "", allowBasic);
    this.#connection = new RtspConnection(
      {
        url,
        allowUntrustedCertificate: pull.allowUntrustedCertificate,
        clock: pull.clock,
        limits,
        userAgent,
        addresses,
      },
      {
        onFrame: (channel, bytes, start, end, arrivalMs) => {
          const target = this.#channels.get(channel);
          if (target === undefined) return;
          if (target.rtcp) target.track.onRtcp(bytes, start, end, arrivalMs);
          else target.track.onRtp(bytes, start, end, arrivalMs);
        },
        onEnd: (error) => this.#ended(error),
      },
    );
    this.#client = new RtspClient(this.#connection, authenticator, limits.tracks);
  }

  get streams(): readonly StreamTrack[] {
    return this.#streams.map(({ stream }) => stream);
  }

  /** The camera wants another transport than TCP. */
  get tcpRefused(): boolean {
    return this.#tcpRefused;
  }

  /** What ended the connection, once it has ended. */
  get endedBy(): FluxError | undefined {
    return this.#endedBy;
  }

  get garbageBytes(): number {
    return this.#connection.garbageBytes;
  }

  /** Up to the answer to PLAY, within the time to connect; else rejects, and the connection is gone. */
  async start(): Promise<SessionRedirect | undefined> {
    const { pull } = this.#options;
    this.#deadline = pull.clock.after(pull.connectTimeout, () =>
      this.#connection.end(
        new FluxError("rtsp.timeout", `the camera did not answer within ${Math.round(pull.connectTimeout / 1000)} s`),
      ),
    );
    try {
      return await this.#start();
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      this.#deadline.cancel();
    }
  }

  /** TEARDOWN, for which the camera gets half a second, then the socket goes. Idempotent. */
  close(): Promise<void> {
    // Later, not now: closing the connection calls back here.
    this.#closing ??= Promise.resolve().then(() => this.#close());
    return this.#closing;
  }

  async #start(): Promise<SessionRedirect | undefined> {
    const description = await this.#client.describe();
    if ("location" in description) {
      return { ...description, fromLoopback: isLoopback(this.#connection.remoteAddress ?? "") };
    }
    const { sdp, base, server } = description;
    const { pull, limits, transport } = this.#options;
    const chosen = chooseVideo(sdp);
    const video = createVideoTrack(chosen, pull.clock, limits, {
      onAccessUnit: (unit) => this.#handlers.onAccessUnit(unit),
      onFormat: (format) => {
        this.#format = format;
        this.#handlers.onFormat(format, this.#audio?.format);
      },
    });
    this.video.track = video;
    const audioChoice = pull.wantAudio === true ? chooseAudio(sdp) : undefined;
    if (audioChoice) {
      this.#audio = new AudioTrack(audioChoice.format, pull.clock, {
        onAccessUnit: (unit) => {
          // Audio before the first picture has nothing to belong to.
          if (this.#format) this.#handlers.onAccessUnit(unit);
        },
        onFormat: () => undefined,
      });
    }
    this.video.stream = await this.#setup(chosen, video, base);
    if (audioChoice && this.#audio) await this.#setup(audioChoice, this.#audio, base);
    this.#startTimelines();
    await this.#client.play();
    this.#deadline?.cancel();
    this.#playing = true;
    this.#handlers.onSession({ transport, server });
    const now = pull.clock.monotonicMs();
    this.#lastPacketMs = now;
    this.#lastReportMs = now;
    this.#lastKeepAliveMs = now;
    const period = millis(Math.min(1000, Math.max(50, pull.stallTimeout / 4)));
    this.#timer = pull.clock.every(period, () => this.#tick());
    return undefined;
  }

  async #setup(chosen: ChosenMedia, media: VideoTrack | AudioTrack, base: string): Promise<StreamTrack> {
    const { payloadType, clockRate } = chosen.format;
    const stream = new StreamTrack(media, payloadType, clockRate, this.#options.pull.clock, () => this.#align());
    const uri = resolveControl(base, chosen.media.control);
    this.#streams.push({ stream, line: await this.#setupLine(uri, stream) });
    return stream;
  }

  async #setupLine(uri: string, stream: StreamTrack): Promise<TrackLine> {
    if (this.#options.transport === "udp") {
      return setupUdp(this.#client, this.#connection, uri, stream, this.#options.pull.clock);
    }
    try {
      return await setupTcp(this.#client, this.#connection, uri, stream, this.#channels);
    } catch (error) {
      this.#tcpRefused = errorCode(error) === "rtsp.unsupported";
      throw error;
    }
  }

  /** Both tracks' lines begin at PLAY: without sender reports, arrival relates them. */
  #startTimelines(): void {
    const now = this.#options.pull.clock.monotonicMs();
    this.video.track?.timeline.startNow(now);
    this.#audio?.timeline.startNow(now);
  }

  #align(): void {
    const video = this.video.track;
    const audio = this.#audio;
    if (!video || !audio) return;
    audio.alignTo(video.timeline, video.captureClock);
  }

  #tick(): void {
    const { clock, stallTimeout } = this.#options.pull;
    const now = clock.monotonicMs();
    // Sound alone is no picture: only the video's packets count.
    const packets = this.video.stream?.receiver.packets ?? 0;
    if (packets !== this.#packetsSeen) {
      this.#packetsSeen = packets;
      this.#lastPacketMs = now;
    }
    const silentMs = now - this.#lastPacketMs;
    if (this.video.stream?.saidBye === true && silentMs >= BYE_WAIT_MS) {
      this.#connection.end(new FluxError("rtsp.closed", "the camera ended the stream"));
    } else if (silentMs >= stallTimeout) {
      this.#connection.end(
        new FluxError("rtsp.stalled", `no picture data from the camera for ${Math.round(silentMs / 1000)} s`),
      );
    } else {
      this.#maintain(now);
    }
  }

  #maintain(now: Millis): void {
    if (now - this.#lastReportMs >= REPORT_PERIOD_MS) {
      this.#lastReportMs = now;
      for (const { stream, line } of this.#streams) {
        const report = stream.receiverReport(now);
        if (report) line.sendRtcp(report);
      }
    }
    if (now - this.#lastKeepAliveMs >= (this.#client.sessionTimeoutSeconds * 1000) / 2) {
      this.#lastKeepAliveMs = now;
      this.#client.keepAlive().catch((error: unknown) => {
        // Not answering is common and harmless; having forgotten the session is not.
        if (error instanceof FluxError && error.code !== "rtsp.timeout") this.#connection.end(error);
      });
    }
  }

  #ended(error: FluxError): void {
    this.#endedBy = error;
    this.#timer?.cancel();
    this.#onEnd(error);
    // However it ended: the sockets of the tracks go too.
    this.close().catch(() => undefined);
  }

  async #close(): Promise<void> {
    this.#timer?.cancel();
    if (this.#playing) {
      this.#playing = false;
      const timer = this.#options.pull.clock.after(TEARDOWN_WAIT, () =>
        this.#connection.end(new FluxError("rtsp.closed", "closed")),
      );
      await this.#client.teardown().catch(() => undefined);
      timer.cancel();
    }
    await this.#connection.close();
    for (const { line } of this.#streams) await line.close();
  }
}
