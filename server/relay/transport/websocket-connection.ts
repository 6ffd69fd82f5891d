import type { RawData, WebSocket } from "ws";
import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import {
  type ConnectionHandlers,
  QUEUE_HIGH_WATER_BYTES,
  QUEUE_LIMIT_BYTES,
  type ViewerConnection,
} from "./connection.ts";
import { FrameBatch, type FrameJoiner } from "./frame-batch.ts";

/** One message is at most about this long: a receiver can begin with the first frames while the rest is on its way. */
const MAX_BATCH_BYTES = 256 * 1024;
const PING_PERIOD_MS = millis(1000);
/** No answer for this long: the peer is dead, or reads nothing. */
const DEAD_AFTER_MS = 20_000;
/**
 * A ping travels behind the frames, so its age is the delay of what is in the socket. Above this the viewer takes no
 * more frames until the ping is answered, and then goes on with the newest GOP.
 */
const LAG_LIMIT_MS = 1500;
/** Close codes of our own (RFC 6455, 7.4.2): 4000 try again, 4001 do not. */
const CLOSE_RETRY = 4000;
const CLOSE_FINAL = 4001;
const CLOSE_GRACE_MS = millis(1000);

/** All cameras multiplexed on one WebSocket: text is control, binary is whole sealed frames back to back. */
export class WebSocketConnection implements ViewerConnection {
  readonly kind = "websocket";
  readonly remoteAddress: string;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #batch: FrameBatch;
  readonly #pingTimer: Timer;
  #handlers: ConnectionHandlers | undefined;
  /** In the socket, as of the last time when that changed: asked once a message, not once a frame. */
  #inSocketBytes = 0;
  #pingSentAt: number | undefined;
  #blocked = false;
  #closing = false;
  #closeCode = "transport.closed";
  #closeTimer: Timer | undefined;
  readonly #onSent = (): void => {
    this.#inSocketBytes = this.#socket.bufferedAmount;
    this.#resume();
  };

  constructor(socket: WebSocket, remoteAddress: string, joiner: FrameJoiner, clock: Clock) {
    this.#batch = new FrameBatch(joiner);
    this.#socket = socket;
    this.#clock = clock;
    this.remoteAddress = remoteAddress;
    socket.on("pong", () => {
      this.#pingSentAt = undefined;
      this.#resume();
    });
    this.#pingTimer = clock.every(PING_PERIOD_MS, () => this.#ping());
  }

  /** Begins to deliver messages. */
  start(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    this.#socket.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#closing) return;
      // Viewers send text only. The server's limit on a message's size holds already.
      if (isBinary) this.close("relay.binary_message", "clients send text messages only");
      else handlers.onMessage(textOf(data));
    });
    this.#socket.on("error", () => {
      this.#closeCode = "transport.failed";
    });
    this.#socket.on("close", () => {
      this.#pingTimer.cancel();
      this.#closeTimer?.cancel();
      this.#closing = true;
      this.#batch.clear();
      handlers.onClosed(this.#closeCode);
    });
  }

  get queuedBytes(): number {
    return this.#inSocketBytes + this.#batch.byteLength;
  }

  canTake(): boolean {
    if (this.#closing) return false;
    if (this.queuedBytes < QUEUE_HIGH_WATER_BYTES && this.#lagMs() <= LAG_LIMIT_MS) return true;
    this.#blocked = true;
    return false;
  }

  sendControl(message: ServerMessage): void {
    if (this.#closing) return;
    // Frames gathered so far belong before the message.
    this.flush();
    this.#socket.send(JSON.stringify(message), { binary: false }, this.#onSent);
    this.#inSocketBytes = this.#socket.bufferedAmount;
    if (this.#inSocketBytes > QUEUE_LIMIT_BYTES) this.#cut("relay.too_slow");
  }

  sendFrame(frame: SealedFrame): void {
    if (this.#closing) return;
    this.#batch.add(frame.bytes);
    if (this.#batch.byteLength >= MAX_BATCH_BYTES) this.flush();
  }

  flush(): void {
    const message = this.#batch.take();
    if (!message || this.#closing) return;
    this.#socket.send(message, { binary: true, compress: false }, this.#onSent);
    this.#inSocketBytes = this.#socket.bufferedAmount;
  }

  /** What is in a TCP stream cannot be taken back. */
  abandonGop(): void {}
  endStream(): void {}

  close(code: string, message: string, final = false): void {
    if (this.#closing) return;
    this.flush();
    this.#closing = true;
    this.#closeCode = code;
    // A reason is limited to 123 bytes (RFC 6455, 5.5).
    const reason = `${code} ${message}`.slice(0, 120).replace(/[^\x20-\x7e]/g, "?");
    this.#socket.close(final ? CLOSE_FINAL : CLOSE_RETRY, reason);
    this.#closeTimer = this.#clock.after(CLOSE_GRACE_MS, () => this.#socket.terminate());
  }

  #cut(code: string): void {
    this.#closing = true;
    this.#closeCode = code;
    this.#socket.terminate();
  }

  #lagMs(): number {
    return this.#pingSentAt === undefined ? 0 : this.#clock.monotonicMs() - this.#pingSentAt;
  }

  #ping(): void {
    if (this.#pingSentAt === undefined) {
      if (this.#closing || this.#socket.readyState !== this.#socket.OPEN) return;
      this.#pingSentAt = this.#clock.monotonicMs();
      this.#socket.ping();
    } else if (this.#lagMs() > DEAD_AFTER_MS) {
      this.#cut("relay.no_answer");
    }
  }

  #resume(): void {
    if (!this.#blocked || this.#closing) return;
    if (this.queuedBytes >= QUEUE_HIGH_WATER_BYTES / 2 || this.#lagMs() > LAG_LIMIT_MS) return;
    this.#blocked = false;
    this.#handlers?.onDrain();
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString("utf8");
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)).toString("utf8");
}
