import { type Micros, micros } from "../../../shared/lib/time.ts";
import { FLAG, HEADER_BYTES, type SealedFrame, sealedFrameBytes } from "../../../shared/wire/sealed-frame.ts";

export type FrameKind = "K" | "P" | "b" | "a";

const FLAGS: Record<FrameKind, number> = { K: FLAG.keyframe, P: 0, b: FLAG.disposable, a: FLAG.audio };

/** Frames without a cipher: K keyframe, P reference picture, b disposable picture, a audio. 100 bytes of payload. */
export class FrameMaker {
  #sequence = 0;
  readonly #frameMicros: number;

  constructor(fps = 10) {
    this.#frameMicros = 1_000_000 / fps;
  }

  frame(kind: FrameKind, payloadBytes = 100): SealedFrame {
    const sequence = this.#sequence++;
    const at = micros(sequence * this.#frameMicros);
    return {
      bytes: new Uint8Array(sealedFrameBytes(payloadBytes)),
      header: {
        suite: 1,
        flags: FLAGS[kind],
        codec: 1,
        streamId: 1,
        keyId: 1,
        epoch: 1,
        length: payloadBytes,
        sequence,
        captureTime: at,
        pts: at,
        ptsMinusDts: 0 as Micros,
        arrivalTime: at,
        nonce: new Uint8Array(12),
      },
    };
  }

  /** One frame per letter. */
  frames(kinds: string): SealedFrame[] {
    return [...kinds].map((kind) => this.frame(kind as FrameKind));
  }
}

/** The letters of the frames, for comparing. */
export function kindsOf(frames: Iterable<SealedFrame>): string {
  let kinds = "";
  for (const { header } of frames) {
    if (header.flags & FLAG.audio) kinds += "a";
    else if (header.flags & FLAG.keyframe) kinds += "K";
    else kinds += header.flags & FLAG.disposable ? "b" : "P";
  }
  return kinds;
}

export const FRAME_BYTES = HEADER_BYTES + 100 + 16;
