import { describe, expect, test } from "vitest";
import type { VideoCodec } from "../../../shared/media/types.ts";
import { h264Delta, h264Keyframe } from "../../testkit/h264.ts";
import { keyframeFacts } from "./keyframe-facts.ts";

const codecStringOf = (codec: VideoCodec, data: Uint8Array) => keyframeFacts(codec, data).codecString;

const start = [0, 0, 0, 1];

describe("codec string", () => {
  test("H.264: profile, constraints and level of the sequence parameter set", () => {
    expect(codecStringOf("h264", h264Keyframe(0x64, 0x28))).toBe("avc1.64c028");
  });

  test("H.264: found behind a delimiter with a three-byte start code", () => {
    expect(codecStringOf("h264", Uint8Array.of(...start, 9, 0xf0, 0, 0, 1, 0x67, 0x4d, 0x40, 0x1f))).toBe(
      "avc1.4d401f",
    );
  });

  test("H.264: emulation prevention bytes are no part of it", () => {
    expect(codecStringOf("h264", Uint8Array.of(...start, 0x67, 0, 0, 3, 0x1f))).toBe("avc1.00001f");
  });

  test("H.265: Main profile, level 3.1, as ISO/IEC 14496-15 writes it", () => {
    const general = [0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x5d];
    expect(codecStringOf("h265", Uint8Array.of(...start, 0x42, 0x01, 0x01, ...general))).toBe("hev1.1.6.L93.90");
  });

  test.each([
    ["no parameter set", h264Delta()],
    ["nothing", new Uint8Array(0)],
    ["only zeros", new Uint8Array(5000)],
    ["a cut parameter set", Uint8Array.of(...start, 0x67, 0x42)],
  ])("%s gives nothing", (_, data) => {
    expect(codecStringOf("h264", data)).toBeUndefined();
    expect(codecStringOf("h265", data)).toBeUndefined();
  });
});

describe("colour", () => {
  test.each([
    ["nothing stated", "6764000bacb40a0fd80880000003008000000a078a1550", undefined, false],
    ["only full range", "6764000bacb40a0fd80b64000003000400000300503c50aa80", undefined, true],
    ["BT.601 in Baseline", "6742c00bda0507ec05a8101032000003000200000300281e285540", "bt601", false],
    ["BT.601 in High", "6764000bacb40a0fd80b50202064000003000400000300503c50aa80", "bt601", false],
    ["BT.709, full range", "6764000bacb40a0fd80b70101014000003000400000300503c50aa80", "bt709", true],
  ])("x264's parameter set with %s", (_, hex, matrix, fullRange) => {
    const bytes = (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
    expect(keyframeFacts("h264", Uint8Array.of(...start, ...bytes)).colour).toEqual({ matrix, fullRange });
  });

  test("a cut parameter set says nothing", () => {
    expect(keyframeFacts("h264", Uint8Array.of(...start, 0x67, 0x64, 0, 0x0b, 0xac)).colour).toBeUndefined();
  });
});
