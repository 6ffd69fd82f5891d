import { describe, expect, test } from "vitest";
import { h264Delta, h264Keyframe } from "../../testkit/h264.ts";
import { codecStringOf } from "./codec-string.ts";

const start = [0, 0, 0, 1];

describe("codecStringOf", () => {
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
