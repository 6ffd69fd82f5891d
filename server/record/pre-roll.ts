import { isKeyframe } from "../fanout/frames.ts";
import type { ChunkPool } from "./chunk-pool.ts";
import { FrameBuffer, type WaitingFrame } from "./frame-buffer.ts";

/** Of one stream: a camera in standby must not hold more, however high its bit rate. */
const MAX_BYTES = 24 * 1024 * 1024;

/** The last seconds of a stream in whole GOPs, for a recording that begins in the past. */
export class PreRoll {
  readonly #pool: ChunkPool;
  readonly #gops: FrameBuffer[] = [];

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  get heldBytes(): number {
    return this.#gops.reduce((sum, gop) => sum + gop.heldBytes, 0);
  }

  /** Copies the frame. What is older than `keepMicros` before it goes, GOP by GOP. */
  push({ header, bytes }: WaitingFrame, keepMicros: number): void {
    if (isKeyframe(header)) this.#gops.push(new FrameBuffer(this.#pool));
    const gop = this.#gops.at(-1);
    if (!gop) return;
    const since = header.captureTime - keepMicros;
    // A GOP is needed as long as the one after it begins later than what is to be kept.
    while (this.#gops.length > 1 && startOf(this.#gops[1], header.captureTime) <= since) this.#dropOldest();
    while (this.heldBytes > MAX_BYTES || !gop.add(header, bytes)) {
      // Not even the newest GOP fits: it is useless without its beginning.
      if (this.#gops.length <= 1) {
        this.clear();
        return;
      }
      this.#dropOldest();
    }
  }

  /** Empties it. In order, from a keyframe on. */
  take(): WaitingFrame[] {
    const frames = this.#gops.flatMap((gop) => gop.copies());
    this.clear();
    return frames;
  }

  clear(): void {
    while (this.#gops.length > 0) this.#dropOldest();
  }

  #dropOldest(): void {
    this.#gops.shift()?.release();
  }
}

function startOf(gop: FrameBuffer | undefined, fallback: number): number {
  return gop?.headers[0]?.captureTime ?? fallback;
}
