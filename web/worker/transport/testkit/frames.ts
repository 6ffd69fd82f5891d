import { micros } from "../../../../shared/lib/time.ts";
import {
  FLAG,
  readFrame,
  type SealedFrame,
  sealedFrameBytes,
  writeHeader,
} from "../../../../shared/wire/sealed-frame.ts";

/** A frame with a true header and a payload that nobody can open. */
export function frame(
  streamId: number,
  sequence: number,
  keyframe = false,
  payloadBytes = 10,
  generation = 1,
): SealedFrame {
  const bytes = new Uint8Array(sealedFrameBytes(payloadBytes));
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(0, generation);
  const header = {
    suite: 1,
    flags: keyframe ? FLAG.keyframe : 0,
    codec: 1,
    streamId,
    keyId: 1,
    epoch: 1,
    length: payloadBytes,
    sequence,
    captureTime: micros(0),
    pts: micros(sequence * 40_000),
    ptsMinusDts: micros(0),
    arrivalTime: micros(0),
    nonce,
  };
  writeHeader(header, bytes, 0);
  const made = readFrame(bytes);
  if (!made) throw new Error("half a frame");
  return made;
}

export function join(frames: readonly SealedFrame[]): Uint8Array {
  const out = new Uint8Array(frames.reduce((sum, one) => sum + one.bytes.byteLength, 0));
  let offset = 0;
  for (const one of frames) {
    out.set(one.bytes, offset);
    offset += one.bytes.byteLength;
  }
  return out;
}
