import type { RawData, WebSocket } from "ws";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { PLAYBACK_PREFIX_BYTES, type PlaybackServerMessage } from "../../shared/wire/playback-messages.ts";

/** Files are read no faster than the viewer takes what they hold. */
const HIGH_WATER_BYTES = 4 * 1024 * 1024;
const PING_PERIOD_MS = millis(5000);
const DEAD_AFTER_MS = 20_000;
const CLOSE_RETRY = 4000;
const CLOSE_FINAL = 4001;
const CLOSE_GRACE_MS = millis(1000);

export interface PlaybackHandlers {
  onMessage(text: string): void;
  /** Exactly once. */
  onClosed(): void;
}

/** One viewer's line to the archive. */
export interface PlaybackLine {
  readonly remoteAddress: string;
  send(message: PlaybackServerMessage): void;
  /** Whole sealed frames of a read. */
  sendFrames(requestId: number, pieces: readonly Uint8Array[]): void;
  /** Resolves when more may be sent, or when the line is closed. */
  room(): Promise<void>;
  readonly closed: boolean;
  close(code: string, message: string, final?: boolean): void;
}

/** The line over WebSocket (SPEC W110, W111). */
export class PlaybackConnection implements PlaybackLine {
  readonly remoteAddress: string;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #pingTimer: Timer;
  #closeTimer: Timer | undefined;
  #pingSentAt: number | undefined;
  #closing = false;
  #waiting: (() => void)[] = [];

  constructor(socket: WebSocket, remoteAddress: string, clock: Clock) {
    this.remoteAddress = remoteAddress;
    this.#socket = socket;
    this.#clock = clock;
    socket.on("pong", () => {
      this.#pingSentAt = undefined;
    });
    this.#pingTimer = clock.every(PING_PERIOD_MS, () => this.#ping());
  }

  start(handlers: PlaybackHandlers): void {
    this.#socket.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#closing) return;
      if (isBinary) this.close("playback.binary_message", "clients send text messages only");
      else handlers.onMessage(textOf(data));
    });
    // What follows is the close.
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.#closing = true;
      this.#pingTimer.cancel();
      this.#closeTimer?.cancel();
      this.#wake();
      handlers.onClosed();
    });
  }

  get closed(): boolean {
    return this.#closing;
  }

  send(message: PlaybackServerMessage): void {
    if (!this.#closing) this.#socket.send(JSON.stringify(message), { binary: false });
  }

  sendFrames(requestId: number, pieces: readonly Uint8Array[]): void {
    if (this.#closing) return;
    const prefix = Buffer.alloc(PLAYBACK_PREFIX_BYTES);
    prefix.writeUInt32BE(requestId);
    this.#socket.send(Buffer.concat([prefix, ...pieces]), { binary: true, compress: false }, () => this.#drained());
  }

  room(): Promise<void> {
    if (this.#closing || this.#socket.bufferedAmount < HIGH_WATER_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(code: string, message: string, final = false): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#wake();
    // A reason is limited to 123 bytes (RFC 6455, 5.5).
    const reason = `${code} ${message}`.slice(0, 120).replace(/[^\x20-\x7e]/g, "?");
    this.#socket.close(final ? CLOSE_FINAL : CLOSE_RETRY, reason);
    this.#closeTimer = this.#clock.after(CLOSE_GRACE_MS, () => this.#socket.terminate());
  }

  #drained(): void {
    if (this.#socket.bufferedAmount < HIGH_WATER_BYTES / 2) this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #ping(): void {
    const now = this.#clock.monotonicMs();
    if (this.#pingSentAt === undefined) {
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      this.#pingSentAt = now;
      this.#socket.ping();
    } else if (now - this.#pingSentAt > DEAD_AFTER_MS) this.#socket.terminate();
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString("utf8");
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)).toString("utf8");
}
