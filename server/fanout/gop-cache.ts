import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import { isKeyframe } from "./frames.ts";

export interface GopLimits {
  readonly maxFrames: number;
  readonly maxBytes: number;
}

/** 10 s at 60 fps, and 4 s of an 32 Mbit/s stream: beyond this a cached GOP is no "instant" start any more. */
export const DEFAULT_GOP_LIMITS: GopLimits = { maxFrames: 600, maxBytes: 16 * 1024 * 1024 };

/**
 * The frames since the newest keyframe, so that a new viewer has a picture at once.
 * A GOP that outgrows the limits is cut down to its keyframe: still a picture, though frozen until the next one.
 */
export class GopCache {
  readonly #limits: GopLimits;
  readonly #frames: SealedFrame[] = [];
  #bytes = 0;
  #truncated = false;

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

  clear(): void {
    this.#frames.length = 0;
    this.#bytes = 0;
    this.#truncated = false;
  }

  #truncate(): void {
    this.#frames.length = 1;
    this.#bytes = this.#frames[0]?.bytes.byteLength ?? 0;
    this.#truncated = true;
  }
}
