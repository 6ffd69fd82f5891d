import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StreamUnit } from "../../server/testkit/annexb-units.ts";
import { encodeH264, ffmpegRgb } from "../wall/clips.ts";
import { DRAWINGS, type Drawing, type Picture, WallBench } from "../wall/wall-under-test.ts";

/** Largest difference of a channel from FFmpeg's own conversion of the same frame. */
const MAX_ERROR = 4;
const WIDTH = 320;
const HEIGHT = 240;

/** Every hue and brightness, changing smoothly: an error shows as a wrong colour, not as another filter's edge. */
const SCENE = `nullsrc=size=${WIDTH}x${HEIGHT}:rate=10,format=gbrp,geq=r='X*255/W':g='Y*255/H':b='255-(X+Y)*255/(W+H)'`;

const SPACES = [
  { name: "BT.601 limited", matrix: "bt601", tag: "smpte170m", range: "tv" },
  { name: "BT.601 full", matrix: "bt601", tag: "smpte170m", range: "pc" },
  { name: "BT.709 limited", matrix: "bt709", tag: "bt709", range: "tv" },
  { name: "BT.709 full", matrix: "bt709", tag: "bt709", range: "pc" },
] as const;

let bench: WallBench;
beforeAll(async () => {
  bench = await WallBench.start();
});
afterAll(() => bench.close());

/** All frames alike: whichever one is on the screen, it is the one that FFmpeg converts. */
function clipIn(matrix: string, range: string, tags: readonly string[]): Promise<StreamUnit[]> {
  const source = `${SCENE},scale=out_color_matrix=${matrix}:out_range=${range}:flags=accurate_rnd,format=yuv420p`;
  return encodeH264({ source, frames: 2, x264: "keyint=1", output: ["-qp", "4", "-color_range", range, ...tags] });
}

async function snapshotOf(drawing: Drawing, units: readonly StreamUnit[]): Promise<Picture> {
  const wall = await bench.open(drawing, WIDTH, HEIGHT);
  try {
    wall.feed(0, units.slice(0, 1));
    await wall.setTiles([{ camera: 0, x: 0, y: 0, width: WIDTH, height: HEIGHT, fit: "contain" }]);
    await wall.connect();
    await wall.waitForLive(1);
    const picture = await wall.snapshot("tile-0");
    expect(wall.errors).toEqual([]);
    return picture;
  } finally {
    await wall.close();
  }
}

function largestError(picture: Picture, rgb: Uint8Array): number {
  let largest = 0;
  for (let pixel = 0; pixel < picture.width * picture.height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const difference = Math.abs((picture.data[pixel * 4 + channel] ?? 0) - (rgb[pixel * 3 + channel] ?? 0));
      if (difference > largest) largest = difference;
    }
  }
  return largest;
}

describe.each(DRAWINGS)("$renderer, shading $shading", { timeout: 120_000 }, (drawing) => {
  test.each(SPACES)("$name is drawn as FFmpeg converts it", async ({ matrix, tag, range }) => {
    const units = await clipIn(matrix, range, ["-colorspace", tag, "-color_primaries", tag, "-color_trc", tag]);
    const picture = await snapshotOf(drawing, units);
    const expected = await ffmpegRgb(units[0]?.data ?? new Uint8Array(), matrix, range);
    expect([picture.width, picture.height]).toEqual([WIDTH, HEIGHT]);
    expect(expected.length).toBe(WIDTH * HEIGHT * 3);
    expect(largestError(picture, expected)).toBeLessThanOrEqual(MAX_ERROR);
  });

  test("a small stream that states nothing is taken for BT.601 limited", async () => {
    const units = await clipIn("bt601", "tv", []);
    const expected = await ffmpegRgb(units[0]?.data ?? new Uint8Array(), "bt601", "tv");
    expect(largestError(await snapshotOf(drawing, units), expected)).toBeLessThanOrEqual(MAX_ERROR);
  });

  test("a matrix counts also without primaries and transfer, where the browser guesses", async () => {
    const units = await clipIn("bt601", "tv", ["-colorspace", "smpte170m"]);
    const expected = await ffmpegRgb(units[0]?.data ?? new Uint8Array(), "bt601", "tv");
    expect(largestError(await snapshotOf(drawing, units), expected)).toBeLessThanOrEqual(MAX_ERROR);
  });
});
