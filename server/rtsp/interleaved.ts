import { FluxError } from "../../shared/lib/errors.ts";
import { contentLength, parseHead, type RtspHead, type RtspMessage } from "./message.ts";

const DOLLAR = 0x24;

export interface InterleavedLimits {
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly garbageBytes: number;
}

export interface InterleavedHandlers {
  /** `bytes[start, end)` came on `channel`. Borrowed during the call. */
  onFrame(channel: number, bytes: Uint8Array, start: number, end: number): void;
  onMessage(message: RtspMessage): void;
}

/**
 * Takes a TCP stream apart into interleaved packets (RFC 2326, 10.12) and RTSP messages. Packets that lie whole in one
 * read are handed over without a copy; only what is cut off at the end of a read is kept.
 *
 * Some cameras put bytes between packets that belong to nothing. They are skipped up to the next packet of a channel in
 * use or the next RTSP message, up to a limit in a row.
 */
export class InterleavedReader {
  garbageBytes = 0;
  readonly #limits: InterleavedLimits;
  readonly #handlers: InterleavedHandlers;
  readonly #channels = new Uint8Array(256);
  #partial = new Uint8Array(2048);
  #partialLength = 0;
  #garbageInRow = 0;
  #anyMessage = false;
  /** Of the message that was cut off: how far it has been searched for its empty line, and how long it is at least. */
  #searched = 0;
  #needed = 0;

  constructor(limits: InterleavedLimits, handlers: InterleavedHandlers) {
    this.#limits = limits;
    this.#handlers = handlers;
  }

  /** Packets on this channel are expected from now on. */
  openChannel(channel: number): void {
    this.#channels[channel] = 1;
  }

  /** Throws `rtsp.protocol` or `rtsp.limit`; the stream is then beyond repair. */
  push(chunk: Uint8Array, length: number): void {
    let at = 0;
    if (this.#partialLength > 0) {
      if (this.#partial[0] !== DOLLAR) {
        this.#keep(chunk, 0, length);
        if (this.#partialLength >= this.#needed) this.#readPartial();
        return;
      }
      at = this.#completeFrame(chunk, length);
      if (at < 0) return;
    }
    this.#keepRest(chunk, this.#read(chunk, at, length), length);
  }

  /** Tops up a packet that was cut off. Returns where the chunk goes on, or -1 if it was used up. */
  #completeFrame(chunk: Uint8Array, length: number): number {
    let at = 0;
    while (this.#partialLength < 4) {
      if (at === length) return -1;
      this.#keep(chunk, at, at + 1);
      at++;
    }
    const partial = this.#partial;
    if (!this.#plausible(partial, 0, this.#partialLength)) {
      // Not a packet after all: search in what was kept, then in the rest.
      this.#keep(chunk, at, length);
      this.#readPartial();
      return -1;
    }
    const total = 4 + (((partial[2] as number) << 8) | (partial[3] as number));
    const take = Math.min(total - this.#partialLength, length - at);
    this.#keep(chunk, at, at + take);
    if (this.#partialLength < total) return -1;
    this.#partialLength = 0;
    this.#garbageInRow = 0;
    this.#handlers.onFrame(this.#partial[1] as number, this.#partial, 4, total);
    return at + take;
  }

  #readPartial(): void {
    const whole = this.#partial;
    const total = this.#partialLength;
    this.#partialLength = 0;
    this.#keepRest(whole, this.#read(whole, 0, total), total);
  }

  /** Hands over everything whole in `bytes[at, end)`; returns where the incomplete rest begins. */
  #read(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end) {
      if (bytes[at] === DOLLAR) {
        if (at + 4 > end) return at;
        const next = at + 4 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
        if (this.#plausible(bytes, at, end)) {
          if (next > end) return at;
          this.#garbageInRow = 0;
          this.#handlers.onFrame(bytes[at + 1] as number, bytes, at + 4, next);
          at = next;
          continue;
        }
        if (this.#channels[bytes[at + 1] as number] !== 1 && next < end && bytes[next] === DOLLAR) {
          // A channel that nobody asked for, and the next packet where it should be.
          at = next;
          continue;
        }
      } else {
        const after = this.#readMessage(bytes, at, end);
        if (after === at) return at;
        if (after > at) {
          at = after;
          continue;
        }
      }
      at = this.#skipGarbage(bytes, at, end);
    }
    return at;
  }

  /** Whether a packet header fits a channel in use. */
  #plausible(bytes: Uint8Array, at: number, end: number): boolean {
    if (this.#channels[bytes[at + 1] as number] !== 1) return false;
    const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    // RTP and RTCP both begin with version 2. Empty packets are sent by some cameras to keep the line alive.
    return length === 0 || at + 4 >= end || (bytes[at + 4] as number) >> 6 === 2;
  }

  /** Position after the message at `at`; `at` itself if it is not complete; -1 if there is none. */
  #readMessage(bytes: Uint8Array, at: number, end: number): number {
    if (!looksLikeMessage(bytes, at, end)) return -1;
    const from = bytes === this.#partial && at === 0 ? Math.max(0, this.#searched - 3) : at;
    this.#searched = 0;
    const headEnd = findEmptyLine(bytes, from, Math.min(end, at + this.#limits.headerBytes));
    if (headEnd < 0) {
      if (end - at >= this.#limits.headerBytes) {
        throw new FluxError(
          "rtsp.limit",
          `the camera's answer has more than ${this.#limits.headerBytes} bytes of headers`,
        );
      }
      this.#searched = end - at;
      this.#needed = 0;
      return at;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, headEnd - at).toString("utf8");
    const head = readHead(text.trimEnd());
    if (!head) return -1;
    const next = headEnd + contentLength(head, this.#limits.bodyBytes);
    if (next > end) {
      this.#searched = headEnd - at - 4;
      this.#needed = next - at;
      return at;
    }
    this.#garbageInRow = 0;
    this.#anyMessage = true;
    this.#handlers.onMessage({ ...head, body: bytes.slice(headEnd, next) });
    return next;
  }

  #skipGarbage(bytes: Uint8Array, from: number, end: number): number {
    if (this.#garbageInRow === 0 && !this.#anyMessage && startsWith(bytes, from, end, "HTTP/")) {
      throw new FluxError("rtsp.protocol", "this port speaks HTTP, not RTSP: check the port in the address");
    }
    let at = from + 1;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === DOLLAR) {
        if (at + 5 > end || this.#plausible(bytes, at, end)) break;
      } else if (byte >= 0x41 && byte <= 0x54 && looksLikeMessage(bytes, at, end)) break;
    }
    // Line ends after a message are common and harmless.
    this.garbageBytes += at - from;
    this.#garbageInRow += at - from;
    if (this.#garbageInRow > this.#limits.garbageBytes) {
      throw new FluxError("rtsp.protocol", "the camera's stream is unreadable: no packet found among its bytes");
    }
    return at;
  }

  #keepRest(bytes: Uint8Array, from: number, end: number): void {
    if (from < end) this.#keep(bytes, from, end);
  }

  #keep(bytes: Uint8Array, from: number, end: number): void {
    const length = this.#partialLength + end - from;
    if (bytes === this.#partial) {
      bytes.copyWithin(0, from, end);
    } else {
      if (length > this.#partial.length) {
        const grown = new Uint8Array(Math.max(length, this.#partial.length * 2));
        grown.set(this.#partial.subarray(0, this.#partialLength));
        this.#partial = grown;
      }
      this.#partial.set(bytes.subarray(from, end), this.#partialLength);
    }
    this.#partialLength = length;
  }
}

/** Undefined for what began like a message and is none: it is skipped like other garbage. */
function readHead(text: string): RtspHead | undefined {
  try {
    return parseHead(text);
  } catch (error) {
    if (error instanceof FluxError && error.code === "rtsp.protocol") return undefined;
    throw error;
  }
}

/** Beginnings of what a camera may send besides packets: answers, and requests of its own. */
const MESSAGE_STARTS = [
  "RTSP/",
  "OPTIONS ",
  "GET_PARAMETER ",
  "SET_PARAMETER ",
  "ANNOUNCE ",
  "REDIRECT ",
  "TEARDOWN ",
  "PAUSE ",
].map((text) => Uint8Array.from(text, (char) => char.charCodeAt(0)));

function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (at + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether a message starts at `at`, or as much of one as is there. */
function looksLikeMessage(bytes: Uint8Array, at: number, end: number): boolean {
  for (const start of MESSAGE_STARTS) {
    const count = Math.min(start.length, end - at);
    let i = 0;
    while (i < count && bytes[at + i] === start[i]) i++;
    if (i === count) return true;
  }
  return false;
}

/** Position after the empty line that ends the headers, or -1. */
function findEmptyLine(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    if (bytes[at] !== 0x0a) continue;
    if (bytes[at + 1] === 0x0a && at + 1 < end) return at + 2;
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a && at + 2 < end) return at + 3;
  }
  return -1;
}
