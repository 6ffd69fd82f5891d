import type { ClientMessage, ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";

/** One open line to the server. Both transports behave alike; only the latency under loss differs. */
export interface LiveTransport {
  readonly kind: "webtransport" | "websocket";
  /** Why the better transport is not in use; undefined when it is, or when nobody asked for it. */
  readonly fallbackReason: string | undefined;
  /** Never throws; after the line has closed it does nothing. */
  send(message: ClientMessage): void;
  /** Idempotent. `onClosed` is not called for one's own close. */
  close(): void;
}

export interface CloseReason {
  /** Dotted: `transport.closed`, `auth.*`, `relay.*`. */
  readonly code: string;
  readonly message: string;
  /** False: connecting again with the same token is pointless. */
  readonly retryable: boolean;
}

export interface TransportHandlers {
  onControl(message: ServerMessage): void;
  /**
   * Whole sealed frames, in order per stream, after the `stream` message that announces them. The bytes are the
   * receiver's own: they stay valid and may be transferred only as a whole buffer (several frames may share one).
   */
  onFrame(frame: SealedFrame): void;
  /** WebTransport only: the server gave up the rest of a GOP; the next frame of the stream is a keyframe. */
  onGopReset?(streamId: number): void;
  /** WebTransport only: a whole GOP came after a later one had begun, and is left out. Nothing that follows depends on it. */
  onGopLate?(streamId: number): void;
  /** Once, when the line is gone for any reason but one's own `close()`. */
  onClosed(reason: CloseReason): void;
}
