import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { ServerMessage } from "../../../shared/wire/control-messages.ts";
import { FLAG, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import {
  type AcceptViewer,
  type ConnectionHandlers,
  QUEUE_HIGH_WATER_BYTES,
  QUEUE_LIMIT_BYTES,
  type ViewerConnection,
} from "../transport/connection.ts";
import { ControlParser, encodeControl } from "./control-stream.ts";
import { GopStream } from "./gop-stream.ts";
import type { NativeRecvStream, NativeSendStream, NativeSession } from "./native.ts";

const CONTROL_STREAM_WITHIN_MS = millis(5000);
const READ_BYTES = 64 * 1024;
/** Of one camera's stream: a blocked one must not use up the viewer's queue. */
const STREAM_QUEUE_BYTES = 1024 * 1024;
/** A GOP that is not out this long after the next one began is given up. */
const LATE_GOP_MS = millis(700);
/** Browsers allow about 100 streams at once, and a GOP's stream overlaps with the next one's (W75). */
const MAX_OWN_STREAMS = 80;
const CLOSE_GRACE_MS = millis(500);
/** Control goes before frames. */
const CONTROL_PRIORITY = 100;
/** Session close codes: try again, do not. */
export const CLOSE_RETRY = 1;
const CLOSE_FINAL = 2;

/** One viewer over WebTransport: a control stream, and a unidirectional stream per camera stream and GOP. */
export class WebTransportConnection implements ViewerConnection {
  readonly kind = "webtransport";
  readonly remoteAddress: string;
  readonly #session: NativeSession;
  readonly #clock: Clock;
  readonly #onWelcome: () => void;
  readonly #gops = new Map<number, GopStream>();
  /** Carries the camera streams beyond `MAX_OWN_STREAMS`. */
  #shared: GopStream | undefined;
  #sharing = 0;
  /** The GOP before: all of it was handed to the connection, whose buffer may still hold much of it. */
  readonly #before = new Map<number, GopStream>();
  /** Ended GOPs with bytes left. */
  readonly #ending = new Map<GopStream, Timer>();
  readonly #dirty = new Set<GopStream>();
  #control: NativeSendStream | undefined;
  #controlQueue: Promise<void> = Promise.resolve();
  #controlBytes = 0;
  #frameBytes = 0;
  #handlers: ConnectionHandlers | undefined;
  #blocked = false;
  #state: "open" | "closing" | "closed" = "open";
  #closeCode = "transport.closed";
  #closeTimer: Timer | undefined;

  /** `onWelcome`: the viewer has shown a valid token. */
  constructor(session: NativeSession, remoteAddress: string, clock: Clock, onWelcome: () => void = () => {}) {
    this.#onWelcome = onWelcome;
    this.#session = session;
    this.#clock = clock;
    this.remoteAddress = remoteAddress;
  }

  /** Runs the connection; resolves when it is over. */
  async serve(accept: AcceptViewer): Promise<void> {
    const closed = this.#session.closed().then(
      () => {},
      () => {},
    );
    const deadline = this.#clock.after(CONTROL_STREAM_WITHIN_MS, () => this.#session.close(CLOSE_RETRY, "no control"));
    try {
      const control = await this.#session.acceptBi();
      deadline.cancel();
      this.#control = control.takeSend();
      this.#control.setPriority(CONTROL_PRIORITY).catch(() => {});
      const handlers = accept(this);
      this.#handlers = handlers;
      void this.#read(control.takeRecv(), handlers);
      // A viewer has nothing else to open; what it sent there would pile up unread (W70).
      void this.#refuse(this.#session.acceptBi());
      void this.#refuse(this.#session.acceptUni());
    } catch {
      deadline.cancel();
      this.#session.close(CLOSE_RETRY, "no control");
    }
    await closed;
    this.#state = "closed";
    this.#closeTimer?.cancel();
    this.#dropAll();
    this.#handlers?.onClosed(this.#closeCode);
  }

  get queuedBytes(): number {
    return this.#frameBytes + this.#controlBytes;
  }

  canTake(streamId: number): boolean {
    if (this.#state !== "open") return false;
    const own = this.#gops.get(streamId)?.queuedBytes ?? 0;
    if (this.#frameBytes < QUEUE_HIGH_WATER_BYTES && own < STREAM_QUEUE_BYTES) return true;
    this.#blocked = true;
    return false;
  }

  sendControl(message: ServerMessage): void {
    const control = this.#control;
    if (!control || this.#state !== "open") return;
    if (message.type === "welcome") this.#onWelcome();
    const bytes = encodeControl(JSON.stringify(message));
    this.#controlBytes += bytes.byteLength;
    if (this.#controlBytes > QUEUE_LIMIT_BYTES) {
      this.close("relay.too_slow", "control messages pile up");
      return;
    }
    this.#controlQueue = this.#controlQueue
      .then(() => control.write(bytes))
      .catch(() => {})
      .then(() => {
        this.#controlBytes -= bytes.byteLength;
      });
  }

  sendFrame(frame: SealedFrame): void {
    if (this.#state !== "open") return;
    const { flags, streamId } = frame.header;
    const keyframe = (flags & (FLAG.keyframe | FLAG.audio)) === FLAG.keyframe;
    const gop = keyframe ? this.#nextGop(streamId) : this.#gops.get(streamId);
    // Audio between a reset and the next keyframe has no stream to go on.
    if (!gop) return;
    // What is not taken (the stream was given up) is never reported as sent either.
    if (!gop.add(frame.bytes)) return;
    this.#frameBytes += frame.bytes.byteLength;
    this.#dirty.add(gop);
  }

  flush(): void {
    for (const gop of this.#dirty) gop.flush();
    this.#dirty.clear();
  }

  abandonGop(streamId: number): void {
    this.#before.get(streamId)?.reset();
    this.#before.delete(streamId);
    this.#leave(streamId)?.reset();
  }

  endStream(streamId: number): void {
    this.#before.delete(streamId);
    const gop = this.#leave(streamId);
    if (gop) this.#end(gop);
  }

  close(code: string, message: string, final = false): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#closeCode = code;
    this.#dropAll();
    const end = (): void => {
      this.#closeTimer?.cancel();
      if (this.#state === "closed") return;
      this.#session.close(final ? CLOSE_FINAL : CLOSE_RETRY, `${code} ${message}`.slice(0, 512));
    };
    // Closing a session throws away what its streams still hold: the goodbye is given time to arrive.
    this.#closeTimer = this.#clock.after(CLOSE_GRACE_MS, end);
  }

  readonly #onTaken = (bytes: number): void => {
    this.#frameBytes -= bytes;
    if (!this.#blocked || this.#state !== "open" || this.#frameBytes > QUEUE_HIGH_WATER_BYTES / 2) return;
    this.#blocked = false;
    this.#handlers?.onDrain();
  };

  /** The stream for a GOP that begins. */
  #nextGop(streamId: number): GopStream {
    const last = this.#leave(streamId);
    if (last) {
      this.#end(last);
      this.#before.set(streamId, last);
    }
    const open = (): GopStream => new GopStream({ session: this.#session, onTaken: this.#onTaken });
    let gop: GopStream;
    if (this.#gops.size - this.#sharing < MAX_OWN_STREAMS) gop = open();
    else {
      if (!this.#shared || this.#shared.over) {
        this.#shared = open();
        this.#sharing = 0;
      }
      gop = this.#shared;
      this.#sharing++;
    }
    this.#gops.set(streamId, gop);
    return gop;
  }

  /** Takes the camera stream off its transport stream; returns that one unless others share it. */
  #leave(streamId: number): GopStream | undefined {
    const gop = this.#gops.get(streamId);
    this.#gops.delete(streamId);
    if (gop === undefined || gop !== this.#shared) return gop;
    this.#sharing--;
    return undefined;
  }

  #end(gop: GopStream): void {
    gop.end();
    const timer = this.#clock.after(LATE_GOP_MS, () => gop.reset());
    this.#ending.set(gop, timer);
    void gop.done.then(() => {
      timer.cancel();
      this.#ending.delete(gop);
    });
  }

  #dropAll(): void {
    for (const gop of this.#gops.values()) gop.reset();
    for (const [gop, timer] of this.#ending) {
      timer.cancel();
      gop.reset();
    }
    this.#shared?.reset();
    this.#gops.clear();
    this.#before.clear();
    this.#ending.clear();
    this.#dirty.clear();
  }

  async #refuse(opened: Promise<unknown>): Promise<void> {
    try {
      await opened;
      this.close("relay.bad_stream", "a viewer opens one stream only");
    } catch {
      // The session ended first, as it should.
    }
  }

  async #read(stream: NativeRecvStream, handlers: ConnectionHandlers): Promise<void> {
    const parser = new ControlParser();
    try {
      for (;;) {
        const chunk = await stream.read(READ_BYTES);
        if (this.#state !== "open") return;
        if (!chunk) return this.close("transport.closed", "the viewer closed its control stream");
        for (const text of parser.push(chunk)) handlers.onMessage(text);
      }
    } catch (error) {
      this.close(errorCode(error) ?? "transport.failed", describeError(error));
    }
  }
}
