import { isKeyframe } from "../fanout/frames.ts";
import type { WaitingFrame } from "./segment-writer.ts";

/** Of one stream: a camera in standby must not hold more, however high its bit rate. */
const MAX_BYTES = 24 * 1024 * 1024;

interface Gop {
  readonly frames: WaitingFrame[];
  bytes: number;
}

/** The last seconds of a stream in whole GOPs, for a recording that begins in the past. */
export class PreRoll {
  #gops: Gop[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Copies the frame. What is older than `keepMicros` before it goes, GOP by GOP. */
  push({ header, bytes }: WaitingFrame, keepMicros: number): void {
    if (isKeyframe(header)) this.#gops.push({ frames: [], bytes: 0 });
    const gop = this.#gops.at(-1);
    if (!gop) return;
    gop.frames.push({ header, bytes: bytes.slice() });
    gop.bytes += bytes.byteLength;
    this.#bytes += bytes.byteLength;
    const since = header.captureTime - keepMicros;
    // A GOP is needed as long as the one after it begins later than what is to be kept.
    while (this.#gops.length > 1 && (startOf(this.#gops[1]) <= since || this.#bytes > MAX_BYTES)) this.#dropOldest();
    if (this.#bytes > MAX_BYTES) this.clear();
  }

  /** Empties it. In order, from a keyframe on. */
  take(): WaitingFrame[] {
    const frames = this.#gops.flatMap((gop) => gop.frames);
    this.clear();
    return frames;
  }

  clear(): void {
    this.#gops = [];
    this.#bytes = 0;
  }

  #dropOldest(): void {
    this.#bytes -= this.#gops.shift()?.bytes ?? 0;
  }
}

function startOf(gop: Gop | undefined): number {
  return gop?.frames[0]?.header.captureTime ?? 0;
}
