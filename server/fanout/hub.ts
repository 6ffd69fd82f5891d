import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import { DEFAULT_GOP_LIMITS, GopCache, type GopLimits } from "./gop-cache.ts";
import { type Reader, type ReaderOptions, RingReader } from "./reader.ts";

export interface HubStats {
  readonly frames: number;
  readonly bytes: number;
  readonly readers: number;
}

/**
 * One stream: one writer, many bounded readers. Knows no thread, socket, clock or key.
 * `publish` costs O(1) per reader and allocates nothing; a slow, dead or throwing reader harms only itself.
 */
export class StreamHub {
  readonly #gop: GopCache;
  /** Replaced, never changed: a reader may come or go while a frame is handed out. */
  #readers: readonly RingReader[] = [];
  #frames = 0;
  #bytes = 0;

  constructor(limits: GopLimits = DEFAULT_GOP_LIMITS) {
    this.#gop = new GopCache(limits);
  }

  get gop(): GopCache {
    return this.#gop;
  }

  get readerCount(): number {
    return this.#readers.length;
  }

  get stats(): HubStats {
    return { frames: this.#frames, bytes: this.#bytes, readers: this.#readers.length };
  }

  /** Frames in decode order. The frame must stay unchanged from here on: readers keep it. */
  publish(frame: SealedFrame): void {
    this.#frames++;
    this.#bytes += frame.bytes.byteLength;
    this.#gop.push(frame);
    for (const reader of this.#readers) reader.push(frame);
  }

  /**
   * With `start: "gop"` the cached frames are queued (and `onReadable` called) before this returns, so that callers
   * must be ready to be called before they hold the reader.
   */
  addReader(options: ReaderOptions): Reader {
    const reader = new RingReader(options, (closed) => {
      this.#readers = this.#readers.filter((other) => other !== closed);
    });
    if (options.start === "gop") {
      for (const frame of this.#gop.frames) reader.push(frame);
      if (this.#gop.truncated) reader.waitForKeyframe();
    }
    this.#readers = [...this.#readers, reader];
    return reader;
  }

  /** The stream ended or was cut: the cached GOP is history, readers resume at the next keyframe. */
  reset(): void {
    this.#gop.clear();
    for (const reader of this.#readers) reader.waitForKeyframe();
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
    this.#gop.clear();
  }
}
