import { FluxError } from "../lib/errors.ts";
import { FLAG, HEADER_BYTES, readFrame, readHeader, type SealedFrame, sealedFrameBytes } from "../wire/sealed-frame.ts";
import { decodeSegmentHeader, decodeSegmentIndex, segmentIndexBytes } from "../wire/segment-codec.ts";
import {
  SEGMENT_HEADER_BYTES,
  SEGMENT_TRAILER_BYTES,
  type SegmentHeader,
  type SegmentIndex,
} from "../wire/segment-file.ts";
import type { ByteFile } from "./package-files.ts";

export interface SealedFile {
  readonly header: SegmentHeader;
  readonly index: SegmentIndex;
}

/** Header and index of a segment of a package. Throws `segment.*`; `evidence.no_index` for one that was cut. */
export async function readSealedFile(file: ByteFile): Promise<SealedFile> {
  const header = decodeSegmentHeader(await file.readAt(0, SEGMENT_HEADER_BYTES));
  const trailerAt = Math.max(0, file.bytes - SEGMENT_TRAILER_BYTES);
  const indexBytes = segmentIndexBytes(await file.readAt(trailerAt, SEGMENT_TRAILER_BYTES), file.bytes);
  const index =
    indexBytes === undefined
      ? undefined
      : decodeSegmentIndex(await file.readAt(file.bytes - indexBytes, indexBytes), file.bytes);
  if (!index) throw new FluxError("evidence.no_index", "the segment has no valid end");
  return { header, index };
}

const PIECE_BYTES = 1024 * 1024;

/** Whole frames from `offset` on, up to `end`. Throws `wire.*` and `evidence.torn_frame`. Bounded memory. */
export async function* sealedFrames(file: ByteFile, offset: number, end: number): AsyncGenerator<SealedFrame> {
  let piece: Uint8Array = new Uint8Array(0);
  let pieceAt = offset;
  for (let at = offset; at < end; ) {
    let start = at - pieceAt;
    if (start + HEADER_BYTES > piece.byteLength || !fits(piece, start)) {
      const header = await file.readAt(at, Math.min(HEADER_BYTES, end - at));
      const frameBytes = sealedFrameBytes(readHeader(header).length);
      if (at + frameBytes > end) throw new FluxError("evidence.torn_frame", "the last frame is cut off");
      pieceAt = at;
      piece = await file.readAt(at, Math.min(Math.max(PIECE_BYTES, frameBytes), end - at));
      start = 0;
    }
    const frame = readFrame(piece, start);
    if (!frame) throw new FluxError("evidence.torn_frame", "a frame is cut off");
    yield frame;
    at += frame.bytes.byteLength;
  }
}

function fits(piece: Uint8Array, start: number): boolean {
  return start + sealedFrameBytes(readHeader(piece, start).length) <= piece.byteLength;
}

export function isAudioFrame({ header }: Pick<SealedFrame, "header">): boolean {
  return (header.flags & FLAG.audio) !== 0;
}

export function isKeyframeOf({ header }: Pick<SealedFrame, "header">): boolean {
  return (header.flags & (FLAG.keyframe | FLAG.audio)) === FLAG.keyframe;
}
