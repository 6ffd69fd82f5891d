import type { ClientMessage, ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { CloseReason, LiveTransport, TransportHandlers } from "./transport.ts";

/** A line in memory, for tests: the server's end is plain data and methods. */
export class MemoryTransport implements LiveTransport {
  readonly kind: "webtransport" | "websocket";
  readonly fallbackReason: string | undefined;
  /** What the client sent, in order. */
  readonly sent: ClientMessage[] = [];
  closed = false;
  readonly #handlers: TransportHandlers;

  constructor(
    handlers: TransportHandlers,
    kind: "webtransport" | "websocket" = "websocket",
    fallbackReason: string | undefined = undefined,
  ) {
    this.#handlers = handlers;
    this.kind = kind;
    this.fallbackReason = fallbackReason;
  }

  last<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }> | undefined {
    return this.sent.findLast((message): message is Extract<ClientMessage, { type: T }> => message.type === type);
  }

  /** As the server. */
  deliver(message: ServerMessage): void {
    if (!this.closed) this.#handlers.onControl(message);
  }

  deliverFrame(frame: SealedFrame): void {
    if (!this.closed) this.#handlers.onFrame(frame);
  }

  resetGop(streamId: number): void {
    if (!this.closed) this.#handlers.onGopReset?.(streamId);
  }

  hangUp(reason: CloseReason = { code: "transport.closed", message: "lost", retryable: true }): void {
    if (this.closed) return;
    this.closed = true;
    this.#handlers.onClosed(reason);
  }

  send(message: ClientMessage): void {
    if (!this.closed) this.sent.push(message);
  }

  close(): void {
    this.closed = true;
  }
}
