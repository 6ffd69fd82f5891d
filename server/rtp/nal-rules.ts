import { BitReader, unescapeRbsp } from "./bit-reader.ts";
import { parseH264Sps } from "./sps-h264.ts";
import { parseH265Sps } from "./sps-h265.ts";
import type { VideoFormat } from "./video-format.ts";

/** What a NAL unit is to the assembler, whatever the codec. */
export const NAL = {
  /** Fillers, ends of sequence: carry nothing that a decoder needs. */
  dropped: 0,
  /** A slice of a picture that others cannot be decoded from alone. */
  slice: 1,
  /** A slice of a picture at which decoding can start: H.264 IDR, H.265 IRAP. */
  keySlice: 2,
  parameterSet: 3,
  /** Supplemental information in front of a picture. */
  sei: 4,
  /** Information after a picture's slices. */
  suffix: 5,
  /** Kept. */
  prefix: 6,
  /** Access unit delimiter: not kept, but a picture ends before it. */
  delimiter: 7,
} as const;
export type NalKind = (typeof NAL)[keyof typeof NAL];

/** What the assembler must know about a codec. */
export interface NalRules {
  readonly codec: "h264" | "h265";
  readonly headerBytes: 1 | 2;
  /** Types of parameter set that a keyframe cannot do without. */
  readonly requiredSets: readonly number[];
  readonly spsType: number;
  type(first: number): number;
  kind(type: number): NalKind;
  /** No picture refers to it. Given both header bytes and the number of temporal layers. */
  disposable(first: number, second: number, subLayers: number): boolean;
  /** H.265 RASL: not decodable when decoding started at the keyframe before it. */
  skippedAfterRandomAccess(type: number): boolean;
  /** False for an H.265 CRA or BLA: pictures that follow it may refer to what was before it. */
  cleanStart(type: number): boolean;
  parseSps(nal: Uint8Array): VideoFormat;
  /** Id of a parameter set; throws `rtp.parameter_set` when it cannot be read. */
  setId(nal: Uint8Array): number;
  /** Whether a SEI NAL unit holds a recovery point. */
  hasRecoveryPoint(nal: Uint8Array): boolean;
}

const H264_KINDS = kinds(32, [
  [[1, 2, 3, 4], NAL.slice],
  [[5], NAL.keySlice],
  [[6], NAL.sei],
  [[7, 8], NAL.parameterSet],
  [[9], NAL.delimiter],
  [[13, 14, 15, 16, 17, 18], NAL.prefix],
]);

export const H264_RULES: NalRules = {
  codec: "h264",
  headerBytes: 1,
  requiredSets: [7, 8],
  spsType: 7,
  type: (first) => first & 0x1f,
  kind: (type) => H264_KINDS[type] ?? NAL.dropped,
  disposable: (first) => (first & 0x60) === 0,
  skippedAfterRandomAccess: () => false,
  cleanStart: () => true,
  parseSps: parseH264Sps,
  setId: (nal) => (((nal[0] as number) & 0x1f) === 7 ? parseH264Sps(nal).id : firstCode(nal, 1)),
  hasRecoveryPoint: (nal) => hasSeiPayload(nal, 1, 6),
};

const H265_KINDS = kinds(64, [
  [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], NAL.slice],
  [[16, 17, 18, 19, 20, 21], NAL.keySlice],
  [[32, 33, 34], NAL.parameterSet],
  [[35], NAL.delimiter],
  [[39], NAL.sei],
  [[40], NAL.suffix],
  [[41, 42, 43, 44, 48, 49, 50, 51, 52, 53, 54, 55], NAL.prefix],
]);

export const H265_RULES: NalRules = {
  codec: "h265",
  headerBytes: 2,
  requiredSets: [32, 33, 34],
  spsType: 33,
  type: (first) => (first >> 1) & 0x3f,
  kind: (type) => H265_KINDS[type] ?? NAL.dropped,
  // Even types below 16 are sub-layer non-reference pictures: higher layers may still refer to them.
  disposable: (first, second, subLayers) => (first & 0x62) === 0 && (second & 7) >= subLayers,
  skippedAfterRandomAccess: (type) => type === 8 || type === 9,
  cleanStart: (type) => type === 19 || type === 20,
  parseSps: parseH265Sps,
  setId(nal) {
    const type = ((nal[0] as number) >> 1) & 0x3f;
    if (type === 33) return parseH265Sps(nal).id;
    return type === 32 ? new BitReader(unescapeRbsp(nal, 2, Math.min(nal.length, 8))).bits(4) : firstCode(nal, 2);
  },
  hasRecoveryPoint: (nal) => hasSeiPayload(nal, 2, 6),
};

function kinds(size: number, entries: readonly (readonly [readonly number[], NalKind])[]): NalKind[] {
  const table: NalKind[] = new Array<NalKind>(size).fill(NAL.dropped);
  for (const [types, kind] of entries) for (const type of types) table[type] = kind;
  return table;
}

function firstCode(nal: Uint8Array, headerBytes: number): number {
  return new BitReader(unescapeRbsp(nal, headerBytes, Math.min(nal.length, headerBytes + 12))).ue();
}

/** Walks sei_message() headers (H.264 7.3.2.3.1); emulation prevention inside sizes is rare enough to ignore. */
function hasSeiPayload(nal: Uint8Array, headerBytes: number, wanted: number): boolean {
  let at = headerBytes;
  while (at + 2 <= nal.length) {
    let type = 0;
    while (nal[at] === 255) {
      type += 255;
      at++;
    }
    type += nal[at++] ?? 0;
    let size = 0;
    while (nal[at] === 255) {
      size += 255;
      at++;
    }
    size += nal[at++] ?? 0;
    if (type === wanted) return true;
    at += size;
  }
  return false;
}
