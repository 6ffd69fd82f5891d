import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { errorCode } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { ClientMessage, ServerMessage } from "../../shared/wire/control-messages.ts";
import type { ConnectionState, ConnectOptions, TransportKind } from "../engine/worker-protocol.ts";
import type { CreateLink, Link, LinkEvents } from "./link.ts";
import { type SessionAgreement, startSessionAgreement } from "./open/session-agreement.ts";
import type { CloseReason, LiveTransport, TransportHandlers } from "./transport/transport.ts";

/** Opens one line. Rejects with a FluxError when no transport gets through. */
export type Dial = (options: ConnectOptions, handlers: TransportHandlers) => Promise<LiveTransport>;

const BACKOFF_MS = { first: 250, max: 15_000 } as const;
const CLIENT_NAME = "fluxvision-web";
/** A line that answers nothing, not even the greeting, is no line. */
const WELCOME_TIMEOUT_MS = 10_000;

/** The one owner of retries: says hello with a fresh key pair on every connection and comes back after every loss. */
export class LiveLink implements Link {
  readonly #clock: Clock;
  readonly #dial: Dial;
  readonly #events: LinkEvents;
  #options: ConnectOptions | undefined;
  #line: LiveTransport | undefined;
  #state: ConnectionState = "idle";
  #turn = 0;
  #failures = 0;
  #wasOpen = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, dial: Dial, events: LinkEvents) {
    this.#clock = clock;
    this.#dial = dial;
    this.#events = events;
  }

  get transport(): TransportKind {
    return this.#state === "open" ? (this.#line?.kind ?? "none") : "none";
  }
  get transportDetail(): string | undefined {
    return this.#line?.fallbackReason;
  }

  connect(options: ConnectOptions): void {
    this.#options = options;
    this.#failures = 0;
    this.#hangUp();
    void this.#open();
  }

  setToken(token: string): void {
    if (!this.#options || token === this.#options.token) return;
    this.#options = { ...this.#options, token };
    if (this.#state === "open") this.#line?.send({ type: "renew", token });
    else if (this.#state === "signed-out") this.connect(this.#options);
  }

  send(message: ClientMessage): void {
    if (this.#state === "open") this.#line?.send(message);
  }

  close(): void {
    this.#options = undefined;
    this.#hangUp();
    this.#setState("idle");
  }

  async #open(): Promise<void> {
    const options = this.#options;
    if (!options) return;
    const turn = ++this.#turn;
    const current = (): boolean => turn === this.#turn;
    this.#setState(this.#wasOpen ? "reconnecting" : "connecting");
    try {
      const agreement = await startSessionAgreement();
      const line = await this.#dial(options, this.#handlers(agreement, current));
      if (!current()) {
        line.close();
        return;
      }
      this.#line = line;
      this.#timer = this.#clock.after(millis(WELCOME_TIMEOUT_MS), () => this.#lost(WELCOME_TIMEOUT));
      line.send({ type: "hello", token: options.token, publicKey: agreement.publicKeyBase64, client: CLIENT_NAME });
    } catch (error) {
      const code = errorCode(error) ?? "transport.failed";
      if (current()) this.#lost({ code, message: "", retryable: !code.startsWith("auth.") });
    }
  }

  /** Messages are handled in order: those behind `welcome` wait until the session key is derived. */
  #handlers(agreement: SessionAgreement, current: () => boolean): TransportHandlers {
    let ready: Promise<void> | undefined;
    let isReady = false;
    const inOrder = (run: () => void): void => {
      if (isReady) run();
      else if (ready !== undefined) void ready.then(() => current() && run());
    };
    return {
      onControl: (message) => {
        if (!current()) return;
        if (message.type === "welcome") {
          ready ??= this.#welcomed(agreement, message, current).then(() => {
            isReady = true;
          });
        } else if (message.type === "session_expired") {
          this.#lost({ code: message.code, message: message.message, retryable: false });
        } else {
          inOrder(() => this.#events.onControl(message));
        }
      },
      onFrame: (frame) => {
        if (current()) inOrder(() => this.#events.onFrame(frame));
      },
      onGopReset: (streamId) => {
        if (current()) inOrder(() => this.#events.onGopReset(streamId));
      },
      onClosed: (reason) => {
        if (current()) this.#lost(reason);
      },
    };
  }

  async #welcomed(
    agreement: SessionAgreement,
    welcome: Extract<ServerMessage, { type: "welcome" }>,
    current: () => boolean,
  ): Promise<void> {
    try {
      const sessionKey = await agreement.derive(welcome.publicKey, welcome.salt);
      if (!current()) return;
      this.#timer?.cancel();
      this.#failures = 0;
      this.#wasOpen = true;
      this.#setState("open");
      this.#events.onWelcome(welcome, sessionKey);
    } catch {
      if (current()) this.#lost({ code: "wire.welcome", message: "", retryable: true });
    }
  }

  #lost(reason: CloseReason): void {
    this.#hangUp();
    if (!reason.retryable) {
      this.#setState("signed-out");
      this.#events.onSessionExpired(reason.code);
      return;
    }
    this.#setState(this.#wasOpen ? "reconnecting" : "connecting");
    const capMs = Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** this.#failures++);
    // Full jitter above a quarter: walls of a whole control room do not come back in one instant.
    const delayMs = capMs * (0.25 + 0.75 * Math.random());
    this.#timer = this.#clock.after(millis(delayMs), () => void this.#open());
  }

  #hangUp(): void {
    this.#turn++;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#line?.close();
    this.#line = undefined;
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.onState(state);
  }
}

const WELCOME_TIMEOUT: CloseReason = { code: "transport.no_welcome", message: "no answer to hello", retryable: true };

export function liveLinks(clock: Clock, dial: Dial): CreateLink {
  return (events) => new LiveLink(clock, dial, events);
}
