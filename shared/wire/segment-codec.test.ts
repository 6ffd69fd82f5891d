import { describe, expect, it } from "vitest";
import { FluxError } from "../lib/errors.ts";
import { micros } from "../lib/time.ts";
import { decodeSegmentHeader, decodeSegmentIndex, encodeSegmentHeader, encodeSegmentIndex } from "./segment-codec.ts";
import { INDEX_ENTRY_BYTES, SEGMENT_HEADER_BYTES, SEGMENT_TRAILER_BYTES, type SegmentIndex } from "./segment-file.ts";

const HEADER = {
  cameraId: "0f0e0d0c-0b0a-4908-8706-050403020100",
  streamId: 4_000_000_001,
  role: "sub",
  suite: 1,
  keyId: 7,
  codec: 2,
  codecString: "hev1.1.6.L93.B0",
  width: 3840,
  height: 2160,
  start: micros(1_763_700_000_123_456),
  runId: "ffffffff-ffff-4fff-bfff-ffffffffffff",
} as const;

const INDEX: SegmentIndex = {
  keyframes: [
    { captureTime: micros(1_763_700_000_123_456), offset: 256, ordinal: 0 },
    { captureTime: micros(1_763_700_002_123_456), offset: 5_000_000_000, ordinal: 61 },
  ],
  frames: 120,
  audioFrames: 20,
  start: micros(1_763_700_000_123_456),
  end: micros(1_763_700_004_123_456),
  dataEnd: 6_000_000_000,
};
const INDEX_BYTES = 2 * INDEX_ENTRY_BYTES + SEGMENT_TRAILER_BYTES;
const FILE_BYTES = INDEX.dataEnd + INDEX_BYTES;

function refusal(bytes: Uint8Array): string | undefined {
  try {
    decodeSegmentHeader(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof FluxError) return error.code;
    throw error;
  }
}

describe("segment header", () => {
  it("is laid out as SPEC section 11 says, and read back", () => {
    const bytes = encodeSegmentHeader(HEADER);
    expect(bytes.byteLength).toBe(SEGMENT_HEADER_BYTES);
    const hex = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString("hex");
    expect(hex(0, 8)).toBe("46564d5301010100");
    expect(hex(8, 16)).toBe("ee6b280100000007");
    expect(hex(24, 40)).toBe("0f0e0d0c0b0a49088706050403020100");
    expect(hex(56, 64)).toBe("02020f0008700000");
    expect(hex(128, 252)).toBe("00".repeat(124));
    expect(decodeSegmentHeader(bytes)).toEqual(HEADER);
  });

  it("is read from within a larger buffer", () => {
    const outer = new Uint8Array(400);
    outer.set(encodeSegmentHeader(HEADER), 33);
    expect(decodeSegmentHeader(outer.subarray(33))).toEqual(HEADER);
  });

  it("refuses what it has no room for", () => {
    const code = expect.objectContaining({ code: "segment.bad_header" });
    expect(() => encodeSegmentHeader({ ...HEADER, codecString: "x".repeat(64) })).toThrow(code);
    expect(() => encodeSegmentHeader({ ...HEADER, cameraId: "camera" })).toThrow(code);
  });

  it("W103: every changed bit of it is noticed, and every shorter piece", () => {
    const good = encodeSegmentHeader(HEADER);
    for (let bit = 0; bit < SEGMENT_HEADER_BYTES * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refusal(bad), `bit ${bit}`).toMatch(/^segment\./);
    }
    for (let bytes = 0; bytes < SEGMENT_HEADER_BYTES; bytes++)
      expect(refusal(good.subarray(0, bytes))).toBe("segment.short");
  });
});

describe("segment index", () => {
  it("is read back, with offsets above 4 GiB", () => {
    const bytes = encodeSegmentIndex(INDEX);
    expect(bytes.byteLength).toBe(INDEX_BYTES);
    expect(decodeSegmentIndex(bytes, FILE_BYTES)).toEqual(INDEX);
  });

  it("W103: every changed bit is noticed, and an index of another file's size", () => {
    const good = encodeSegmentIndex(INDEX);
    for (let bit = 0; bit < good.byteLength * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeSegmentIndex(bad, FILE_BYTES), `bit ${bit}`).toBeUndefined();
    }
    for (let bytes = 0; bytes < good.byteLength; bytes++)
      expect(decodeSegmentIndex(good.subarray(good.byteLength - bytes), FILE_BYTES)).toBeUndefined();
    expect(decodeSegmentIndex(good, FILE_BYTES + 1)).toBeUndefined();
  });

  it("W103: one that points outside of the frames, or backwards, counts as none although its CRC is right", () => {
    const [first, second] = INDEX.keyframes;
    const withOffsets = (a: number, b: number): Uint8Array => {
      if (!first || !second) throw new Error("two keyframes");
      return encodeSegmentIndex({
        ...INDEX,
        keyframes: [
          { ...first, offset: a },
          { ...second, offset: b },
        ],
      });
    };
    for (const [a, b] of [
      [0, 300],
      [255, 300],
      [300, 300],
      [300, 256],
      [256, INDEX.dataEnd],
      [-1, 256],
    ] as const) {
      expect(decodeSegmentIndex(withOffsets(a, b), FILE_BYTES), `${a}, ${b}`).toBeUndefined();
    }
    expect(decodeSegmentIndex(withOffsets(256, 300), FILE_BYTES)).toBeDefined();
  });

  it("W103: what it allocates is bounded by the file, whatever the trailer says", () => {
    const trailer = encodeSegmentIndex({ ...INDEX, keyframes: [] });
    new DataView(trailer.buffer).setUint32(8, 0xffff_ffff);
    expect(decodeSegmentIndex(trailer, SEGMENT_HEADER_BYTES + SEGMENT_TRAILER_BYTES)).toBeUndefined();
  });
});
