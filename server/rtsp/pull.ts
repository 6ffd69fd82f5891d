import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { CLOSED_GUARD } from "./address-guard.ts";
import { DEFAULT_LIMITS, type PullLimits } from "./limits.ts";
import type { Pull, PullHandlers, PullOptions, PullStats } from "./pull-types.ts";
import { RtspSession, type SessionRedirect } from "./session.ts";
import type { StreamTrack } from "./stream-track.ts";
import { parseRtspUrl, type RtspUrl, resolveControl } from "./url.ts";

export type { PullLimits } from "./limits.ts";
export type { Pull, PullHandlers, PullOptions, PullStats } from "./pull-types.ts";

/**
 * Connects to a camera and delivers its pictures until it fails. Never retries: the caller owns reconnection.
 *
 * Codes: rtsp.address, rtsp.refused, rtsp.timeout, rtsp.tls, rtsp.unauthorised, rtsp.not_found, rtsp.unsupported,
 * rtsp.protocol, rtsp.limit, rtsp.stalled, rtsp.closed; rtsp.internal when a handler threw.
 */
export function startPull(options: PullOptions, handlers: PullHandlers): Pull {
  return new RtspPull(options, handlers);
}

class RtspPull implements Pull {
  readonly done: Promise<never>;
  readonly #options: PullOptions;
  readonly #handlers: PullHandlers;
  readonly #limits: PullLimits;
  readonly #running: Promise<void>;
  #fail: (error: FluxError) => void = () => undefined;
  #session: RtspSession | undefined;
  #closed = false;

  constructor(options: PullOptions, handlers: PullHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.done = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    // Whoever waits for `done` hears of the failure; nobody waiting must not end the process.
    this.done.catch(() => undefined);
    this.#running = this.#run().catch((error: unknown) => {
      this.#fail(
        error instanceof FluxError
          ? error
          : new FluxError("rtsp.internal", "pulling the stream failed", { cause: error }),
      );
    });
  }

  stats(): PullStats {
    const session = this.#session;
    const video = session?.video.track;
    const sum = (pick: (stream: StreamTrack) => number): number =>
      session?.streams.reduce((total, stream) => total + pick(stream), 0) ?? 0;
    return {
      packets: sum(({ receiver }) => receiver.packets),
      bytes: sum(({ receiver }) => receiver.bytes),
      lostPackets: sum(({ receiver }) => receiver.lostPackets),
      duplicatePackets: sum(({ receiver }) => receiver.latePackets),
      malformedPackets: sum(
        ({ receiver, media, malformedRtcp }) => receiver.malformed + media.malformed + malformedRtcp,
      ),
      garbageBytes: session?.garbageBytes ?? 0,
      units: video?.units ?? 0,
      keyframes: video?.keyframes ?? 0,
      discardedUnits: video?.discardedUnits ?? 0,
      discontinuities: video?.discontinuities ?? 0,
      clockOffsetMs: video?.captureClock.offsetMs,
      driftPpm: video?.captureClock.driftPpm,
      implausibleClockYear: video?.captureClock.implausibleYear,
    };
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#fail(new FluxError("rtsp.closed", "the pull was closed"));
    }
    await this.#session?.close();
    await this.#running;
  }

  /** Connects, following redirects and falling back to UDP, until a session plays. */
  async #run(): Promise<void> {
    const first = parseRtspUrl(this.#options.url);
    let url = first;
    let transport: "tcp" | "udp" = this.#options.transport === "udp" ? "udp" : "tcp";
    let allowLoopback = true;
    for (let redirects = 0; !this.#closed; ) {
      try {
        const redirect = await this.#attempt(url, first, transport, allowLoopback);
        if (!redirect) return;
        if (++redirects > this.#limits.redirects) {
          throw new FluxError("rtsp.protocol", `the camera redirects more than ${this.#limits.redirects} times`);
        }
        url = followRedirect(url, redirect.location);
        allowLoopback &&= redirect.fromLoopback;
      } catch (error) {
        const refusedTcp = errorCode(error) === "rtsp.unsupported" && this.#session?.tcpRefused === true;
        if (this.#options.transport !== "auto" || transport === "udp" || !refusedTcp) throw error;
        transport = "udp";
      }
    }
  }

  async #attempt(
    url: RtspUrl,
    first: RtspUrl,
    transport: "tcp" | "udp",
    allowLoopback: boolean,
  ): Promise<SessionRedirect | undefined> {
    const options = this.#options;
    // Credentials, hashed ones too (they can be guessed offline), go to no host but the one that the operator named.
    const named = url.host.toLowerCase() === first.host.toLowerCase();
    const [username, password] =
      options.username === undefined ? [first.username, first.password] : [options.username, options.password];
    let started = false;
    const session = new RtspSession(
      {
        pull: options,
        limits: this.#limits,
        url,
        transport,
        username: named ? username : undefined,
        password: named ? password : undefined,
        allowBasic: url.secure || !first.secure,
        addresses: { guard: options.outbound ?? CLOSED_GUARD, allowLoopback },
        userAgent: options.userAgent ?? "FluxVision",
      },
      this.#handlers,
      (error) => {
        if (started) this.#fail(error);
      },
    );
    this.#session = session;
    const redirect = await session.start();
    if (redirect) {
      await session.close();
      return redirect;
    }
    started = true;
    if (session.endedBy) throw session.endedBy;
    return undefined;
  }
}

function followRedirect(from: RtspUrl, location: string): RtspUrl {
  const target = parseRtspUrl(/^[a-z]+:\/\//i.test(location) ? location : resolveControl(from.origin, location));
  if (from.secure && !target.secure) {
    throw new FluxError("rtsp.protocol", "the camera redirects from an encrypted to an unencrypted address");
  }
  return target;
}
