import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import { isAudio, isKeyframe } from "./frames.ts";
import { Thinner, type Thinning } from "./thinning.ts";

export interface ReaderOptions {
  /** `gop`: begin with the cached GOP, if there is one. `keyframe`: begin with the next keyframe. */
  readonly start: "gop" | "keyframe";
  readonly maxFrames: number;
  /** One frame is always let in when nothing is queued, so that a large keyframe cannot starve a reader for good. */
  readonly maxBytes: number;
  /**
   * Called when the queue goes from empty to not empty, inside the writer's `publish`: schedule work, do none here.
   * What it throws is swallowed and counted: a reader cannot hurt the writer or other readers.
   */
  readonly onReadable: () => void;
  /** Default true. */
  readonly audio?: boolean;
  readonly thinning?: Thinning;
  /** A recorder: queued frames are never discarded for newer ones, and each lost frame is a fault. Default false. */
  readonly mustNotLose?: boolean;
}

export interface ReaderStats {
  /** Lost because this reader was too slow. */
  readonly droppedFrames: number;
  /** Left out on purpose (`thinning`, `audio`). */
  readonly thinnedFrames: number;
  /** Lost frames of a `mustNotLose` reader. */
  readonly faults: number;
  readonly callbackErrors: number;
}

/** What the consumer of a stream holds. All calls are O(1) except where stated. */
export interface Reader {
  readonly queuedFrames: number;
  readonly queuedBytes: number;
  readonly stats: ReaderStats;
  /** The next frame, left in place. */
  peek(): SealedFrame | undefined;
  /** Takes the next frame. The caller may keep it: frames are immutable. */
  shift(): SealedFrame | undefined;
  /**
   * Discards queued frames older than the newest queued keyframe (the latency rule, SPEC W50); returns how many.
   * O(discarded). Nothing happens when the queue holds no later keyframe.
   */
  skipToNewestGop(): number;
  /** Empties the queue and resumes at the next keyframe; returns how many were discarded. */
  resync(): number;
  setThinning(thinning: Thinning): void;
  setAudio(audio: boolean): void;
  /** Idempotent. Empties the queue; no callback follows. */
  close(): void;
}

/**
 * A bounded queue, filled by the hub. Laid out for the common case, in which a frame is taken before the next one comes:
 * it touches this object only. With many viewers these are the cache misses that a frame costs per viewer.
 */
export class RingReader implements Reader {
  readonly #onReadable: () => void;
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  readonly #mustNotLose: boolean;
  readonly #thinner: Thinner;
  readonly #onClose: (reader: RingReader) => void;
  #first: SealedFrame | undefined;
  /** What waits behind the first frame; made when that happens. */
  #rest: FrameRing | undefined;
  #audio: boolean;
  #count = 0;
  #bytes = 0;
  /** Frames from the head to the newest queued keyframe; -1: none queued. */
  #newestKeyframe = -1;
  #waiting = true;
  #started = false;
  #closed = false;
  #dropped = 0;
  #thinned = 0;
  #faults = 0;
  #callbackErrors = 0;

  constructor(options: ReaderOptions, onClose: (reader: RingReader) => void) {
    if (!(options.maxFrames >= 1) || !(options.maxBytes >= 1)) throw new RangeError("a reader needs room for a frame");
    this.#onReadable = options.onReadable;
    this.#maxFrames = Math.floor(options.maxFrames);
    this.#maxBytes = options.maxBytes;
    this.#mustNotLose = options.mustNotLose === true;
    this.#thinner = new Thinner(options.thinning);
    this.#audio = options.audio ?? true;
    this.#onClose = onClose;
  }

  get queuedFrames(): number {
    return this.#count;
  }

  get queuedBytes(): number {
    return this.#bytes;
  }

  get stats(): ReaderStats {
    return {
      droppedFrames: this.#dropped,
      thinnedFrames: this.#thinned,
      faults: this.#faults,
      callbackErrors: this.#callbackErrors,
    };
  }

  /** Hub only. Never throws, never blocks. */
  push(frame: SealedFrame): void {
    if (this.#closed) return;
    const { header } = frame;
    const keyframe = isKeyframe(header);
    if (this.#waiting) {
      if (!keyframe) {
        // Before the first keyframe nothing was owed, so nothing is lost.
        if (this.#started) this.#lose(1);
        return;
      }
    }
    if (!this.#audio && isAudio(header)) {
      this.#thinned++;
      return;
    }
    if (!this.#thinner.keep(header)) {
      this.#thinned++;
      return;
    }
    if (!this.#fits(frame)) {
      if (!keyframe || this.#mustNotLose) {
        this.#waiting = true;
        this.#lose(1);
        return;
      }
      // A fresh keyframe replaces everything older: what is queued is late already.
      this.#lose(this.#discard(this.#count));
    }
    this.#waiting = false;
    this.#started = true;
    if (this.#count === 0) this.#first = frame;
    else {
      this.#rest ??= new FrameRing(this.#maxFrames - 1);
      this.#rest.push(frame);
    }
    if (keyframe) this.#newestKeyframe = this.#count;
    this.#count++;
    this.#bytes += frame.bytes.byteLength;
    if (this.#count === 1) this.#notify();
  }

  /** Hub only: what follows continues no queued frame. */
  waitForKeyframe(): void {
    this.#waiting = true;
  }

  peek(): SealedFrame | undefined {
    return this.#first;
  }

  shift(): SealedFrame | undefined {
    const frame = this.#first;
    if (frame) this.#discard(1);
    return frame;
  }

  skipToNewestGop(): number {
    if (this.#newestKeyframe <= 0) return 0;
    const discarded = this.#discard(this.#newestKeyframe);
    this.#lose(discarded);
    return discarded;
  }

  resync(): number {
    this.#waiting = true;
    const discarded = this.#discard(this.#count);
    this.#lose(discarded);
    return discarded;
  }

  setThinning(thinning: Thinning): void {
    this.#thinner.set(thinning);
  }

  setAudio(audio: boolean): void {
    this.#audio = audio;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#discard(this.#count);
    this.#onClose(this);
  }

  #fits(frame: SealedFrame): boolean {
    if (this.#count === 0) return true;
    return this.#count < this.#maxFrames && this.#bytes + frame.bytes.byteLength <= this.#maxBytes;
  }

  #discard(count: number): number {
    for (let i = 0; i < count; i++) {
      this.#bytes -= this.#first?.bytes.byteLength ?? 0;
      this.#first = this.#count > 1 ? this.#rest?.shift() : undefined;
      this.#count--;
    }
    this.#newestKeyframe = Math.max(-1, this.#newestKeyframe - count);
    return count;
  }

  #lose(count: number): void {
    this.#dropped += count;
    if (this.#mustNotLose) this.#faults += count;
  }

  #notify(): void {
    try {
      this.#onReadable();
    } catch {
      this.#callbackErrors++;
    }
  }
}

/** A ring of fixed size. Whoever uses it counts: it does not look whether there is room, or anything to take. */
class FrameRing {
  readonly #slots: (SealedFrame | undefined)[];
  #head = 0;
  #count = 0;

  constructor(size: number) {
    this.#slots = new Array<SealedFrame | undefined>(size).fill(undefined);
  }

  push(frame: SealedFrame): void {
    this.#slots[(this.#head + this.#count) % this.#slots.length] = frame;
    this.#count++;
  }

  shift(): SealedFrame | undefined {
    const frame = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#count--;
    return frame;
  }
}
