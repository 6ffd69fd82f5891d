import { describe, expect, it } from "vitest";
import { parseH264Sps } from "./sps-h264.ts";
import { parseH265Sps } from "./sps-h265.ts";
import { hex, SETS, toHex } from "./testkit/packets.ts";

describe("H.264 sequence parameter sets", () => {
  it.each([
    {
      name: "High, 1080p interlaced, cropped by 8 lines",
      nal: "67640028acd94078044fdffe000600082000007d20001d4c03e2c5b2c0",
      expected: { codecString: "avc1.640028", width: 1920, height: 1080, fps: 29.97, interlaced: true },
    },
    {
      name: "High 4:2:2, cropped in both directions",
      nal: "677a0020bcd94056063e68fffc18102004400000fa40003a9803c60c6580",
      expected: { codecString: "avc1.7A0020", width: 1366, height: 770, fps: 29.97, interlaced: false },
    },
    {
      name: "Main, sub stream of a camera",
      nal: toHex(SETS.h264Sps),
      expected: { codecString: "avc1.4D4016", width: 640, height: 360, fps: 15, reorderDepth: 0 },
    },
    {
      name: "High, main stream",
      nal: toHex(SETS.h264Sps1080),
      expected: { codecString: "avc1.640028", width: 1920, height: 1080, fps: 12.5 },
    },
    {
      name: "Baseline",
      nal: "6742801696540601bd3506060640000003004000000661",
      expected: { codecString: "avc1.428016", width: 768, height: 432, fps: 12.5, reorderDepth: 0 },
    },
    {
      name: "Constrained Baseline, cropped to odd macroblocks",
      nal: "6742c00cd90150878888ffc0790078c4000003000400000300503c50a920",
      expected: { codecString: "avc1.42C00C", width: 322, height: 242, fps: 10, reorderDepth: 0 },
    },
    {
      name: "Main, without a word on reordering",
      nal: "674d401f965281806f4d418181900000030010000003014840",
      expected: { codecString: "avc1.4D401F", width: 768, height: 432, fps: 10, reorderDepth: undefined },
    },
  ])("$name", ({ nal, expected }) => {
    expect(parseH264Sps(hex(nal))).toMatchObject(expected);
  });
});

describe("H.265 sequence parameter sets", () => {
  it.each([
    {
      name: "Main 10, cropped",
      nal: "420101022000000300900000030000030078a002ac80309d48d96566924cafff06040801680800001f480003a98040",
      expected: { codecString: "hev1.2.4.L120.90", width: 1366, height: 770, fps: 29.97, subLayers: 1 },
    },
    {
      name: "range extensions, 4:4:4",
      nal: "4201010408000003009e0800000300003f9000a0402d2cb2b3492657ff8001800234040000030004000003003c20",
      expected: { codecString: "hev1.4.10.L63.9E.8", width: 640, height: 360, fps: 15 },
    },
    {
      name: "Main, 720p with B pictures",
      nal: toHex(SETS.h265Sps),
      expected: { codecString: "hev1.1.6.L93.90", width: 1280, height: 720, fps: 12.5, reorderDepth: 2 },
    },
    {
      name: "4K, two temporal layers",
      nal: "420101016000000300900000030000030096a001e020021c596566924cafff000300046808000003000800000300a040",
      expected: { codecString: "hev1.1.6.L150.90", width: 3840, height: 2160, fps: 20 },
    },
  ])("$name", ({ nal, expected }) => {
    expect(parseH265Sps(hex(nal))).toMatchObject(expected);
  });
});

describe("broken sequence parameter sets", () => {
  it.each([
    { name: "another NAL unit", run: () => parseH264Sps(SETS.h264Pps) },
    { name: "cut off", run: () => parseH264Sps(SETS.h264Sps.subarray(0, 8)) },
    { name: "larger than any picture", run: () => parseH264Sps(hex("674d4016d90000000000000000001fffffff")) },
    { name: "H.265 cut off", run: () => parseH265Sps(SETS.h265Sps.subarray(0, 20)) },
    { name: "H.265, another NAL unit", run: () => parseH265Sps(SETS.h265Pps) },
    { name: "too long", run: () => parseH264Sps(new Uint8Array(5000).fill(0x67)) },
  ])("are refused: $name", ({ run }) => {
    expect(run).toThrowError(expect.objectContaining({ code: "rtp.parameter_set" }));
  });
});
