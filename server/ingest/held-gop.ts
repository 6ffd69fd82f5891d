import type { SealedHeader } from "../../shared/wire/sealed-frame.ts";
import { isKeyframe } from "../fanout/frames.ts";
import type { ChunkPool } from "../record/chunk-pool.ts";
import { FrameBuffer } from "../record/frame-buffer.ts";

/** As the relay's own cache (SPEC W43): a longer GOP is no instant start. */
const MAX_FRAMES = 600;
const MAX_BYTES = 16 * 1024 * 1024;

/** The frames since the newest keyframe of a stream that nobody watches, for the viewer that comes in the middle of it. */
export class HeldGop {
  readonly #frames: FrameBuffer;

  constructor(pool: ChunkPool) {
    this.#frames = new FrameBuffer(pool);
  }

  /** Copies the frame. A GOP that outgrows the limits is let go: its viewer waits for the next keyframe. */
  add(header: SealedHeader, bytes: Uint8Array): void {
    if (isKeyframe(header)) this.clear();
    else if (this.#frames.empty) return;
    const fits = this.#frames.headers.length < MAX_FRAMES && this.#frames.bytes + bytes.byteLength <= MAX_BYTES;
    if (!fits || !this.#frames.add(header, bytes)) this.clear();
  }

  /** Hands each frame on, in order, until one is refused, and forgets all. True: there were frames and all were taken. */
  handOver(take: (bytes: Uint8Array) => boolean): boolean {
    if (this.#frames.empty) return false;
    const all = this.#frames.copies().every(({ bytes }) => take(bytes));
    this.clear();
    return all;
  }

  clear(): void {
    this.#frames.release();
  }
}
