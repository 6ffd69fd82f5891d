import type { ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";

/** One viewer's line. Sessions cannot tell WebSocket from WebTransport from memory. */
export interface ViewerConnection {
  readonly kind: "websocket" | "webtransport" | "memory";
  readonly remoteAddress: string;
  /** Bytes accepted here that the network has not taken. */
  readonly queuedBytes: number;
  /** Never throws. A control message never waits for frames' back-pressure, but a peer that takes none is closed. */
  sendControl(message: ServerMessage): void;
  /** May this stream's frames be sent now? False: leave them where they are; `onDrain` follows. */
  canTake(streamId: number): boolean;
  /** Gathers a frame for this turn. Order per stream is kept. */
  sendFrame(frame: SealedFrame): void;
  /** Ends a turn: what was gathered goes out together. */
  flush(): void;
  /** What is still queued of the stream's GOP is given up where the transport can (WebTransport); else nothing. */
  abandonGop(streamId: number): void;
  /** No more frames of this stream will come (left, or replaced by another quality). */
  endStream(streamId: number): void;
  /**
   * Idempotent. Sends the goodbye first, waits for it at most a second, then cuts the line.
   * `final`: the viewer need not try again (W62); default false.
   */
  close(code: string, message: string, final?: boolean): void;
}

export interface ConnectionHandlers {
  /** One control message, as text, at most `MAX_CLIENT_MESSAGE_BYTES` long. */
  onMessage(text: string): void;
  onDrain(): void;
  /** Exactly once, whoever closed. */
  onClosed(code: string): void;
}

/** What accepts a new connection gives it its handlers. */
export type AcceptViewer = (connection: ViewerConnection) => ConnectionHandlers;

export const MAX_CLIENT_MESSAGE_BYTES = 64 * 1024;
/** Above this a viewer takes no more frames: about 0.3 s of a 50 Mbit/s quota. */
export const QUEUE_HIGH_WATER_BYTES = 2 * 1024 * 1024;
/** A peer that lets control messages pile up this far beyond the frames is gone or hostile. */
export const QUEUE_LIMIT_BYTES = 8 * 1024 * 1024;
