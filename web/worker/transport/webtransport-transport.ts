import type { Clock } from "../../../shared/lib/clock.ts";
import { describeError } from "../../../shared/lib/errors.ts";
import type { ClientMessage, ServerMessage } from "../../../shared/wire/control-messages.ts";
import { FLAG, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import { AnnouncedStreams } from "./announced-streams.ts";
import { closeReason } from "./close-reason.ts";
import { ControlStreamParser, encodeControl } from "./control-stream.ts";
import { FrameStreamParser } from "./frame-parser.ts";
import { type GopHandle, GopOrder } from "./gop-order.ts";
import { parseServerMessage } from "./server-control.ts";
import type { CloseReason, LiveTransport, TransportHandlers } from "./transport.ts";

/** The server's session close code for "do not try again with this token". */
const CLOSE_FINAL = 2;

/** Control on a bidirectional stream; each GOP of each camera stream on a unidirectional stream of its own. */
export class WebTransportTransport implements LiveTransport {
  readonly kind = "webtransport";
  readonly fallbackReason = undefined;
  readonly #session: WebTransport;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #handlers: TransportHandlers;
  readonly #announced: AnnouncedStreams;
  readonly #order: GopOrder;
  #closed = false;

  /** Rejects when the session cannot be opened; a session that opens after `signal` fired is closed again. */
  static async open(
    target: { readonly url: string; readonly certificateHashBase64: string | undefined },
    handlers: TransportHandlers,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<WebTransportTransport> {
    const { url, certificateHashBase64: hash } = target;
    const session = new WebTransport(url, {
      ...(hash !== undefined && { serverCertificateHashes: [{ algorithm: "sha-256", value: fromBase64(hash) }] }),
    });
    // Told through `ready` and the streams; without a listener each failure would be reported as unhandled.
    session.closed.catch(() => {});
    signal.addEventListener("abort", () => session.close(), { once: true });
    await session.ready;
    const control = await session.createBidirectionalStream();
    signal.throwIfAborted();
    return new WebTransportTransport(session, control, handlers, clock);
  }

  private constructor(
    session: WebTransport,
    control: WebTransportBidirectionalStream,
    handlers: TransportHandlers,
    clock: Clock,
  ) {
    this.#session = session;
    this.#handlers = handlers;
    this.#writer = control.writable.getWriter();
    this.#announced = new AnnouncedStreams((frame) => handlers.onFrame(frame));
    this.#order = new GopOrder({
      clock,
      deliver: (frame) => this.#announced.frame(frame),
      onReset: (streamId) => handlers.onGopReset?.(streamId),
      onLate: (streamId) => handlers.onGopLate?.(streamId),
    });
    void this.#readControl(control.readable);
    void this.#acceptGops(session.incomingUnidirectionalStreams);
    session.closed.then(
      ({ closeCode, reason }) => this.#end(closeReason(reason ?? "", closeCode === CLOSE_FINAL)),
      (error: unknown) => this.#end({ code: "transport.closed", message: describeError(error), retryable: true }),
    );
  }

  send(message: ClientMessage): void {
    if (this.#closed) return;
    if (message.type === "unsubscribe") this.#announced.forget(message.cameraIds);
    // A failed write shows as the session's end.
    this.#writer.write(encodeControl(JSON.stringify(message))).catch(() => {});
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#order.close();
    this.#session.close();
  }

  #control(message: ServerMessage): void {
    this.#handlers.onControl(message);
    if (message.type === "stream") this.#announced.announce(message);
    else if (message.type === "denied") this.#announced.forget([message.cameraId]);
  }

  async #readControl(readable: ReadableStream<Uint8Array>): Promise<void> {
    const parser = new ControlStreamParser();
    try {
      for await (const chunk of chunks(readable)) {
        for (const text of parser.push(chunk)) {
          const message = parseServerMessage(text);
          if (message && !this.#closed) this.#control(message);
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #acceptGops(incoming: ReadableStream<ReadableStream<Uint8Array>>): Promise<void> {
    try {
      for await (const stream of chunks(incoming)) void this.#readGop(stream);
    } catch {
      // The session is over, and says so itself.
    }
  }

  async #readGop(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader();
    const parser = new FrameStreamParser();
    // One GOP of one camera stream, as a rule; many cameras share a stream that carries several (W75).
    const gops = new Map<number, GopHandle>();
    const abandon = (): void => {
      if (gops.size === 1) reader.cancel().catch(() => {});
    };
    const onFrame = (frame: SealedFrame): void => {
      const { streamId, flags } = frame.header;
      let gop = gops.get(streamId);
      if (!gop || (flags & (FLAG.keyframe | FLAG.audio)) === FLAG.keyframe) {
        gop?.end(true);
        gop = this.#order.open(frame.header, abandon);
        gops.set(streamId, gop);
      }
      gop.frame(frame);
    };
    const end = (complete: boolean): void => {
      for (const gop of gops.values()) gop.end(complete);
    };
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done || this.#closed) break;
        parser.push(value, onFrame);
      }
      end(parser.atBoundary);
    } catch {
      // Reset by the server, or no frames: either way the next GOP is a new start.
      end(false);
      reader.cancel().catch(() => {});
    }
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#session.close();
    this.#end({ code: "transport.failed", message: describeError(error), retryable: true });
  }

  #end(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#order.close();
    this.#handlers.onClosed(reason);
  }
}

async function* chunks<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
