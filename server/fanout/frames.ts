import { FLAG, type SealedFrame, type SealedHeader } from "../../shared/wire/sealed-frame.ts";

export function isAudio(header: SealedHeader): boolean {
  return (header.flags & FLAG.audio) !== 0;
}

/** A picture that decodes without any other: where a reader may begin or resume. */
export function isKeyframe(header: SealedHeader): boolean {
  return (header.flags & (FLAG.keyframe | FLAG.audio)) === FLAG.keyframe;
}

/** No other frame needs it: may be left out alone. */
export function isDisposable(header: SealedHeader): boolean {
  return (header.flags & FLAG.disposable) !== 0;
}

export function frameBytes(frame: SealedFrame): number {
  return frame.bytes.byteLength;
}
