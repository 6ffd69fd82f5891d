import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { type Micros, micros, millis } from "../../../shared/lib/time.ts";
import type { PlaybackClientMessage, PlaybackServerMessage } from "../../../shared/wire/playback-messages.ts";
import type { ConnectionState } from "../../engine/worker-protocol.ts";
import type { KeyName } from "../open/key-store.ts";
import { Backoff } from "../transport/backoff.ts";
import { ServerClock } from "../transport/server-clock.ts";
import { createSessionKeyOffer, type SessionKeyOffer } from "../transport/session-key.ts";
import type { ArchiveLine, ArchiveLineHandlers, OpenArchiveLine } from "./archive-socket.ts";
import { LineReads, type ReadEvents, type ReadHandle, type ReadRequest } from "./line-reads.ts";

export type KeysMessage = Extract<PlaybackServerMessage, { type: "keys" }>;

export interface ArchiveConnectionEvents {
  onState(state: ConnectionState): void;
  /** 32 bytes, new with every connection and before its first keys. */
  onSessionKey(key: Uint8Array): void;
  onKeys(message: KeysMessage): void;
  /** The camera may not be seen any more. */
  onWithdrawn(cameraId: string, code: string): void;
  onExpired(code: string): void;
}

export interface ArchiveConnectionDeps {
  readonly clock: Clock;
  readonly open: OpenArchiveLine;
  readonly random?: () => number;
  readonly createOffer?: () => Promise<SessionKeyOffer>;
}

/** A network that swallows everything lets neither fail. */
const OPEN_WITHIN_MS = millis(5000);
const WELCOME_WITHIN_MS = millis(5000);
const PING_PERIOD_MS = millis(5000);
const SILENCE_MS = 12_000;
const GOOD_AFTER_MS = millis(10_000);
const ASK_AGAIN_MS = 2000;
interface Attempt {
  line: ArchiveLine | undefined;
  offer: SessionKeyOffer | undefined;
  phase: "opening" | "hello" | "deriving" | "open" | "over";
  token: string;
  lastHeardMs: number;
  /** What came while the session key was being derived. */
  held: (() => void)[];
  /** Until when the line must be open, then until when the welcome must be there. */
  limit: Timer | undefined;
  readonly opening: AbortController;
  readonly timers: Timer[];
}

/**
 * The line to the archive: opens with the first read, keeps itself up, makes the session key, and tells reads from one
 * another. Reads beyond the server's limits, and those that come while the line is down, wait for their turn.
 */
export class ArchiveConnection {
  readonly #deps: ArchiveConnectionDeps;
  readonly #events: ArchiveConnectionEvents;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #serverClock = new ServerClock();
  readonly #reads: LineReads;
  readonly #asked = new Map<string, number>();
  #url: string | undefined;
  #token = "";
  #attempt: Attempt | undefined;
  #retry: Timer | undefined;
  #state: ConnectionState = "idle";

  constructor(deps: ArchiveConnectionDeps, events: ArchiveConnectionEvents) {
    this.#deps = deps;
    this.#events = events;
    this.#clock = deps.clock;
    this.#backoff = new Backoff(deps.random);
    this.#reads = new LineReads(deps.clock, (message) => this.#send(message));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** It was up, or was to be, and is not. */
  get lost(): boolean {
    return this.#state === "reconnecting" || this.#state === "signed-out";
  }

  /** The server's UTC now; undefined before the first round trip. */
  serverNowMicros(): Micros | undefined {
    const offset = this.#serverClock.offsetMicros;
    return offset === undefined ? undefined : micros(this.#clock.utcMicros() + offset);
  }

  /** Where the archive is; a line that is up to the same address stays up and is told the token. */
  connect(url: string, token: string): void {
    const same = url === this.#url;
    this.#url = url;
    this.#token = token;
    if (same && this.#attempt) {
      this.#renew(this.#attempt);
      return;
    }
    const wasUsed = this.#state !== "idle";
    const failed = this.#hangUp();
    if (this.#state === "signed-out") this.#state = "idle";
    if (wasUsed || this.#reads.waiting > 0) this.start();
    fail(failed);
  }

  setToken(token: string): void {
    this.#token = token;
    if (this.#attempt) this.#renew(this.#attempt);
  }

  /** Opens the line ahead of the first read. */
  start(): void {
    if (this.#url === undefined || this.#attempt || this.#retry || this.#state === "signed-out") return;
    this.#setState(this.#state === "reconnecting" ? "reconnecting" : "connecting");
    void this.#open(this.#url);
  }

  read(request: ReadRequest, events: ReadEvents): ReadHandle {
    const handle = this.#reads.add(request, events);
    this.start();
    return handle;
  }

  /** Asks for a key, at most every two seconds for the same one. */
  needKey(name: KeyName): void {
    const { cameraId, keyId, generation, epoch } = name;
    const text = `${cameraId}/${keyId}/${generation}/${epoch}`;
    const now = this.#clock.monotonicMs();
    const asked = this.#asked.get(text);
    if (asked !== undefined && now - asked < ASK_AGAIN_MS) return;
    if (this.#asked.size >= 256) this.#asked.clear();
    this.#asked.set(text, now);
    this.#send({ type: "need_key", cameraId, keyId, generation, epoch });
  }

  /** Idempotent. Open reads are forgotten without a word. */
  close(): void {
    this.#reads.clear();
    this.#hangUp();
    this.#url = undefined;
    this.#state = "idle";
  }

  async #open(url: string): Promise<void> {
    const now = this.#clock.monotonicMs();
    const attempt: Attempt = {
      line: undefined,
      offer: undefined,
      phase: "opening",
      token: this.#token,
      lastHeardMs: now,
      held: [],
      limit: this.#clock.after(OPEN_WITHIN_MS, () => this.#lost(attempt)),
      opening: new AbortController(),
      timers: [],
    };
    this.#attempt = attempt;
    try {
      attempt.offer = await (this.#deps.createOffer ?? createSessionKeyOffer)();
      const handlers: ArchiveLineHandlers = {
        onControl: (message) => this.#onControl(attempt, message),
        onFrames: (requestId, frames) => this.#inTurn(attempt, () => this.#reads.heard(requestId)?.onFrames(frames)),
        onClosed: ({ code, retryable }) => {
          if (retryable) this.#lost(attempt);
          else this.#expired(attempt, code);
        },
      };
      const line = await this.#deps.open(url, handlers, attempt.opening.signal);
      if (attempt.phase === "over") {
        line.close();
        return;
      }
      attempt.line = line;
      attempt.phase = "hello";
      attempt.token = this.#token;
      attempt.lastHeardMs = this.#clock.monotonicMs();
      attempt.limit?.cancel();
      attempt.limit = this.#clock.after(WELCOME_WITHIN_MS, () => this.#lost(attempt));
      line.send({ type: "hello", token: attempt.token, publicKey: attempt.offer.publicKey, client: "web archive" });
    } catch {
      this.#lost(attempt);
    }
  }

  /** While the session key is being derived everything waits its turn. */
  #inTurn(attempt: Attempt, run: () => void): void {
    attempt.lastHeardMs = this.#clock.monotonicMs();
    if (attempt.phase === "deriving") attempt.held.push(run);
    else if (attempt.phase === "open") run();
  }

  #onControl(attempt: Attempt, message: PlaybackServerMessage): void {
    if (message.type === "welcome") void this.#welcomed(attempt, message);
    else if (message.type === "session_expired") this.#expired(attempt, message.code);
    else this.#inTurn(attempt, () => this.#handle(message));
  }

  async #welcomed(attempt: Attempt, message: Extract<PlaybackServerMessage, { type: "welcome" }>): Promise<void> {
    if (attempt.phase !== "hello" || !attempt.offer) return;
    attempt.phase = "deriving";
    let key: Uint8Array;
    try {
      key = await attempt.offer.derive(message.publicKey, message.salt);
    } catch {
      this.#lost(attempt);
      return;
    }
    if (this.#attempt !== attempt || attempt.phase !== "deriving") return;
    attempt.phase = "open";
    attempt.limit?.cancel();
    this.#asked.clear();
    this.#events.onSessionKey(key);
    this.#renew(attempt);
    const ping = (): void => attempt.line?.send({ type: "ping", t: this.#clock.monotonicMs() });
    ping();
    attempt.timers.push(
      this.#clock.every(PING_PERIOD_MS, () => {
        if (this.#clock.monotonicMs() - attempt.lastHeardMs > SILENCE_MS) this.#lost(attempt);
        else {
          ping();
          this.#reads.giveUpSilent();
        }
      }),
    );
    attempt.timers.push(this.#clock.after(GOOD_AFTER_MS, () => this.#backoff.reset()));
    this.#setState("open");
    for (const run of attempt.held.splice(0)) run();
    this.#reads.opened();
  }

  #handle(message: PlaybackServerMessage): void {
    switch (message.type) {
      case "keys":
        this.#events.onKeys(message);
        return;
      case "pong":
        this.#serverClock.add(message.t, this.#clock.monotonicMs(), this.#clock.utcMicros(), message.serverTimeMicros);
        return;
      case "withdrawn":
        this.#events.onWithdrawn(message.cameraId, message.code);
        return;
      case "source":
        this.#reads.heard(message.requestId)?.onSource(message);
        return;
      case "end":
        this.#reads.over(message.requestId, (events) => events.onEnd(message));
        return;
      case "denied":
        this.#reads.over(message.requestId, (events) => events.onFailed(message.code, true));
        return;
      case "error":
        if (message.requestId === undefined) return;
        this.#reads.over(message.requestId, (events) => events.onFailed(message.code, false));
        return;
      default:
        return;
    }
  }

  #renew(attempt: Attempt): void {
    if (attempt.phase !== "open" || attempt.token === this.#token) return;
    attempt.token = this.#token;
    attempt.line?.send({ type: "renew", token: attempt.token });
  }

  #send(message: PlaybackClientMessage): void {
    if (this.#attempt?.phase === "open") this.#attempt.line?.send(message);
  }

  #expired(attempt: Attempt, code: string): void {
    if (this.#attempt !== attempt || attempt.phase === "over") return;
    const failed = this.#hangUp();
    this.#setState("signed-out");
    this.#events.onExpired(code);
    fail(failed);
  }

  #lost(attempt: Attempt): void {
    if (this.#attempt !== attempt || attempt.phase === "over") return;
    const failed = this.#hangUp();
    this.#setState("reconnecting");
    this.#retry = this.#clock.after(this.#backoff.next(), () => {
      this.#retry = undefined;
      this.start();
    });
    fail(failed);
  }

  /** Returns the reads that were under way; they are told once the new state is known. */
  #hangUp(): readonly ReadEvents[] {
    this.#retry?.cancel();
    this.#retry = undefined;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt) {
      attempt.phase = "over";
      attempt.held.length = 0;
      attempt.opening.abort();
      for (const timer of [attempt.limit, ...attempt.timers]) timer?.cancel();
      attempt.line?.close();
    }
    return this.#reads.closed();
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.onState(state);
  }
}

function fail(reads: readonly ReadEvents[]): void {
  for (const events of reads) events.onFailed("archive.lost", false);
}
