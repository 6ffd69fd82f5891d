import { HEADER_BYTES, readHeader, type SealedHeader, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from "../../shared/wire/segment-file.ts";
import { type ByteSource, frameHeaders, IndexBuilder, type OpenedSegment, openSegment } from "./segment-reader.ts";

/** Bytes in which whole frames follow one another. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Its index knows the frames behind damage, too. */
export interface SalvagedSegment extends OpenedSegment {
  /** In file order. More than one, or one that does not begin behind the header: between them nothing can be read. */
  readonly stretches: readonly Stretch[];
}

const SCAN_BYTES = 1024 * 1024;
/** How a frame's header begins: magic and version (shared/wire/SPEC.md, section 1). */
const BEGINNING = Buffer.from([0x46, 0x53, 0x01]);
/** A file is of one day; a frame that lies far outside is what an older file left on the disk. */
const BEFORE_MICROS = 60_000_000;
const AFTER_MICROS = 26 * 3_600_000_000;

/**
 * Opens a segment as it lies on the disk, also one in which something is broken: where a header cannot be read, the next
 * one is looked for, so that one bad byte is not the end of all that follows. Throws as `openSegment`.
 */
export async function salvageSegment(source: ByteSource): Promise<SalvagedSegment> {
  const opened = await openSegment(source);
  const { index, closed } = opened;
  const whole = { from: SEGMENT_HEADER_BYTES, to: index.dataEnd };
  if (closed || index.dataEnd === source.bytes) return { ...opened, stretches: index.frames > 0 ? [whole] : [] };
  const builder = new IndexBuilder();
  const stretches: Stretch[] = [];
  for (let from: number | undefined = SEGMENT_HEADER_BYTES; from !== undefined; ) {
    const { to, next } = await walk(source, opened.header, from, builder);
    if (to > from) stretches.push({ from, to });
    from = next;
  }
  return { ...opened, index: builder.finish(stretches.at(-1)?.to ?? SEGMENT_HEADER_BYTES), stretches };
}

/** Something is broken that whole frames follow. */
export function isDamaged({ stretches }: Pick<SalvagedSegment, "stretches">): boolean {
  return stretches.length > 1 || (stretches[0]?.from ?? SEGMENT_HEADER_BYTES) > SEGMENT_HEADER_BYTES;
}

/** Where what can be read from `offset` on without a break ends, at the latest at `end`. */
export function readableTo({ stretches }: Pick<SalvagedSegment, "stretches">, offset: number, end: number): number {
  const holding = stretches.find(({ from, to }) => from <= offset && offset < to);
  return Math.min(end, holding?.to ?? end);
}

/** From `from` to where it breaks off (`to`), and where it goes on behind that (`next`). */
async function walk(
  source: ByteSource,
  segment: SegmentHeader,
  from: number,
  builder: IndexBuilder,
): Promise<{ readonly to: number; readonly next: number | undefined }> {
  // One frame behind: a length that was changed is seen only at what should follow it.
  let last: { readonly header: SealedHeader; readonly at: number } | undefined;
  for await (const frame of frameHeaders(source, source.bytes, from)) {
    if (last) builder.add(last.header, last.at);
    last = frame;
  }
  const to = last ? last.at + sealedFrameBytes(last.header.length) : from;
  const next =
    to === source.bytes ? undefined : await findFrame(source, segment, last ? last.at + HEADER_BYTES : from + 1);
  if (last && next !== undefined && next < to) return { to: last.at, next };
  if (last) builder.add(last.header, last.at);
  return { to, next };
}

/** Of the next whole frame that this segment may hold. In ciphertext one is found by chance once in 2^64 bytes. */
async function findFrame(source: ByteSource, segment: SegmentHeader, from: number): Promise<number | undefined> {
  for (let at = from; at + HEADER_BYTES <= source.bytes; at += SCAN_BYTES) {
    const piece = await source.readAt(at, Math.min(SCAN_BYTES + HEADER_BYTES, source.bytes - at));
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let hit = bytes.indexOf(BEGINNING); hit >= 0; hit = bytes.indexOf(BEGINNING, hit + 1)) {
      if (hit + HEADER_BYTES <= bytes.byteLength && isFrameOf(segment, bytes, hit, source.bytes - at)) return at + hit;
    }
  }
  return undefined;
}

function isFrameOf({ streamId, start }: SegmentHeader, bytes: Uint8Array, at: number, end: number): boolean {
  let header: SealedHeader;
  try {
    header = readHeader(bytes, at);
  } catch {
    return false;
  }
  if (header.streamId !== streamId || at + sealedFrameBytes(header.length) > end) return false;
  return header.captureTime >= start - BEFORE_MICROS && header.captureTime <= start + AFTER_MICROS;
}
