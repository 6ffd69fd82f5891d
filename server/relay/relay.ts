import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { Playback } from "../playback/playback.ts";
import { AuthorityClient } from "./authority-client.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { IngestLinks } from "./ingest-links.ts";
import type { CameraRoute, FromRelay, ToRelay } from "./protocol.ts";
import { FlushScheduler } from "./session/flush-scheduler.ts";
import { ViewerSession } from "./session/viewer-session.ts";
import { StreamDemand } from "./streams/demand.ts";
import { StreamDirectory } from "./streams/directory.ts";
import type { ConnectionHandlers, ViewerConnection } from "./transport/connection.ts";

const LATENCY_PERIOD_MS = millis(250);
const REVIEW_PERIOD_MS = millis(1000);
const SERVER_STATUS_PERIOD_MS = millis(5000);
/** An epoch key is valid for this long (docs/architecture.md). */
const EPOCH_MS = 600_000;
/** The next epoch's keys are with the viewers this long before they are needed. */
const KEYS_AHEAD_MS = 30_000;
/** Viewers ask over this span, not all at once. */
const KEYS_SPREAD_MS = 8000;

export interface RelayOptions {
  readonly quotaKbps: number;
  readonly clock: Clock;
  readonly post: (message: FromRelay) => void;
  readonly random?: () => number;
  /** Runs once what this thread has received is handled. Default `setImmediate`. */
  readonly defer?: (run: () => void) => void;
}

/** What the relay thread does, apart from sockets: cameras, viewers, and the talk with the other threads. */
export class Relay {
  /** Viewers of the archive, beside those of live streams. */
  readonly playback: Playback;
  readonly #options: RelayOptions;
  readonly #authority: AuthorityClient;
  readonly #directory: StreamDirectory;
  readonly #demand: StreamDemand;
  readonly #links: IngestLinks;
  readonly #scheduler: FlushScheduler;
  readonly #sessions = new Set<ViewerSession>();
  readonly #timers: Timer[];
  readonly #cpu: CpuMeter;
  #keysTimer: Timer | undefined;
  #lastReviewMs: number;
  #framesDropped = 0;
  #framesRelayed = 0;
  #bytesRelayed = 0;
  #draining = false;
  #camerasKnown = false;

  constructor(options: RelayOptions) {
    const { clock, post } = options;
    this.#options = options;
    this.#authority = new AuthorityClient(post, clock);
    this.playback = new Playback({
      clock,
      authority: this.#authority,
      onViewerClosed: (connectionId) => post({ type: "viewer-closed", connectionId }),
    });
    this.#directory = new StreamDirectory(clock);
    this.#demand = new StreamDemand((streamId, wanted) => this.#links.want(streamId, wanted), clock);
    this.#links = new IngestLinks({
      onFrames: (buffer, byteLength) => this.#directory.publish(buffer, byteLength),
      onFormat: (message) => {
        const cameraId = this.#directory.setFormat(message.streamId, message.format, message.audioFormat);
        if (cameraId !== undefined) for (const session of this.#sessions) session.feeds.formatChanged(cameraId);
      },
      wanted: () => this.#demand.wanted,
    });
    this.#scheduler = new FlushScheduler({ clock, defer: options.defer ?? ((run) => void setImmediate(run)) });
    this.#cpu = new CpuMeter(clock);
    this.#lastReviewMs = clock.monotonicMs();
    this.#timers = [
      clock.every(LATENCY_PERIOD_MS, () => {
        for (const session of this.#sessions) session.feeds.watchLatency();
      }),
      clock.every(REVIEW_PERIOD_MS, () => this.#review()),
      clock.every(SERVER_STATUS_PERIOD_MS, () => this.#sendServerStatus()),
    ];
    this.#planKeys();
  }

  get viewerCount(): number {
    return this.#sessions.size;
  }

  /** Taken from ingest workers so far. */
  get framesIn(): number {
    return this.#directory.framesIn;
  }

  /** `AcceptViewer` for every transport. */
  accept(connection: ViewerConnection): ConnectionHandlers {
    const connectionId = randomUUID();
    const session = new ViewerSession(connectionId, connection, {
      authority: this.#authority,
      directory: this.#directory,
      demand: this.#demand,
      scheduler: this.#scheduler,
      clock: this.#options.clock,
      quotaKbps: this.#options.quotaKbps,
      camerasKnown: () => this.#camerasKnown,
      onFrameSent: this.#count,
      onLeft: (cameraIds) => this.#options.post({ type: "viewer-left", connectionId, cameraIds }),
      onClosed: (closed) => {
        this.#sessions.delete(closed);
        this.#framesDropped += closed.feeds.droppedFrames;
        this.#options.post({ type: "viewer-closed", connectionId });
      },
    });
    this.#sessions.add(session);
    return session;
  }

  handle(message: Exclude<ToRelay, { type: "close" | "certificates" }>): void {
    switch (message.type) {
      case "ingest-port":
        this.#links.add(message.workerIndex, message.port);
        return;
      case "reply":
        this.#authority.onReply(message);
        return;
      case "cameras":
        this.#setCameras(message.cameras);
        return;
      case "camera-status":
        this.#directory.setStatus(message.cameraId, message);
        for (const session of this.#sessions) session.cameraStatusChanged(message.cameraId);
        return;
      case "end-session":
        for (const session of this.#sessions) {
          if (session.sessionId === message.sessionId) session.expire(message.code, "the session was ended");
        }
        this.playback.endSession(message.sessionId, message.code);
        return;
      case "access-changed":
        for (const session of this.#sessions) if (session.userId === message.userId) session.accessChanged();
        this.playback.accessChanged(message.userId);
        return;
      case "stats":
        this.#options.post(this.stats(message.requestId));
        return;
    }
  }

  stats(requestId: number): Extract<FromRelay, { type: "stats" }> {
    let framesDropped = this.#framesDropped;
    for (const session of this.#sessions) framesDropped += session.feeds.droppedFrames;
    return {
      type: "stats",
      requestId,
      viewers: [...this.#sessions].filter((session) => session.isOpen).length,
      framesRelayed: this.#framesRelayed,
      bytesRelayed: this.#bytesRelayed,
      framesDropped,
    };
  }

  /** Tells viewers that the server goes away, then closes them. */
  close(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#sendServerStatus();
    for (const session of [...this.#sessions]) session.close("relay.shutting_down", "the server is restarting");
    this.playback.close();
    for (const timer of this.#timers) timer.cancel();
    this.#keysTimer?.cancel();
    this.#scheduler.close();
    this.#demand.close();
    this.#links.close();
    this.#directory.close();
    this.#authority.close();
  }

  readonly #count = (byteLength: number): void => {
    this.#framesRelayed++;
    this.#bytesRelayed += byteLength;
  };

  #setCameras(cameras: readonly CameraRoute[]): void {
    this.#camerasKnown = true;
    const announced = cameras.map(({ cameraId }) => cameraId).filter((cameraId) => !this.#directory.camera(cameraId));
    const changed = this.#directory.setCameras(cameras);
    for (const session of this.#sessions) {
      for (const cameraId of changed) session.cameraChanged(cameraId);
      if (announced.length > 0) session.camerasAnnounced(announced);
    }
  }

  #review(): void {
    const now = this.#options.clock.monotonicMs();
    this.#directory.roll(now - this.#lastReviewMs);
    this.#lastReviewMs = now;
    for (const session of this.#sessions) session.feeds.review();
  }

  #sendServerStatus(): void {
    const cpu = this.#cpu.sample();
    const message = {
      type: "server_status",
      cameras: this.#directory.cameraCount,
      clients: this.#sessions.size,
      cpu,
      draining: this.#draining,
    } as const;
    for (const session of this.#sessions) session.send(message);
  }

  /** Before each epoch every viewer's permissions are asked again, which brings the next keys. */
  #planKeys(): void {
    const { clock, random = Math.random } = this.#options;
    const nowMs = clock.utcMicros() / 1000;
    const boundary = Math.ceil((nowMs + KEYS_AHEAD_MS + 1) / EPOCH_MS) * EPOCH_MS;
    this.#keysTimer = clock.after(millis(boundary - KEYS_AHEAD_MS - nowMs), () => {
      for (const session of this.#sessions) session.refreshKeys(millis(random() * KEYS_SPREAD_MS));
      this.#planKeys();
    });
  }
}
