import { describe, expect, test } from "vitest";
import { yuvColourOf, yuvToRgbRows } from "./colour.ts";

const guess = { matrix: "bt709", fullRange: false } as VideoColorSpace;

function convert(rows: Float32Array, y: number, u: number, v: number): number[] {
  const samples = [y / 255, u / 255, v / 255, 1];
  return [0, 4, 8].map((row) => Math.round(samples.reduce((sum, s, i) => sum + s * (rows[row + i] ?? 0), 0) * 255));
}

describe("yuvToRgbRows", () => {
  test.each([
    ["bt601", false, [16, 128, 128], [0, 0, 0]],
    ["bt601", false, [235, 128, 128], [255, 255, 255]],
    ["bt601", false, [81, 90, 240], [255, 0, 0]],
    ["bt709", false, [63, 102, 240], [255, 1, 0]],
    ["bt709", true, [255, 128, 128], [255, 255, 255]],
    ["bt601", true, [76, 85, 255], [254, 0, 0]],
  ] as const)("%s, full range %s: %s", (matrix, fullRange, [y, u, v], rgb) => {
    const seen = convert(yuvToRgbRows({ matrix, fullRange }), y, u, v);
    seen.forEach((value, channel) => {
      expect(Math.abs(value - (rgb[channel] ?? 0))).toBeLessThanOrEqual(1);
    });
  });
});

describe("yuvColourOf", () => {
  test("what the stream states outranks the browser's guess", () => {
    expect(yuvColourOf(guess, 360, { matrix: "bt601", fullRange: true })).toEqual({ matrix: "bt601", fullRange: true });
  });

  test.each([
    [360, "bt601"],
    [576, "bt601"],
    [720, "bt709"],
    [2160, "bt709"],
  ])("a stream of %i lines that leaves the matrix open is %s", (height, matrix) => {
    expect(yuvColourOf(guess, height, { matrix: undefined, fullRange: false })).toEqual({ matrix, fullRange: false });
  });

  test("without a parameter set the browser is believed", () => {
    const space = { matrix: "smpte170m", fullRange: true } as VideoColorSpace;
    expect(yuvColourOf(space, 1080, undefined)).toEqual({ matrix: "bt601", fullRange: true });
  });
});
