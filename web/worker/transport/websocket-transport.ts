import { describeError, errorCode } from "../../../shared/lib/errors.ts";
import type { ClientMessage } from "../../../shared/wire/control-messages.ts";
import { closeReason } from "./close-reason.ts";
import { readFrames } from "./frame-parser.ts";
import { parseServerMessage } from "./server-control.ts";
import type { LiveTransport, TransportHandlers } from "./transport.ts";

/** The server's close code for "do not try again with this token". */
const CLOSE_FINAL = 4001;

/** Text is control, binary is whole sealed frames back to back; the socket keeps their order. */
export class WebSocketTransport implements LiveTransport {
  readonly kind = "websocket";
  readonly fallbackReason: string | undefined;
  readonly #socket: WebSocket;
  #closed = false;

  /** Rejects when the socket cannot be opened, or `opening` was aborted. */
  static open(
    url: string,
    handlers: TransportHandlers,
    fallbackReason: string | undefined,
    opening?: AbortSignal,
  ): Promise<WebSocketTransport> {
    return new Promise((resolve, reject) => {
      opening?.throwIfAborted();
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      const refused = (): void => reject(new Error("the server cannot be reached"));
      // A browser opens one socket to a host at a time: one that hangs would hold up all that follow.
      const giveUp = (): void => {
        socket.close();
        refused();
      };
      socket.addEventListener("close", refused, { once: true });
      opening?.addEventListener("abort", giveUp, { once: true });
      socket.addEventListener("open", () => {
        opening?.removeEventListener("abort", giveUp);
        socket.removeEventListener("close", refused);
        resolve(new WebSocketTransport(socket, handlers, fallbackReason));
      });
    });
  }

  private constructor(socket: WebSocket, handlers: TransportHandlers, fallbackReason: string | undefined) {
    this.#socket = socket;
    this.fallbackReason = fallbackReason;
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#closed) return;
      if (typeof data === "string") {
        const message = parseServerMessage(data);
        if (message) handlers.onControl(message);
        return;
      }
      try {
        readFrames(new Uint8Array(data), (frame) => handlers.onFrame(frame));
      } catch (error) {
        this.close();
        const code = errorCode(error) ?? "transport.bad_frame";
        handlers.onClosed({ code, message: describeError(error), retryable: true });
      }
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.#closed) return;
      this.#closed = true;
      handlers.onClosed(closeReason(reason, code === CLOSE_FINAL));
    });
  }

  send(message: ClientMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close(1000);
  }
}
