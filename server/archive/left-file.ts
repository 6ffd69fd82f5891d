import { HEADER_BYTES, readHeader, sealedFrameBytes, TAG_BYTES } from "../../shared/wire/sealed-frame.ts";
import { encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { SEGMENT_HEADER_BYTES } from "../../shared/wire/segment-file.ts";
import type { ByteSource } from "../record/segment-reader.ts";
import { isDamaged, type SalvagedSegment } from "../record/segment-salvage.ts";

/** What the index promises of a file (README of server/record, R3). */
export interface Promised {
  readonly bytes: number;
  readonly state: string;
}

/**
 * What a file is that somebody left. `torn`: behind its last whole frame is a tail that nobody was promised; it may be cut
 * off and the file closed. `empty`: less than one frame, and no row: it may go. `damaged`: nothing of it may be cut off
 * (R1), it stays as it is.
 */
export type LeftFile =
  | { readonly kind: "closed" | "torn"; readonly bytes: number }
  | { readonly kind: "empty" }
  | { readonly kind: "damaged"; readonly bytes: number; readonly why: string };

const ZEROS_BYTES = 1024 * 1024;

export async function judgeFile(
  source: ByteSource,
  segment: SalvagedSegment,
  promised: Promised | undefined,
): Promise<LeftFile> {
  const { index, closed, stretches } = segment;
  const { bytes } = source;
  // Of an open file what is whole counts, of a closed one its end does too.
  const whole = index.dataEnd + encodeSegmentIndex(index).byteLength;
  if (closed) return { kind: "closed", bytes: whole };
  if (isDamaged(segment)) {
    const first = stretches[0];
    const at = first?.from === SEGMENT_HEADER_BYTES ? first.to : SEGMENT_HEADER_BYTES;
    return { kind: "damaged", bytes, why: `from byte ${at} on something cannot be read, and whole frames follow it` };
  }
  const reached = promised?.state === "open" ? index.dataEnd : whole;
  if (promised && (index.frames === 0 || reached < promised.bytes)) {
    return { kind: "damaged", bytes, why: `the index promises ${promised.bytes} bytes; ${index.dataEnd} can be read` };
  }
  if (index.frames > 0) return { kind: "torn", bytes: whole };
  if (await isLessThanAFrame(source)) return { kind: "empty" };
  return { kind: "damaged", bytes, why: "no frame can be read in it" };
}

/** Nothing, the torn beginning of one, or the zeros that a power cut leaves where nothing had arrived. */
async function isLessThanAFrame(source: ByteSource): Promise<boolean> {
  const rest = source.bytes - SEGMENT_HEADER_BYTES;
  if (rest < HEADER_BYTES + TAG_BYTES) return true;
  try {
    const header = readHeader(await source.readAt(SEGMENT_HEADER_BYTES, HEADER_BYTES));
    return sealedFrameBytes(header.length) > rest;
  } catch {
    for (let at = SEGMENT_HEADER_BYTES; at < source.bytes; at += ZEROS_BYTES) {
      const piece = await source.readAt(at, Math.min(ZEROS_BYTES, source.bytes - at));
      if (piece.some((byte) => byte !== 0)) return false;
    }
    return true;
  }
}
