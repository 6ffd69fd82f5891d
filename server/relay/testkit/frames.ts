import { micros } from "../../../shared/lib/time.ts";
import {
  FLAG,
  HEADER_BYTES,
  readFrame,
  type SealedFrame,
  sealedFrameBytes,
  writeHeader,
} from "../../../shared/wire/sealed-frame.ts";

export interface SyntheticStream {
  readonly streamId: number;
  readonly fps: number;
  readonly kbps: number;
  /** Frames per GOP. */
  readonly gop: number;
  /** Every how many-eth frame is disposable; 0: none. */
  readonly disposableEvery?: number;
}

/** Makes frames that look sealed: true headers, and a payload that nobody can open. For tests and benchmarks. */
export class FrameMaker {
  readonly #stream: SyntheticStream;
  #sequence = 0;

  constructor(stream: SyntheticStream) {
    this.#stream = stream;
  }

  get stream(): SyntheticStream {
    return this.#stream;
  }

  get nextIsKeyframe(): boolean {
    return this.#sequence % this.#stream.gop === 0;
  }

  /** Size of the next frame: keyframes are five times as long as the others, and the bitrate comes out right. */
  get nextBytes(): number {
    const { fps, kbps, gop } = this.#stream;
    const unit = (kbps * 125 * gop) / fps / (gop + 4);
    return sealedFrameBytes(Math.max(1, Math.round(this.nextIsKeyframe ? unit * 5 : unit)));
  }

  /** Writes the next frame and returns the offset behind it. */
  write(out: Uint8Array, offset: number, utcMicros: number): number {
    const { streamId, fps, disposableEvery = 0 } = this.#stream;
    const bytes = this.nextBytes;
    const sequence = this.#sequence;
    const keyframe = this.nextIsKeyframe;
    this.#sequence++;
    const disposable = !keyframe && disposableEvery > 0 && sequence % disposableEvery === 0;
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(8, sequence);
    writeHeader(
      {
        suite: 1,
        flags: (keyframe ? FLAG.keyframe : 0) | (disposable ? FLAG.disposable : 0),
        codec: 1,
        streamId,
        keyId: 1,
        epoch: Math.floor(utcMicros / 600_000_000),
        length: bytes - HEADER_BYTES - 16,
        sequence,
        captureTime: micros(utcMicros),
        pts: micros((sequence * 1_000_000) / fps),
        ptsMinusDts: micros(0),
        arrivalTime: micros(utcMicros),
        nonce,
      },
      out,
      offset,
    );
    return offset + bytes;
  }

  next(utcMicros: number): SealedFrame {
    const bytes = new Uint8Array(this.nextBytes);
    this.write(bytes, 0, utcMicros);
    const frame = readFrame(bytes);
    if (!frame) throw new Error("frame maker wrote half a frame");
    return frame;
  }
}
