import { describe, expect, test } from "vitest";
import type { FramePixels } from "../../atlas/frame-pixels.ts";
import { ColourTableCache, type PlanarPicture, planarPicture } from "./planar-picture.ts";
import { scaleToRgba } from "./scale.ts";

const WHOLE = { x: 0, y: 0, width: 1, height: 1 };

function picture(changes: Partial<FramePixels> & { readonly data: Uint8Array<ArrayBuffer> }): PlanarPicture {
  const { width = 4, height = 4 } = changes;
  const size = { width, height, displayWidth: width, displayHeight: height };
  const pixels = { plan: "i420", colour: { matrix: "bt601", fullRange: true }, ...size, ...changes } as const;
  const made = planarPicture(pixels, new ColourTableCache());
  if (!made) throw new Error("no picture");
  return made;
}

function scale(source: PlanarPicture, width: number, height: number, part = WHOLE): number[][] {
  const out = new Uint32Array(width * height);
  scaleToRgba(source, part, width, height, out);
  return [...out].map((value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255]);
}

/** 4x4, brightness 0, 10, 20, ... and no colour. */
const grey = Uint8Array.from({ length: 24 }, (_, i) => (i < 16 ? i * 10 : 128));

describe("scaleToRgba", () => {
  test("one to one every sample keeps its place, to the last column and row", () => {
    expect(scale(picture({ data: grey }), 4, 4).map(([red]) => red)).toEqual([...grey.slice(0, 16)]);
  });

  test("chroma of the last column comes from the last chroma sample", () => {
    const data = Uint8Array.of(...Array(16).fill(128), ...[128, 128, 128, 128], ...[128, 255, 128, 255]);
    const reds = scale(picture({ data }), 4, 4).map(([red]) => red);
    expect(reds.slice(0, 4)).toEqual([128, 128, 255, 255]);
    expect(reds.slice(12)).toEqual([128, 128, 255, 255]);
  });

  test("halving takes the mean of four neighbours", () => {
    expect(scale(picture({ data: grey }), 2, 2).map(([red]) => red)).toEqual([25, 45, 105, 125]);
  });

  test("enlarging goes evenly from one sample to the next and stops at the outermost", () => {
    const reds = scale(picture({ data: grey }), 16, 1, { x: 0, y: 0, width: 1, height: 0.25 }).map(([red]) => red ?? 0);
    expect(reds.slice(0, 3)).toEqual([0, 0, 1]);
    expect(reds.slice(-2)).toEqual([30, 30]);
    for (let i = 1; i < reds.length; i++) expect((reds[i] ?? 0) - (reds[i - 1] ?? 0)).toBeLessThanOrEqual(3);
  });

  test("a part of the picture", () => {
    const part = { x: 0.5, y: 0.5, width: 0.5, height: 0.5 };
    expect(scale(picture({ data: grey }), 2, 2, part).map(([red]) => red)).toEqual([100, 110, 140, 150]);
  });

  test("NV12 has U and V side by side", () => {
    const data = Uint8Array.of(...Array(16).fill(128), ...[128, 255, 255, 128, 128, 128, 128, 128]);
    const pixels = scale(picture({ plan: "nv12", data }), 4, 4);
    expect(pixels[0]?.[0]).toBe(255);
    expect(pixels[3]?.[2]).toBe(255);
    expect(pixels[15]).toEqual([128, 128, 128]);
  });

  test("odd sizes have a chroma sample for the last column", () => {
    const data = Uint8Array.of(...Array(9).fill(128), ...[128, 128, 128, 255], ...[128, 128, 128, 128]);
    const pixels = scale(picture({ width: 3, height: 3, data }), 3, 3);
    expect(pixels.map(([, , blue]) => blue)).toEqual([128, 128, 128, 128, 128, 128, 128, 128, 255]);
  });

  test("a picture of one sample", () => {
    const data = Uint8Array.of(200, 128, 128);
    expect(scale(picture({ width: 1, height: 1, data }), 2, 2)).toEqual(Array(4).fill([200, 200, 200]));
  });

  test("RGBA as it is", () => {
    const data = Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255);
    const pixels = scale(picture({ plan: "rgba", colour: undefined, width: 2, height: 1, data }), 2, 1);
    expect(pixels).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test("what exceeds the range is cut, not wrapped", () => {
    const data = Uint8Array.of(...Array(16).fill(255), ...Array(8).fill(255));
    expect(scale(picture({ data }), 1, 1)[0]).toEqual([255, expect.any(Number), 255]);
  });
});
