import { readFrame, type SealedFrame } from "../../shared/wire/sealed-frame.ts";
import { isKeyframe } from "./frames.ts";

export interface GopLimits {
  readonly maxFrames: number;
  readonly maxBytes: number;
}

/** 10 s at 60 fps, and 4 s of an 32 Mbit/s stream: beyond this a cached GOP is no "instant" start any more. */
export const DEFAULT_GOP_LIMITS: GopLimits = { maxFrames: 600, maxBytes: 16 * 1024 * 1024 };

/** A frame that is still cached after so many calls of `compact` gets memory of its own. */
const ROUNDS_IN_BATCH = 4;

/**
 * The frames since the newest keyframe, so that a new viewer has a picture at once.
 * A GOP that outgrows the limits is cut down to its keyframe: still a picture, though frozen until the next one.
 */
export class GopCache {
  readonly #limits: GopLimits;
  readonly #frames: SealedFrame[] = [];
  #bytes = 0;
  #truncated = false;
  /** Frames that lie in memory of their own. */
  #compacted = 0;
  /** How many frames were here at the last calls of `compact`, oldest first. */
  readonly #seen: number[] = [];

  constructor(limits: GopLimits = DEFAULT_GOP_LIMITS) {
    this.#limits = limits;
  }

  /** Oldest (the keyframe) first; empty before the first keyframe. Valid until the next `push`. */
  get frames(): readonly SealedFrame[] {
    return this.#frames;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Only the keyframe is left: whoever starts with it must then wait for the next keyframe. */
  get truncated(): boolean {
    return this.#truncated;
  }

  push(frame: SealedFrame): void {
    if (isKeyframe(frame.header)) {
      this.clear();
    } else {
      if (this.#frames.length === 0 || this.#truncated) return;
      if (
        this.#frames.length >= this.#limits.maxFrames ||
        this.#bytes + frame.bytes.byteLength > this.#limits.maxBytes
      ) {
        this.#truncate();
        return;
      }
    }
    this.#frames.push(frame);
    this.#bytes += frame.bytes.byteLength;
  }

  /**
   * Call about once a second. Frames arrive as views of batches that hold many cameras' frames; one that stays for four
   * calls is copied, so that a camera with long GOPs does not keep the whole server's traffic in memory. GOPs of up to
   * four seconds, the common ones, are never copied: that would add half as much again to what is allocated per second,
   * and with it to the garbage collector's work.
   */
  compact(): void {
    const upTo = this.#seen.length < ROUNDS_IN_BATCH ? this.#compacted : (this.#seen.shift() ?? 0);
    const old = this.#frames.slice(this.#compacted, upTo);
    if (old.length > 0) {
      // One buffer for all: they are dropped together.
      const memory = new Uint8Array(old.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
      let offset = 0;
      for (const [index, { bytes }] of old.entries()) {
        memory.set(bytes, offset);
        const copy = readFrame(memory, offset);
        if (copy) this.#frames[this.#compacted + index] = copy;
        offset += bytes.byteLength;
      }
    }
    this.#compacted = upTo;
    this.#seen.push(this.#frames.length);
  }

  clear(): void {
    this.#compacted = 0;
    this.#seen.length = 0;
    this.#frames.length = 0;
    this.#bytes = 0;
    this.#truncated = false;
  }

  #truncate(): void {
    this.#frames.length = 1;
    this.#bytes = this.#frames[0]?.bytes.byteLength ?? 0;
    this.#truncated = true;
    this.#compacted = Math.min(this.#compacted, 1);
    for (const [index, count] of this.#seen.entries()) this.#seen[index] = Math.min(count, 1);
  }
}
