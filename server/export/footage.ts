import type { ByteFile } from "../../shared/evidence/package-files.ts";
import { isAudioFrame } from "../../shared/evidence/sealed-media.ts";
import { sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import type { SegmentHeader, SegmentIndex } from "../../shared/wire/segment-file.ts";
import { ObjectReader } from "../record/object-source.ts";
import {
  type ByteSource,
  frameHeaders,
  type OpenedSegment,
  openFileSource,
  openSegment,
} from "../record/segment-reader.ts";
import type { ExportHost } from "./host.ts";
import type { ExportItem, ExportSegment } from "./protocol.ts";

/** Of a segment in cold storage, in memory. */
const OBJECT_BYTES = 16 * 1024 * 1024;

/** The part of a segment that an export takes. */
export interface Footage {
  readonly header: SegmentHeader;
  readonly index: SegmentIndex;
  readonly file: ByteFile;
  /** Where its first keyframe lies, and where the last frame taken ends. */
  readonly from: number;
  readonly to: number;
  /** Of the first piece of sound in it. */
  readonly audioCodec: number | undefined;
  close(): Promise<void>;
}

/**
 * Opens a segment and finds what of it belongs to the item: from the keyframe at or before the start, up to the end (or
 * the end of the GOP, for `wholeGops`). Undefined: nothing. Throws `segment.*` and the system's errors.
 */
export async function openFootage(
  host: ExportHost,
  segment: ExportSegment,
  item: Pick<ExportItem, "startMicros" | "endMicros">,
  options: { readonly wholeGops: boolean; readonly first: boolean },
): Promise<Footage | undefined> {
  const source = await openSource(host, segment);
  let opened: OpenedSegment;
  try {
    opened = await openSegment(source, segment.open ? segment.bytes : undefined);
  } catch (error) {
    await source.close();
    throw error;
  }
  try {
    const { header, index } = opened;
    // Later segments begin where the earlier one ended, whatever their clocks say.
    const from = startOffset(index, options.first ? item.startMicros : Number.NEGATIVE_INFINITY);
    const to = from === undefined ? undefined : await endOffset(source, index, from, item.endMicros, options.wholeGops);
    if (from === undefined || to === undefined || to <= from) {
      await opened.close();
      return undefined;
    }
    const file: ByteFile = {
      name: "segment",
      bytes: to,
      readAt: async (offset, length) => (await source.readAt(offset, length)) as Uint8Array<ArrayBuffer>,
    };
    const audioCodec = index.audioFrames === 0 ? undefined : await firstAudioCodec(source, from, to);
    return { header, index, file, from, to, audioCodec, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openSource(host: ExportHost, { segmentId, place, bytes, open }: ExportSegment): Promise<ByteSource> {
  if (place.kind === "file") {
    try {
      return await openFileSource(place.path);
    } catch (error) {
      // Moved to another tier since the export was ordered.
      if (open || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  const reader = new ObjectReader((...part) => host.readSegment(...part), { maxBytes: OBJECT_BYTES });
  return reader.source(segmentId, bytes);
}

/** The last keyframe at or before the time, else the first one. */
function startOffset({ keyframes }: SegmentIndex, startMicros: number): number | undefined {
  let found = keyframes[0];
  for (const keyframe of keyframes) if (keyframe.captureTime <= startMicros) found = keyframe;
  return found?.offset;
}

async function endOffset(
  source: ByteSource,
  { keyframes, dataEnd }: SegmentIndex,
  from: number,
  endMicros: number,
  wholeGops: boolean,
): Promise<number> {
  const next = keyframes.find(({ captureTime, offset }) => offset >= from && captureTime >= endMicros);
  const end = next?.offset ?? dataEnd;
  if (wholeGops) return end;
  // In decode order up to the last picture before the end: what its B-frames need comes before them.
  const lastKeyframe = keyframes.findLast(({ offset }) => offset < end && offset >= from);
  let to = from;
  if (!lastKeyframe) return to;
  for await (const { header, at } of frameHeaders(source, end, lastKeyframe.offset)) {
    const after = at + sealedFrameBytes(header.length);
    if (!isAudioFrame({ header }) && header.captureTime < endMicros) to = after;
  }
  return Math.max(to, lastKeyframe.offset);
}

async function firstAudioCodec(source: ByteSource, from: number, to: number): Promise<number | undefined> {
  for await (const { header } of frameHeaders(source, to, from)) if (isAudioFrame({ header })) return header.codec;
  return undefined;
}
