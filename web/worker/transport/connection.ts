import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { describeError } from "../../../shared/lib/errors.ts";
import { type Micros, micros, millis } from "../../../shared/lib/time.ts";
import type { ClientMessage, ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { ConnectionState, ConnectOptions, TransportKind } from "../../engine/worker-protocol.ts";
import { Backoff } from "./backoff.ts";
import { connectLive } from "./connect.ts";
import { ServerClock } from "./server-clock.ts";
import { createSessionKeyOffer, type SessionKeyOffer } from "./session-key.ts";
import type { CloseReason, LiveTransport, TransportHandlers } from "./transport.ts";

export type CameraRequest = Extract<ClientMessage, { type: "subscribe" }>["cameras"][number];
export type CameraReport = Extract<ClientMessage, { type: "report" }>["cameras"][number];
export type NeedKey = Omit<Extract<ClientMessage, { type: "need_key" }>, "type">;

export interface ConnectionInfo {
  readonly state: ConnectionState;
  readonly transport: TransportKind;
  /** Why the better transport is not in use, or why the connection was lost. */
  readonly detail: string | undefined;
}

export interface LiveConnectionHandlers {
  onState(info: ConnectionInfo): void;
  /** 32 bytes, new with every connection and before any other message of it. Keys of older ones stay valid. */
  onSessionKey(key: Uint8Array): void;
  /** Everything but what this layer answers itself (`welcome`, `pong`, `session_expired`). */
  onControl(message: ServerMessage): void;
  onFrame(frame: SealedFrame): void;
  onGopReset?(streamId: number): void;
  onGopLate?(streamId: number): void;
  /** The server refuses the token. Nothing is tried any more; begin anew with a fresh one. */
  onExpired(code: string): void;
  /** The line was lost or WebTransport failed: the server's addresses or its certificate may have changed. */
  onConfigNeeded?(): void;
}

export interface LiveConnectionDependencies {
  readonly clock: Clock;
  readonly random?: () => number;
  readonly connect?: typeof connectLive;
}

/** WebTransport's second included. A network that swallows everything lets an attempt neither succeed nor fail. */
const OPEN_WITHIN_MS = millis(6000);
const WELCOME_WITHIN_MS = millis(5000);
/** Over WebTransport less, since WebSocket is there to be tried instead. */
const WEBTRANSPORT_WELCOME_WITHIN_MS = millis(3000);
/** A few round trips at once, for a good clock estimate from the start. */
const FIRST_PINGS = 5;
const FIRST_PING_PERIOD_MS = millis(200);
const PING_PERIOD_MS = millis(5000);
/** No word from the server for this long: the line is dead, whatever the socket says. */
const SILENCE_MS = 12_000;
/** A connection that held this long was a good one: the next attempt waits the shortest time. */
const GOOD_AFTER_MS = millis(10_000);
/** After WebTransport failed, it is left alone for this long. */
const WEBTRANSPORT_REST_MS = 300_000;
/** A WebTransport line that carried nothing after this counts as failed: some networks let only its start through. */
const WEBTRANSPORT_PROVEN_MS = 10_000;
/** Denied cameras are asked for again: permissions and cameras come back without the viewer being told. */
const DENIED_AGAIN_MS = millis(30_000);
/** Cameras per message: stays well below the server's limit on a message's size. */
const CAMERAS_PER_MESSAGE = 200;

/** Where we are within one attempt. */
interface Attempt {
  transport: LiveTransport | undefined;
  offer: SessionKeyOffer | undefined;
  phase: "opening" | "hello" | "deriving" | "open" | "over";
  /** The token that the server has. */
  token: string;
  startedMs: number;
  /** What came while the session key was being derived. */
  held: (() => void)[];
  lastHeardMs: number;
  readonly opening: AbortController;
  readonly timers: Timer[];
}

/**
 * The live connection as the wall sees it: keeps itself up (the only owner of retries), makes the session key, knows
 * the server's clock, and tells the server again after a reconnect what is subscribed.
 */
export class LiveConnection {
  readonly #options: ConnectOptions;
  readonly #handlers: LiveConnectionHandlers;
  readonly #clock: Clock;
  readonly #connect: typeof connectLive;
  readonly #backoff: Backoff;
  readonly #serverClock = new ServerClock();
  readonly #cameras = new Map<string, CameraRequest>();
  readonly #denied = new Set<string>();
  #token: string;
  #attempt: Attempt | undefined;
  #retry: Timer | undefined;
  #webTransportRestsUntilMs = 0;
  #webTransportFailure: string | undefined;
  #lastError: string | undefined;
  #state: ConnectionState = "idle";

  constructor(options: ConnectOptions, handlers: LiveConnectionHandlers, dependencies: LiveConnectionDependencies) {
    this.#options = options;
    this.#handlers = handlers;
    this.#token = options.token;
    this.#clock = dependencies.clock;
    this.#connect = dependencies.connect ?? connectLive;
    this.#backoff = new Backoff(dependencies.random);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Server minus local, µs; undefined before the first round trip. */
  get serverOffsetMicros(): number | undefined {
    return this.#serverClock.offsetMicros;
  }

  get rttMs(): number | undefined {
    return this.#serverClock.rttMs;
  }

  /** The server's UTC now, as well as it is known. */
  serverNow(): Micros {
    return micros(this.#clock.utcMicros() + (this.#serverClock.offsetMicros ?? 0));
  }

  /** Once. */
  start(): void {
    if (this.#state !== "idle") return;
    this.#setState("connecting");
    void this.#open();
  }

  /** A newer token of the same session. */
  setToken(token: string): void {
    this.#token = token;
    if (this.#attempt) this.#renew(this.#attempt);
  }

  /** While it waits for the next attempt: tries at once. */
  retryNow(): void {
    if (!this.#retry) return;
    this.#retry.cancel();
    this.#retry = undefined;
    void this.#open();
  }

  /** Adds cameras or changes their size; kept over reconnects. */
  subscribe(cameras: readonly CameraRequest[]): void {
    for (const camera of cameras) this.#cameras.set(camera.cameraId, camera);
    this.#sendSubscribe(cameras);
  }

  unsubscribe(cameraIds: readonly string[]): void {
    for (const cameraId of cameraIds) {
      this.#cameras.delete(cameraId);
      this.#denied.delete(cameraId);
    }
    if (cameraIds.length > 0) this.#send({ type: "unsubscribe", cameraIds: [...cameraIds] });
  }

  needKey(key: NeedKey): void {
    this.#send({ type: "need_key", ...key });
  }

  report(cameras: readonly CameraReport[]): void {
    if (cameras.length > 0) this.#send({ type: "report", cameras: [...cameras] });
  }

  /** Idempotent. */
  close(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#dropAttempt();
    this.#cameras.clear();
    this.#denied.clear();
    if (this.#state !== "signed-out") this.#setState("idle");
  }

  async #open(): Promise<void> {
    const attempt: Attempt = {
      transport: undefined,
      offer: undefined,
      phase: "opening",
      token: this.#token,
      startedMs: this.#clock.monotonicMs(),
      held: [],
      lastHeardMs: this.#clock.monotonicMs(),
      opening: new AbortController(),
      timers: [],
    };
    this.#attempt = attempt;
    try {
      attempt.offer = await createSessionKeyOffer();
      const { signal } = attempt.opening;
      if (signal.aborted) return;
      const limit = this.#clock.after(OPEN_WITHIN_MS, () => this.#lost(attempt, "the server did not answer"));
      attempt.timers.push(limit);
      const transport = await this.#connect(this.#choice(), this.#transportHandlers(attempt), this.#clock, signal);
      limit.cancel();
      if (attempt.phase === "over") {
        transport.close();
        return;
      }
      this.#noteFallback(transport);
      attempt.transport = transport;
      attempt.phase = "hello";
      attempt.token = this.#token;
      attempt.startedMs = this.#clock.monotonicMs();
      attempt.lastHeardMs = attempt.startedMs;
      const limitMs = transport.kind === "webtransport" ? WEBTRANSPORT_WELCOME_WITHIN_MS : WELCOME_WITHIN_MS;
      attempt.timers.push(
        this.#clock.after(limitMs, () => {
          if (attempt.phase !== "open") this.#lost(attempt, "the server did not answer");
        }),
      );
      transport.send({
        type: "hello",
        token: attempt.token,
        publicKey: attempt.offer.publicKey,
        client: `web ${transport.kind}`,
      });
    } catch (error) {
      this.#lost(attempt, describeError(error));
    }
  }

  #choice(): ConnectOptions {
    const rests = this.#clock.monotonicMs() < this.#webTransportRestsUntilMs;
    const { transport = "auto" } = this.#options;
    return rests && transport === "auto" ? { ...this.#options, transport: "websocket" } : this.#options;
  }

  #noteFallback(transport: LiveTransport): void {
    if (transport.kind === "webtransport") this.#webTransportFailure = undefined;
    else if (transport.fallbackReason !== undefined) {
      this.#restWebTransport(transport.fallbackReason);
      if (this.#options.webTransport) this.#handlers.onConfigNeeded?.();
    }
  }

  #restWebTransport(reason: string): void {
    this.#webTransportFailure = reason;
    this.#webTransportRestsUntilMs = this.#clock.monotonicMs() + WEBTRANSPORT_REST_MS;
  }

  #transportHandlers(attempt: Attempt): TransportHandlers {
    // While the session key is being derived everything waits its turn.
    const inTurn = (run: () => void): void => {
      attempt.lastHeardMs = this.#clock.monotonicMs();
      if (attempt.phase === "deriving") attempt.held.push(run);
      else if (attempt.phase === "open") run();
    };
    return {
      onControl: (message) => {
        if (message.type === "welcome") void this.#welcomed(attempt, message);
        else if (message.type === "session_expired") this.#expired(attempt, message.code);
        else if (message.type === "error" && message.code === "relay.starting") this.#refused(attempt, message.message);
        else inTurn(() => this.#onControl(message));
      },
      onFrame: (frame) => inTurn(() => this.#handlers.onFrame(frame)),
      onGopReset: (streamId) => inTurn(() => this.#handlers.onGopReset?.(streamId)),
      onGopLate: (streamId) => inTurn(() => this.#handlers.onGopLate?.(streamId)),
      onClosed: (reason) => this.#closed(attempt, reason),
    };
  }

  async #welcomed(attempt: Attempt, message: Extract<ServerMessage, { type: "welcome" }>): Promise<void> {
    if (attempt.phase !== "hello" || !attempt.offer) return;
    attempt.phase = "deriving";
    let key: Uint8Array;
    try {
      key = await attempt.offer.derive(message.publicKey, message.salt);
    } catch (error) {
      this.#lost(attempt, describeError(error));
      return;
    }
    if (this.#attempt !== attempt || attempt.phase !== "deriving") return;
    attempt.phase = "open";
    this.#lastError = undefined;
    this.#handlers.onSessionKey(key);
    this.#setState("open");
    this.#renew(attempt);
    this.#startPings(attempt);
    attempt.timers.push(this.#clock.every(DENIED_AGAIN_MS, () => this.#askForDenied()));
    attempt.timers.push(this.#clock.after(GOOD_AFTER_MS, () => this.#backoff.reset()));
    this.#denied.clear();
    this.#sendSubscribe([...this.#cameras.values()]);
    for (const run of attempt.held.splice(0)) run();
  }

  #onControl(message: ServerMessage): void {
    if (message.type === "pong") {
      const clock = this.#clock;
      this.#serverClock.add(message.t, clock.monotonicMs(), clock.utcMicros(), message.serverTimeMicros);
      return;
    }
    if (message.type === "denied") this.#denied.add(message.cameraId);
    else if (message.type === "stream") this.#denied.delete(message.cameraId);
    this.#handlers.onControl(message);
  }

  #askForDenied(): void {
    const cameras = [...this.#denied].flatMap((cameraId) => this.#cameras.get(cameraId) ?? []);
    this.#sendSubscribe(cameras);
  }

  /** Tells the server of a token that is newer than the one in its hands. */
  #renew(attempt: Attempt): void {
    if (attempt.phase !== "open" || attempt.token === this.#token) return;
    attempt.token = this.#token;
    attempt.transport?.send({ type: "renew", token: attempt.token });
  }

  #startPings(attempt: Attempt): void {
    const ping = (): void => attempt.transport?.send({ type: "ping", t: this.#clock.monotonicMs() });
    ping();
    for (let i = 1; i < FIRST_PINGS; i++) {
      attempt.timers.push(this.#clock.after(millis(i * FIRST_PING_PERIOD_MS), ping));
    }
    attempt.timers.push(
      this.#clock.every(PING_PERIOD_MS, () => {
        const silentMs = this.#clock.monotonicMs() - attempt.lastHeardMs;
        if (silentMs > SILENCE_MS) this.#lost(attempt, "the server went silent");
        else ping();
      }),
    );
  }

  #sendSubscribe(cameras: readonly CameraRequest[]): void {
    for (let from = 0; from < cameras.length; from += CAMERAS_PER_MESSAGE) {
      this.#send({ type: "subscribe", cameras: cameras.slice(from, from + CAMERAS_PER_MESSAGE) });
    }
  }

  #send(message: ClientMessage): void {
    if (this.#attempt?.phase === "open") this.#attempt.transport?.send(message);
  }

  #closed(attempt: Attempt, reason: CloseReason): void {
    const detail = reason.message === "" ? reason.code : reason.message;
    if (!reason.retryable) this.#expired(attempt, reason.code);
    // A reason of the server's own came over this very line: the transport works.
    else if (reason.code.startsWith("transport.")) this.#lost(attempt, detail);
    else this.#refused(attempt, detail);
  }

  #expired(attempt: Attempt, code: string): void {
    if (this.#attempt !== attempt || attempt.phase === "over") return;
    this.#dropAttempt();
    this.#setState("signed-out");
    this.#handlers.onExpired(code);
  }

  /** The line failed by itself. */
  #lost(attempt: Attempt, detail: string): void {
    if (this.#attempt !== attempt || attempt.phase === "over") return;
    const carriedMs = attempt.lastHeardMs - attempt.startedMs;
    if (attempt.transport?.kind === "webtransport" && carriedMs < WEBTRANSPORT_PROVEN_MS) {
      this.#restWebTransport(`WebTransport opened, then failed: ${detail}`);
    }
    this.#refused(attempt, detail);
  }

  /** The attempt is over; another one follows. */
  #refused(attempt: Attempt, detail: string): void {
    if (this.#attempt !== attempt || attempt.phase === "over") return;
    this.#dropAttempt();
    this.#lastError = detail;
    this.#setState("reconnecting");
    this.#retry = this.#clock.after(this.#backoff.next(), () => {
      this.#retry = undefined;
      void this.#open();
    });
    this.#handlers.onConfigNeeded?.();
  }

  #dropAttempt(): void {
    const attempt = this.#attempt;
    if (!attempt) return;
    this.#attempt = undefined;
    attempt.phase = "over";
    attempt.held.length = 0;
    for (const timer of attempt.timers) timer.cancel();
    attempt.opening.abort();
    attempt.transport?.close();
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    const transport = this.#attempt?.transport?.kind ?? "none";
    const detail =
      state === "open" ? (transport === "websocket" ? this.#webTransportFailure : undefined) : this.#lastError;
    this.#handlers.onState({ state, transport, detail });
  }
}
