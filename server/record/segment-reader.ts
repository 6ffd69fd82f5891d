import { type FileHandle, open } from "node:fs/promises";
import { FluxError } from "../../shared/lib/errors.ts";
import { type Micros, micros } from "../../shared/lib/time.ts";
import { HEADER_BYTES, readHeader, type SealedHeader, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import { decodeSegmentHeader, decodeSegmentIndex, segmentIndexBytes } from "../../shared/wire/segment-codec.ts";
import {
  type KeyframeEntry,
  SEGMENT_HEADER_BYTES,
  SEGMENT_TRAILER_BYTES,
  type SegmentHeader,
  type SegmentIndex,
} from "../../shared/wire/segment-file.ts";
import { isAudio, isKeyframe } from "../fanout/frames.ts";

/** Where a segment's bytes come from: a file, or an object of cold storage. */
export interface ByteSource {
  readonly bytes: number;
  /** Exactly `length` bytes, or fewer at the end. */
  readAt(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface OpenedSegment {
  readonly header: SegmentHeader;
  readonly index: SegmentIndex;
  /** The file was closed properly: its index was read, not rebuilt. */
  readonly closed: boolean;
  readAt(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Walking reads headers in pieces of this size. */
const WALK_BYTES = 256 * 1024;
/** Duration assumed of a single frame. */
const ONE_FRAME_MICROS = 40_000;

/**
 * Opens a segment. `readableBytes`: nothing beyond is looked at, as of a file that is being written. Throws
 * `segment.*` for what is no segment, and the system's errors.
 */
export async function openSegment(source: ByteSource, readableBytes = source.bytes): Promise<OpenedSegment> {
  const fileBytes = Math.min(source.bytes, readableBytes);
  const header = decodeSegmentHeader(await source.readAt(0, SEGMENT_HEADER_BYTES));
  const stored = fileBytes === source.bytes ? await storedIndex(source, fileBytes) : undefined;
  const index = stored ?? (await walkSegment(source, fileBytes));
  return {
    header,
    index,
    closed: stored !== undefined,
    readAt: (offset, length) => source.readAt(offset, length),
    close: () => source.close(),
  };
}

export async function openSegmentFile(path: string, readableBytes?: number): Promise<OpenedSegment> {
  const source = await openFileSource(path);
  try {
    return await openSegment(source, readableBytes);
  } catch (error) {
    await source.close();
    throw error;
  }
}

export async function openFileSource(path: string): Promise<ByteSource> {
  const file = await open(path, "r");
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new FluxError("segment.no_file", `${path} is no file`);
    return { bytes: stats.size, readAt: (offset, length) => readAt(file, offset, length), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

async function storedIndex(source: ByteSource, fileBytes: number): Promise<SegmentIndex | undefined> {
  if (fileBytes < SEGMENT_HEADER_BYTES + SEGMENT_TRAILER_BYTES) return undefined;
  const trailer = await source.readAt(fileBytes - SEGMENT_TRAILER_BYTES, SEGMENT_TRAILER_BYTES);
  const bytes = segmentIndexBytes(trailer, fileBytes);
  if (bytes === undefined) return undefined;
  return decodeSegmentIndex(await source.readAt(fileBytes - bytes, bytes), fileBytes);
}

/** What a walk over a segment's frames adds up. */
export class IndexBuilder {
  readonly #keyframes: KeyframeEntry[] = [];
  #frames = 0;
  #audioFrames = 0;
  #start: Micros | undefined;
  #last: Micros | undefined;
  #lastGapMicros = ONE_FRAME_MICROS;

  add(header: SealedHeader, offset: number): void {
    if (isKeyframe(header)) {
      this.#keyframes.push({ captureTime: header.captureTime, offset, ordinal: this.#frames });
    }
    this.#frames++;
    if (isAudio(header)) {
      this.#audioFrames++;
      return;
    }
    const { captureTime } = header;
    this.#start ??= captureTime;
    if (this.#last !== undefined && captureTime > this.#last) this.#lastGapMicros = captureTime - this.#last;
    if (this.#last === undefined || captureTime > this.#last) this.#last = captureTime;
  }

  get frames(): number {
    return this.#frames;
  }
  get audioFrames(): number {
    return this.#audioFrames;
  }
  get keyframes(): number {
    return this.#keyframes.length;
  }
  get start(): Micros {
    return this.#start ?? micros(0);
  }
  /** A second at most is taken for one frame's duration. */
  get end(): Micros {
    return micros((this.#last ?? 0) + Math.min(this.#lastGapMicros, 1_000_000));
  }

  /** What was added so far; later frames do not change it. */
  finish(dataEnd: number): SegmentIndex {
    const { frames, audioFrames, start, end } = this;
    return { keyframes: this.#keyframes.slice(), frames, audioFrames, start, end, dataEnd };
  }
}

/** Reads the frames' headers one after the other, up to the last whole frame (R2). Bounded memory. */
async function walkSegment(source: ByteSource, fileBytes: number): Promise<SegmentIndex> {
  const builder = new IndexBuilder();
  let offset = SEGMENT_HEADER_BYTES;
  for await (const { header, at } of frameHeaders(source, fileBytes)) {
    builder.add(header, at);
    offset = at + sealedFrameBytes(header.length);
  }
  return builder.finish(offset);
}

/** Headers of whole frames, in file order; ends quietly at the first thing that is no whole frame. */
export async function* frameHeaders(
  source: ByteSource,
  fileBytes = source.bytes,
  from = SEGMENT_HEADER_BYTES,
): AsyncGenerator<{ readonly header: SealedHeader; readonly at: number }> {
  let piece: Uint8Array = new Uint8Array(0);
  let pieceAt = from;
  let at = from;
  while (at + HEADER_BYTES <= fileBytes) {
    if (at < pieceAt || at + HEADER_BYTES > pieceAt + piece.byteLength) {
      pieceAt = at;
      piece = await source.readAt(at, Math.min(WALK_BYTES, fileBytes - at));
      if (piece.byteLength < HEADER_BYTES) return;
    }
    let header: SealedHeader;
    try {
      header = readHeader(piece, at - pieceAt);
    } catch {
      return;
    }
    if (at + sealedFrameBytes(header.length) > fileBytes) return;
    yield { header, at };
    at += sealedFrameBytes(header.length);
  }
}
