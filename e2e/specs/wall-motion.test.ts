import { afterAll, beforeAll, expect, test } from "vitest";
import type { StreamUnit } from "../../server/testkit/annexb-units.ts";
import { encodeH264 } from "../wall/clips.ts";
import { DRAWINGS, WallBench, type WallUnderTest } from "../wall/wall-under-test.ts";

const TILES = 42;
const COLUMNS = 7;
const WIDTH = 700;
const HEIGHT = 420;

let bench: WallBench;
let scene: StreamUnit[];
beforeAll(async () => {
  [scene, bench] = await Promise.all([
    encodeH264({ source: "testsrc2=size=320x180:rate=5,format=yuv420p", frames: 50, x264: "keyint=10" }),
    WallBench.start(),
  ]);
});
afterAll(() => bench.close());

const tiles = Array.from({ length: TILES }, (_, index) => ({
  camera: index,
  x: (index % COLUMNS) * 100,
  y: Math.floor(index / COLUMNS) * 70,
  width: 98,
  height: 56,
  fit: "cover" as const,
}));

/** A grid of points within each tile: enough that a moving scene changes some of them. */
function pointsOf(wall: WallUnderTest): Promise<number[][]> {
  return wall.look(
    tiles.flatMap(({ x, y }) =>
      Array.from({ length: 40 }, (_, i) => [x + 6 + (i % 10) * 9, y + 8 + Math.floor(i / 10) * 12] as const),
    ),
  );
}

test.each(DRAWINGS)("42 tiles all move: $renderer, shading $shading", { timeout: 180_000 }, async (drawing) => {
  const wall = await bench.open(drawing, WIDTH, HEIGHT);
  try {
    for (let camera = 0; camera < TILES; camera++) {
      wall.feed(camera, scene, { framesPerSecond: 5, startAt: camera });
    }
    await wall.setTiles(tiles);
    await wall.connect();
    await wall.waitForLive(TILES);
    const first = await pointsOf(wall);
    const moved = new Set<number>();
    await expect
      .poll(
        async () => {
          const now = await pointsOf(wall);
          now.forEach((colour, point) => {
            const change = colour.reduce(
              (sum, value, channel) => sum + Math.abs(value - (first[point]?.[channel] ?? 0)),
              0,
            );
            if (change > 60) moved.add(Math.floor(point / 40));
          });
          return moved.size;
        },
        { timeout: 60_000 },
      )
      .toBe(TILES);
    expect(wall.errors).toEqual([]);
  } finally {
    await wall.close();
  }
});
