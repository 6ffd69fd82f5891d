import {
  PLAYBACK_PREFIX_BYTES,
  type PlaybackClientMessage,
  type PlaybackServerMessage,
  playbackServerMessage,
} from "../../../shared/wire/playback-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import { closeReason } from "../transport/close-reason.ts";
import { readFrames } from "../transport/frame-parser.ts";
import type { CloseReason } from "../transport/transport.ts";

/** One open line to the archive. */
export interface ArchiveLine {
  /** Never throws; after the line has closed it does nothing. */
  send(message: PlaybackClientMessage): void;
  /** Idempotent. `onClosed` is not called for one's own close. */
  close(): void;
}

export interface ArchiveLineHandlers {
  onControl(message: PlaybackServerMessage): void;
  /** Whole sealed frames of one read, in order. The bytes are the receiver's own. */
  onFrames(requestId: number, frames: readonly SealedFrame[]): void;
  onClosed(reason: CloseReason): void;
}

/** Rejects when the line cannot be opened. `opening`: aborted when it is not wanted any more. */
export type OpenArchiveLine = (
  url: string,
  handlers: ArchiveLineHandlers,
  opening?: AbortSignal,
) => Promise<ArchiveLine>;

/** The server's close code for "do not try again with this token". */
const CLOSE_FINAL = 4001;

/** A control message; undefined for one that this version does not know (a newer server's). */
export function parsePlaybackMessage(text: string): PlaybackServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = playbackServerMessage.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** `request id u32 | whole sealed frames` (SPEC W111). Throws `wire.*` and RangeError. */
export function readArchiveMessage(message: Uint8Array): { requestId: number; frames: SealedFrame[] } {
  if (message.byteLength < PLAYBACK_PREFIX_BYTES) throw new RangeError("a message without its request's number");
  const requestId = new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(0);
  const frames: SealedFrame[] = [];
  readFrames(message.subarray(PLAYBACK_PREFIX_BYTES), (frame) => frames.push(frame));
  return { requestId, frames };
}

/** Text is control, binary is frames; the socket keeps their order. */
export const openArchiveSocket: OpenArchiveLine = (url, handlers, opening) =>
  new Promise((resolve, reject) => {
    opening?.throwIfAborted();
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    let opened = false;
    let closed = false;
    const close = (): void => {
      if (closed) return;
      closed = true;
      socket.close(1000);
    };
    // A browser opens one socket to a host at a time: one that hangs would hold up all that follow.
    const giveUp = (): void => {
      close();
      reject(new Error("the archive did not answer in time"));
    };
    opening?.addEventListener("abort", giveUp, { once: true });
    socket.addEventListener("open", () => {
      opened = true;
      opening?.removeEventListener("abort", giveUp);
      resolve({
        send: (message) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
        },
        close,
      });
    });
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (closed) return;
      if (typeof data === "string") {
        const message = parsePlaybackMessage(data);
        if (message) handlers.onControl(message);
        return;
      }
      let read: ReturnType<typeof readArchiveMessage>;
      try {
        read = readArchiveMessage(new Uint8Array(data));
      } catch {
        close();
        handlers.onClosed({
          code: "transport.bad_frame",
          message: "the archive sent what is no frame",
          retryable: true,
        });
        return;
      }
      handlers.onFrames(read.requestId, read.frames);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (closed) return;
      closed = true;
      if (opened) handlers.onClosed(closeReason(reason, code === CLOSE_FINAL));
      else reject(new Error("the archive cannot be reached"));
    });
  });
