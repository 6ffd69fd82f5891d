import { crc32 } from "../lib/crc32.ts";
import { FluxError } from "../lib/errors.ts";
import { type Micros, micros } from "../lib/time.ts";
import {
  INDEX_ENTRY_BYTES,
  type KeyframeEntry,
  SEGMENT_HEADER_BYTES,
  SEGMENT_TRAILER_BYTES,
  SEGMENT_VERSION,
  type SegmentHeader,
  type SegmentIndex,
} from "./segment-file.ts";

const HEADER_MAGIC = 0x46564d53; // "FVMS"
const TRAILER_MAGIC = 0x46564958; // "FVIX"
const CODEC_STRING_OFFSET = 64;
const CODEC_STRING_BYTES = 64;
const HEADER_CRC_OFFSET = 252;
const TRAILER_CRC_OFFSET = 60;
const ROLES = ["main", "sub"] as const;

/** SPEC section 11, header. Throws `segment.bad_header` for values that it has no room for. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const codecString = new TextEncoder().encode(header.codecString);
  if (codecString.byteLength >= CODEC_STRING_BYTES) {
    throw new FluxError("segment.bad_header", "the codec string is too long", { field: "codecString" });
  }
  view.setUint32(0, HEADER_MAGIC);
  view.setUint8(4, SEGMENT_VERSION);
  view.setUint8(5, header.suite);
  view.setUint16(6, SEGMENT_HEADER_BYTES);
  view.setUint32(8, header.streamId);
  view.setUint32(12, header.keyId);
  setInt64(view, 16, header.start);
  bytes.set(uuidBytes(header.cameraId, "cameraId"), 24);
  bytes.set(uuidBytes(header.runId, "runId"), 40);
  view.setUint8(56, ROLES.indexOf(header.role) + 1);
  view.setUint8(57, header.codec);
  view.setUint16(58, header.width);
  view.setUint16(60, header.height);
  bytes.set(codecString, CODEC_STRING_OFFSET);
  view.setUint32(HEADER_CRC_OFFSET, crc32(bytes.subarray(0, HEADER_CRC_OFFSET)));
  return bytes;
}

/** Throws `segment.short`, `segment.magic`, `segment.version`, `segment.bad_header`. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader {
  if (bytes.byteLength < SEGMENT_HEADER_BYTES) throw new FluxError("segment.short", "shorter than a segment's header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  if (view.getUint32(0) !== HEADER_MAGIC) throw new FluxError("segment.magic", "not a segment file");
  if (view.getUint8(4) !== SEGMENT_VERSION || view.getUint16(6) !== SEGMENT_HEADER_BYTES) {
    throw new FluxError("segment.version", `segment version ${view.getUint8(4)} is not known`);
  }
  if (view.getUint32(HEADER_CRC_OFFSET) !== crc32(bytes.subarray(0, HEADER_CRC_OFFSET))) {
    throw new FluxError("segment.bad_header", "the header's checksum is wrong");
  }
  const role = ROLES[view.getUint8(56) - 1];
  if (role === undefined) throw new FluxError("segment.bad_header", "neither main nor sub stream", { field: "role" });
  const text = bytes.subarray(CODEC_STRING_OFFSET, CODEC_STRING_OFFSET + CODEC_STRING_BYTES);
  const end = text.indexOf(0);
  return {
    cameraId: uuidText(bytes.subarray(24, 40)),
    streamId: view.getUint32(8),
    role,
    suite: view.getUint8(5),
    keyId: view.getUint32(12),
    codec: view.getUint8(57),
    codecString: new TextDecoder().decode(text.subarray(0, end < 0 ? undefined : end)),
    width: view.getUint16(58),
    height: view.getUint16(60),
    start: getInt64(view, 16, "start"),
    runId: uuidText(bytes.subarray(40, 56)),
  };
}

/** Index and trailer, as they stand at the end of a closed file. */
export function encodeSegmentIndex(index: SegmentIndex): Uint8Array<ArrayBuffer> {
  const { keyframes } = index;
  const bytes = new Uint8Array(keyframes.length * INDEX_ENTRY_BYTES + SEGMENT_TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [at, { captureTime, offset, ordinal }] of keyframes.entries()) {
    setInt64(view, at * INDEX_ENTRY_BYTES, captureTime);
    setInt64(view, at * INDEX_ENTRY_BYTES + 8, offset);
    view.setUint32(at * INDEX_ENTRY_BYTES + 16, ordinal);
  }
  const trailer = keyframes.length * INDEX_ENTRY_BYTES;
  view.setUint32(trailer, TRAILER_MAGIC);
  view.setUint8(trailer + 4, SEGMENT_VERSION);
  view.setUint32(trailer + 8, keyframes.length);
  view.setUint32(trailer + 12, index.frames);
  view.setUint32(trailer + 16, index.audioFrames);
  setInt64(view, trailer + 24, index.start);
  setInt64(view, trailer + 32, index.end);
  setInt64(view, trailer + 40, index.dataEnd);
  view.setUint32(trailer + TRAILER_CRC_OFFSET, crc32(bytes.subarray(0, trailer + TRAILER_CRC_OFFSET)));
  return bytes;
}

/**
 * How many bytes index and trailer take, from the file's last 64; undefined when they are no trailer of a file of that
 * size. Never more than the file holds (W103).
 */
export function segmentIndexBytes(trailer: Uint8Array, fileBytes: number): number | undefined {
  if (trailer.byteLength !== SEGMENT_TRAILER_BYTES) return undefined;
  const view = new DataView(trailer.buffer, trailer.byteOffset, SEGMENT_TRAILER_BYTES);
  if (view.getUint32(0) !== TRAILER_MAGIC || view.getUint8(4) !== SEGMENT_VERSION) return undefined;
  const bytes = view.getUint32(8) * INDEX_ENTRY_BYTES + SEGMENT_TRAILER_BYTES;
  return bytes <= fileBytes - SEGMENT_HEADER_BYTES ? bytes : undefined;
}

/** From the last `segmentIndexBytes` of the file; undefined when it cannot be trusted (W103). */
export function decodeSegmentIndex(bytes: Uint8Array, fileBytes: number): SegmentIndex | undefined {
  const trailer = bytes.byteLength - SEGMENT_TRAILER_BYTES;
  if (trailer < 0) return undefined;
  if (segmentIndexBytes(bytes.subarray(trailer), fileBytes) !== bytes.byteLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(trailer + TRAILER_CRC_OFFSET) !== crc32(bytes.subarray(0, trailer + TRAILER_CRC_OFFSET))) {
    return undefined;
  }
  try {
    const dataEnd = getInt64(view, trailer + 40, "dataEnd");
    if (dataEnd !== fileBytes - bytes.byteLength) return undefined;
    const keyframes: KeyframeEntry[] = [];
    let before = SEGMENT_HEADER_BYTES - 1;
    for (let at = 0; at < trailer; at += INDEX_ENTRY_BYTES) {
      const offset = getInt64(view, at + 8, "offset");
      if (offset <= before || offset >= dataEnd) return undefined;
      before = offset;
      keyframes.push({ captureTime: getInt64(view, at, "captureTime"), offset, ordinal: view.getUint32(at + 16) });
    }
    return {
      keyframes,
      frames: view.getUint32(trailer + 12),
      audioFrames: view.getUint32(trailer + 16),
      start: getInt64(view, trailer + 24, "start"),
      end: getInt64(view, trailer + 32, "end"),
      dataEnd,
    };
  } catch {
    return undefined;
  }
}

function setInt64(view: DataView, offset: number, value: number): void {
  view.setInt32(offset, Math.floor(value / 0x1_0000_0000));
  view.setUint32(offset + 4, value >>> 0);
}

function getInt64(view: DataView, offset: number, field: string): Micros {
  const value = view.getInt32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4);
  if (!Number.isSafeInteger(value)) throw new FluxError("segment.bad_header", "a number beyond 2^53", { field });
  return micros(value);
}

function uuidBytes(text: string, field: string): Uint8Array {
  const hex = text.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new FluxError("segment.bad_header", "not a UUID", { field });
  return Uint8Array.from({ length: 16 }, (_, at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16));
}

function uuidText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
