import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError, errorCode, FluxError } from "../../shared/lib/errors.ts";
import { type Micros, type Millis, millis } from "../../shared/lib/time.ts";
import { type AccessUnit, CODEC_IDS, type StreamFormat, type StreamRole } from "../../shared/media/types.ts";
import type { CameraState } from "../../shared/wire/control-messages.ts";
import type { StreamStatus } from "../control/media-plane.ts";
import type { Pull, PullHandlers, PullOptions } from "../rtsp/pull.ts";
import { backoffDelay, RECONNECT, slowDelay, UNAUTHORISED } from "./backoff.ts";
import type { ConnectGate } from "./connect-gate.ts";
import { ErrorMemory, type Until } from "./error-memory.ts";
import { LossMeter } from "./loss-meter.ts";
import { RateMeter } from "./rate-meter.ts";

export type StartPull = (options: PullOptions, handlers: PullHandlers) => Pull;

export const CONNECT_TIMEOUT_MS = 10_000;
/** Connected, but no keyframe for this long: some cameras have key intervals of 10 s and more. */
export const FIRST_PICTURE_MS = 20_000;
/** Without a new picture for this long a stream is not online. */
export const PICTURE_STALL_MS = 5_000;
/** The pull's own watch, on packets: behind ours, for it cannot tell a silent camera from a thread that did not run. */
const PACKET_STALL_MS = 15_000;
const LONGEST_TICK_MS = 500;
/** A stream that nobody wants any more is kept this long, for the viewer that switches back. */
export const LINGER_MS = 10_000;
/** This long online, and the next failure starts the backoff anew. */
const STABLE_MS = 10_000;
/** The first keys are on their way: waiting for them is no error before this. */
export const KEY_PATIENCE_MS = 5_000;
const KEY_LOOK_MS = 1_000;
/** A camera that does not answer TEARDOWN holds up a reconnect no longer than this. */
const CLOSE_PATIENCE_MS = 3_000;

/** Where pictures go, and what only the sealing side knows. */
export interface StreamSink {
  onUnit(unit: AccessUnit): void;
  onFormat(format: StreamFormat, audio: StreamFormat | undefined): void;
  /** The connection is over; `reason`: an error code, or undefined when it is not wanted any more. */
  onDown(reason: string | undefined): void;
  /** Why nothing may be pulled now (no key); undefined: go ahead. */
  blocked(): string | undefined;
  readonly droppedFrames: number;
  readonly clockOffsetMs: number | undefined;
}

export interface StreamSessionOptions {
  readonly streamId: number;
  readonly role: StreamRole;
  readonly pull: Omit<PullOptions, "clock" | "connectTimeout" | "stallTimeout">;
  readonly clock: Clock;
  /** In [0, 1): spreads reconnects. */
  readonly random: () => number;
  readonly gate: ConnectGate;
  readonly startPull: StartPull;
  readonly sink: StreamSink;
  /** What must be over before the first connection: the sessions that this one replaces. Must not reject. */
  readonly after?: Promise<unknown> | undefined;
  /** The status changed in more than its counters. Must not throw. */
  readonly onChange: () => void;
}

/**
 * Supervises one stream: pulls while it is wanted, and for as long as it is wanted comes back after every failure.
 *
 * `state`: connecting (first attempt) -> online (pictures) -> degraded (a stall, or packets lost) -> offline /
 * unauthorised (the last attempt failed) -> online ... ; disabled means that nobody wants it.
 */
export class StreamSession {
  readonly #options: StreamSessionOptions;
  readonly #meter = new RateMeter();
  readonly #loss = new LossMeter();
  readonly #errors = new ErrorMemory();
  #state: CameraState = "disabled";
  #wanted = false;
  #closed = false;
  /** Each attempt has its own number: callbacks of an earlier pull are not ours any more. */
  #attempt = 0;
  #pull: Pull | undefined;
  #timer: Timer | undefined;
  #linger: Timer | undefined;
  #leaveGate: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #blockedSinceMs: number | undefined;
  #failures = 0;
  #connects = 0;
  #connectedAtMs = 0;
  #onlineSinceMs: number | undefined;
  #lastPictureMs: number | undefined;
  #lastTickMs = 0;
  /** Without a new picture, as far as this thread was there to see it. */
  #quietMs = 0;
  #lastFrameAt: Micros | undefined;
  #format: StreamFormat | undefined;
  #audioFormat: StreamFormat | undefined;
  #transport: "tcp" | "udp" | undefined;
  #lostBefore = 0;

  constructor(options: StreamSessionOptions) {
    this.#options = options;
    if (options.after !== undefined) this.#awaitClosing(options.after);
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  get pulling(): boolean {
    return this.#pull !== undefined;
  }

  get format(): StreamFormat | undefined {
    return this.#format;
  }

  get audioFormat(): StreamFormat | undefined {
    return this.#audioFormat;
  }

  get status(): StreamStatus {
    const { streamId, role, clock, sink } = this.#options;
    const rate = this.#meter.read(clock.monotonicMs());
    const pulled = this.#pull?.stats();
    return {
      streamId,
      role,
      state: this.#state,
      format: this.#format,
      audioFormat: this.#audioFormat,
      fps: this.#pull ? Math.round(rate.fps * 10) / 10 : 0,
      bitrateKbps: this.#pull ? Math.round(rate.kbps) : 0,
      lastFrameAt: this.#lastFrameAt,
      reconnects: Math.max(0, this.#connects - 1),
      lastError: this.#errors.message,
      lastErrorCode: this.#errors.code,
      clockOffsetMs: sink.clockOffsetMs,
      clockDriftPpm: pulled?.driftPpm,
      lostPackets: this.#lostBefore + (pulled?.lostPackets ?? 0),
      droppedFrames: sink.droppedFrames,
      transport: this.#transport,
    };
  }

  setWanted(wanted: boolean): void {
    if (this.#closed) return;
    this.#linger?.cancel();
    this.#linger = undefined;
    if (!wanted) {
      if (!this.#wanted) return;
      if (this.#pull) this.#linger = this.#options.clock.after(millis(LINGER_MS), () => this.#stop());
      else this.#stop();
      return;
    }
    if (this.#wanted) return;
    this.#wanted = true;
    this.#failures = 0;
    this.#connects = 0;
    this.#blockedSinceMs = undefined;
    this.#setState("connecting");
    this.#enqueueAfterClosing();
  }

  /** What blocked this stream (no key) may be gone: do not wait out the delay. Other failures wait on. */
  unblocked(): void {
    if (this.#blockedSinceMs === undefined || !this.#timer) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#enqueue();
  }

  /** Call a few times per second: watches for stalls and loss. */
  tick(): void {
    const pull = this.#pull;
    if (!pull) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#lastPictureMs === undefined) {
      this.#lastTickMs = nowMs;
      if (nowMs - this.#connectedAtMs >= CONNECT_TIMEOUT_MS + FIRST_PICTURE_MS) {
        this.#fail(new FluxError("ingest.no_keyframe", "connected, but no keyframe came"), "offline");
      }
      return;
    }
    // Time in which this thread did not run is no evidence against the camera: what it sent waits in the socket.
    const ranMs = Math.min(nowMs - this.#lastTickMs, LONGEST_TICK_MS);
    this.#lastTickMs = nowMs;
    this.#quietMs += ranMs;
    if (this.#quietMs >= PICTURE_STALL_MS) {
      this.#fail(new FluxError("ingest.stalled", `no new picture for ${PICTURE_STALL_MS / 1000} s`), "degraded");
      return;
    }
    if (this.#onlineSinceMs !== undefined && nowMs - this.#onlineSinceMs >= STABLE_MS) this.#failures = 0;
    if (!this.#loss.due(nowMs)) return;
    const { packets, lostPackets } = pull.stats();
    const lossy = this.#loss.observe(nowMs, packets, lostPackets);
    if (lossy !== undefined) {
      if (lossy > 0) this.#errors.note("ingest.loss", `${lossy} % of the packets are lost`, "no loss");
      else this.#errors.over("no loss");
      this.#setState(lossy > 0 ? "degraded" : "online");
    }
  }

  /** Hangs up and waits for it. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#stop();
      this.#closed = true;
    }
    await this.#closing;
  }

  #enqueue(): void {
    this.#leaveGate = this.#options.gate.enter(() => {
      this.#leaveGate = undefined;
      this.#connect();
    });
  }

  #connect(): void {
    const { clock, startPull, pull: source, sink } = this.#options;
    const attempt = ++this.#attempt;
    const blocked = sink.blocked();
    if (blocked !== undefined) {
      this.#wait(blocked);
      return;
    }
    this.#blockedSinceMs = undefined;
    this.#connects++;
    this.#connectedAtMs = clock.monotonicMs();
    this.#lastPictureMs = undefined;
    this.#lastTickMs = this.#connectedAtMs;
    this.#quietMs = 0;
    this.#onlineSinceMs = undefined;
    this.#meter.reset();
    this.#loss.reset();
    const mine = (): boolean => attempt === this.#attempt;
    try {
      const pull = startPull(
        {
          ...source,
          clock,
          connectTimeout: millis(CONNECT_TIMEOUT_MS),
          stallTimeout: millis(PACKET_STALL_MS),
        },
        {
          onAccessUnit: (unit) => {
            if (mine()) this.#onUnit(unit);
          },
          onFormat: (format, audio) => {
            if (mine()) this.#onFormat(format, audio);
          },
          onSession: ({ transport }) => {
            if (mine()) this.#transport = transport;
          },
        },
      );
      this.#pull = pull;
      pull.done.catch((error: unknown) => {
        if (mine()) this.#fail(error, stateAfter(error));
      });
    } catch (error) {
      this.#fail(error, stateAfter(error));
    }
  }

  #onUnit(unit: AccessUnit): void {
    const { clock, sink } = this.#options;
    let bytes = 0;
    for (const piece of unit.data) bytes += piece.byteLength;
    if (CODEC_IDS[unit.codec] < CODEC_IDS.aac) {
      const nowMs = clock.monotonicMs();
      this.#meter.add(nowMs, bytes);
      this.#lastPictureMs = nowMs;
      this.#quietMs = 0;
      this.#lastFrameAt = unit.arrivalTime;
      if (this.#onlineSinceMs === undefined) {
        this.#onlineSinceMs = nowMs;
        this.#setState("online");
      }
    }
    try {
      sink.onUnit(unit);
      this.#errors.over("picture");
    } catch (error) {
      // Never into the pull: it would end a healthy connection. The sink resumes at the next keyframe.
      this.#errors.note(errorCode(error) ?? "ingest.internal", describeError(error), "picture");
      this.#options.onChange();
    }
  }

  #onFormat(format: StreamFormat, audio: StreamFormat | undefined): void {
    this.#format = format;
    this.#audioFormat = audio;
    this.#options.sink.onFormat(format, audio);
    this.#options.onChange();
  }

  /** Nothing to seal with: looked at again, at once when keys come, and an error only after a while. */
  #wait(reason: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#blockedSinceMs ??= nowMs;
    if (nowMs - this.#blockedSinceMs < KEY_PATIENCE_MS) this.#retryIn(millis(KEY_LOOK_MS));
    else this.#retryAfter(new FluxError("ingest.blocked", reason), "offline", "picture");
  }

  #fail(error: unknown, state: CameraState): void {
    this.#hangUp(errorCode(error));
    this.#retryAfter(error, state);
  }

  #retryAfter(error: unknown, state: CameraState, until?: Until): void {
    const { random } = this.#options;
    this.#errors.note(errorCode(error) ?? "ingest.internal", describeError(error), until);
    this.#failures++;
    const delay =
      state === "unauthorised"
        ? slowDelay(this.#failures, UNAUTHORISED, random())
        : backoffDelay(this.#failures, RECONNECT, random());
    this.#setState(state);
    this.#options.onChange();
    this.#retryIn(delay);
  }

  #retryIn(delay: Millis): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delay, () => {
      this.#timer = undefined;
      this.#enqueueAfterClosing();
    });
  }

  /** Some cameras allow one session only: the old one goes first. */
  #enqueueAfterClosing(): void {
    const attempt = this.#attempt;
    if (this.#closing === undefined) this.#retryNow(attempt);
    else void this.#closing.then(() => this.#retryNow(attempt));
  }

  #retryNow(attempt: number): void {
    if (attempt !== this.#attempt || !this.#wanted || this.#closed || this.#timer || this.#leaveGate || this.#pull)
      return;
    this.#enqueue();
  }

  #stop(): void {
    this.#linger?.cancel();
    this.#linger = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#leaveGate?.();
    this.#leaveGate = undefined;
    this.#wanted = false;
    this.#hangUp();
    this.#errors.forget();
    this.#setState("disabled");
  }

  #hangUp(reason?: string): void {
    const pull = this.#pull;
    this.#attempt++;
    if (!pull) return;
    this.#pull = undefined;
    this.#options.sink.onDown(reason);
    this.#lostBefore += pull.stats().lostPackets;
    const { clock } = this.#options;
    let patience: Timer | undefined;
    const impatient = new Promise<void>((resolve) => {
      patience = clock.after(millis(CLOSE_PATIENCE_MS), resolve);
    });
    const closed = Promise.race([pull.close().catch(() => undefined), impatient]);
    this.#awaitClosing(closed.then(() => patience?.cancel()));
  }

  #awaitClosing(gone: Promise<unknown>): void {
    const closing = gone.then(() => {
      if (this.#closing === closing) this.#closing = undefined;
    });
    this.#closing = closing;
  }

  #setState(state: CameraState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onChange();
  }
}

function stateAfter(error: unknown): CameraState {
  switch (errorCode(error)) {
    case "rtsp.unauthorised":
      return "unauthorised";
    case "rtsp.stalled":
      return "degraded";
    default:
      return "offline";
  }
}
