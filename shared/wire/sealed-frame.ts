import { FluxError } from "../lib/errors.ts";
import { type Micros, micros } from "../lib/time.ts";

/** The sealed frame: one layout for wire and disk. Rules and vectors: SPEC.md. */
export const HEADER_BYTES = 72;
export const TAG_BYTES = 16;
export const NONCE_BYTES = 12;
/** A 4K intra picture at the best quality stays below this; more is a hostile or broken source. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
export const WIRE_VERSION = 1;

const MAGIC = 0x4653; // "FS"
const NONCE_OFFSET = 56;

export const FLAG = {
  keyframe: 1,
  disposable: 2,
  discontinuity: 4,
  codecChange: 8,
  /** The payload is audio. */
  audio: 16,
  /** `captureTime` comes from the camera's own clock (RTCP sender report), else from arrival. */
  cameraClock: 32,
} as const;

/** Cleartext but authenticated: enough to index, cache a GOP, skip to a keyframe and thin frames without a key. */
export interface SealedHeader {
  readonly suite: number;
  readonly flags: number;
  readonly codec: number;
  /** The database's number of the stream (a camera's main or sub); audio shares it. */
  readonly streamId: number;
  /** Number of the data encryption key. */
  readonly keyId: number;
  /** `floor(unix seconds / 600)` at sealing: which epoch key. */
  readonly epoch: number;
  /** Ciphertext bytes, without header and tag. */
  readonly length: number;
  /** Per stream and seal generation, +1 each frame: a gap is a loss. */
  readonly sequence: number;
  /** When the picture was taken, UTC. */
  readonly captureTime: Micros;
  readonly pts: Micros;
  /** `pts - dts`, >= 0 with B-frames. */
  readonly ptsMinusDts: Micros;
  /** When the server had received it, UTC. */
  readonly arrivalTime: Micros;
  /** generation u32 | stream id u32 | counter u32. */
  readonly nonce: Uint8Array;
}

export interface SealedFrame {
  readonly header: SealedHeader;
  /** The whole frame: header, ciphertext, tag. */
  readonly bytes: Uint8Array;
}

export function sealedFrameBytes(payloadBytes: number): number {
  return HEADER_BYTES + payloadBytes + TAG_BYTES;
}

export function writeHeader(header: SealedHeader, out: Uint8Array, offset: number): void {
  const view = new DataView(out.buffer, out.byteOffset + offset, HEADER_BYTES);
  view.setUint16(0, MAGIC);
  view.setUint8(2, WIRE_VERSION);
  view.setUint8(3, header.suite);
  view.setUint16(4, header.flags);
  view.setUint8(6, header.codec);
  view.setUint8(7, HEADER_BYTES);
  view.setUint32(8, header.streamId);
  view.setUint32(12, header.keyId);
  view.setUint32(16, header.epoch);
  view.setUint32(20, header.length);
  writeInt64(view, 24, header.sequence);
  writeInt64(view, 32, header.captureTime);
  writeInt64(view, 40, header.pts);
  writeInt64(view, 48, header.arrivalTime);
  out.set(header.nonce, offset + NONCE_OFFSET);
  view.setInt32(68, header.ptsMinusDts);
}

/** Parses the header at `offset`. Throws `wire.*` on anything that this version cannot mean. */
export function readHeader(bytes: Uint8Array, offset = 0): SealedHeader {
  if (bytes.byteLength - offset < HEADER_BYTES) throw new FluxError("wire.short", "frame shorter than its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, HEADER_BYTES);
  if (view.getUint16(0) !== MAGIC) throw new FluxError("wire.magic", "not a sealed frame");
  if (view.getUint8(2) !== WIRE_VERSION || view.getUint8(7) !== HEADER_BYTES) {
    throw new FluxError("wire.version", `sealed frame version ${view.getUint8(2)} is not known`);
  }
  const length = view.getUint32(20);
  if (length > MAX_PAYLOAD_BYTES) throw new FluxError("wire.length", `payload of ${length} bytes is over the limit`);
  return {
    suite: view.getUint8(3),
    flags: view.getUint16(4),
    codec: view.getUint8(6),
    streamId: view.getUint32(8),
    keyId: view.getUint32(12),
    epoch: view.getUint32(16),
    length,
    sequence: readInt64(view, 24),
    captureTime: micros(readInt64(view, 32)),
    pts: micros(readInt64(view, 40)),
    arrivalTime: micros(readInt64(view, 48)),
    nonce: bytes.subarray(offset + NONCE_OFFSET, offset + NONCE_OFFSET + NONCE_BYTES),
    ptsMinusDts: micros(view.getInt32(68)),
  };
}

/** One frame at `offset`; undefined when its last byte has not arrived. */
export function readFrame(bytes: Uint8Array, offset = 0): SealedFrame | undefined {
  if (bytes.byteLength - offset < HEADER_BYTES) return undefined;
  const header = readHeader(bytes, offset);
  const end = offset + sealedFrameBytes(header.length);
  if (end > bytes.byteLength) return undefined;
  return { header, bytes: bytes.subarray(offset, end) };
}

// Two 32-bit halves instead of BigInt: no allocation per frame. Exact for |value| < 2^53.
function writeInt64(view: DataView, offset: number, value: number): void {
  view.setInt32(offset, Math.floor(value / 0x1_0000_0000));
  view.setUint32(offset + 4, value >>> 0);
}

function readInt64(view: DataView, offset: number): number {
  const value = view.getInt32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4);
  if (!Number.isSafeInteger(value)) throw new FluxError("wire.number", "a 64-bit field is beyond 2^53");
  return value;
}
