import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StreamUnit } from "../../server/testkit/annexb-units.ts";
import { encodeH264 } from "../wall/clips.ts";
import { DRAWINGS, WallBench, type WallUnderTest } from "../wall/wall-under-test.ts";

const SIDE = 480;
const RED = [255, 0, 0];
const GREEN = [0, 255, 0];
const BLUE = [0, 0, 255];
const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];
/** The encoder's loss in flat areas. */
const TOLERANCE = 12;

let bench: WallBench;
let quarters: StreamUnit[];
beforeAll(async () => {
  // Red, green over blue, white; 2:1.
  const boxes = "drawbox=0:0:160:80:red:fill,drawbox=160:0:160:80:lime:fill,drawbox=0:80:160:80:blue:fill";
  const source = `color=white:size=320x160:rate=10,format=gbrp,${boxes.replaceAll(":fill", ":t=fill")},format=yuv420p`;
  [quarters, bench] = await Promise.all([
    encodeH264({ source, frames: 10, x264: "keyint=1", output: ["-qp", "6"] }),
    WallBench.start(),
  ]);
});
afterAll(() => bench.close());

function near(seen: readonly number[] | undefined, wanted: readonly number[]): boolean {
  return wanted.every((value, channel) => Math.abs((seen?.[channel] ?? -99) - value) <= TOLERANCE);
}

async function seesAt(
  wall: WallUnderTest,
  wanted: readonly (readonly [x: number, y: number, colour: readonly number[]])[],
): Promise<void> {
  const seen = await wall.look(wanted.map(([x, y]) => [x, y] as const));
  const wrong = wanted.flatMap(([x, y, colour], index) =>
    near(seen[index], colour) ? [] : [`${x},${y}: ${seen[index]} instead of ${colour}`],
  );
  expect(wrong).toEqual([]);
}

/** A screenshot may be taken before the newest draw has come to the screen. */
async function waitToSee(wall: WallUnderTest, x: number, y: number, colour: readonly number[]): Promise<void> {
  await expect.poll(async () => near((await wall.look([[x, y]]))[0], colour), { timeout: 30_000 }).toBe(true);
}

describe.each(DRAWINGS)("$renderer, shading $shading", { timeout: 120_000 }, (drawing) => {
  async function openWall(): Promise<WallUnderTest> {
    const wall = await bench.open(drawing, SIDE, SIDE);
    wall.feed(0, quarters);
    await wall.connect();
    return wall;
  }

  test("contain leaves bars, cover fills, a view zooms, and moving a camera moves its picture", async () => {
    const wall = await openWall();
    try {
      const whole = { camera: 0, x: 0, y: 0, width: SIDE, height: SIDE };
      await wall.setTiles([{ ...whole, fit: "contain" }]);
      await wall.waitForLive(1);
      await waitToSee(wall, 100, 200, RED);
      // 480x240 in the middle of 480x480.
      await seesAt(wall, [
        [240, 60, BLACK],
        [240, 420, BLACK],
        [240, 114, BLACK],
        [100, 126, RED],
        [380, 180, GREEN],
        [100, 300, BLUE],
        [380, 354, WHITE],
        [380, 366, BLACK],
      ]);

      await wall.setTiles([{ ...whole, fit: "cover" }]);
      await waitToSee(wall, 100, 20, RED);
      await seesAt(wall, [
        [10, 10, RED],
        [470, 10, GREEN],
        [10, 470, BLUE],
        [470, 470, WHITE],
        [230, 230, RED],
        [250, 250, WHITE],
      ]);

      await wall.setTiles([{ ...whole, fit: "cover", view: { x: 0.5, y: 0, width: 0.5, height: 0.5 } }]);
      await waitToSee(wall, 20, 460, GREEN);
      await seesAt(wall, [
        [8, 8, GREEN],
        [472, 472, GREEN],
        [240, 240, GREEN],
      ]);

      const small = { camera: 0, width: 200, height: 100, fit: "contain" as const };
      await wall.setTiles([{ ...small, x: 0, y: 0 }]);
      await waitToSee(wall, 50, 25, RED);
      await seesAt(wall, [[400, 400, BLACK]]);
      await wall.setTiles([{ ...small, x: 280, y: 380 }]);
      await waitToSee(wall, 330, 405, RED);
      await seesAt(wall, [
        [50, 25, BLACK],
        [430, 455, WHITE],
      ]);
      expect(wall.errors).toEqual([]);
    } finally {
      await wall.close();
    }
  });

  test("several tiles show one camera, which is asked for once and decoded once", async () => {
    const wall = await openWall();
    try {
      const tile = { camera: 0, width: 200, height: 100, fit: "contain" as const };
      await wall.setTiles([
        { ...tile, x: 0, y: 0 },
        { ...tile, x: 240, y: 0 },
        { ...tile, x: 0, y: 200, width: 400, height: 200 },
      ]);
      await wall.waitForLive(3);
      await waitToSee(wall, 100, 250, RED);
      await seesAt(wall, [
        [50, 25, RED],
        [290, 25, RED],
      ]);
      const cameras = wall.feeder.received.flatMap((message) => subscribedOf(message));
      expect(cameras).toEqual([{ widthPx: 400, heightPx: 200 }]);
    } finally {
      await wall.close();
    }
  });

  test("changing layouts and sizes never shows an empty tile", async () => {
    const wall = await openWall();
    try {
      await wall.setTiles([{ camera: 0, x: 0, y: 0, width: SIDE, height: SIDE, fit: "cover" }]);
      await wall.waitForLive(1);
      await waitToSee(wall, 20, 20, RED);
      // Every composed frame of the canvas is looked at near its corner, which is red in all layouts.
      const seen = await wall.page.evaluate(async (side) => {
        const { engine, canvas } = (
          globalThis as unknown as {
            wall: {
              engine: { setTiles(tiles: object[]): void; resize(width: number, height: number): void };
              canvas: HTMLCanvasElement;
            };
          }
        ).wall;
        const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        if (!context) throw new Error("no 2D canvas");
        const cameraId = "00000000-0000-4000-8000-000000000000";
        const seenRed: number[] = [];
        for (let frame = 0; frame < 120; frame++) {
          if (frame % 6 === 0) {
            const columns = 1 + ((frame / 6) % 3);
            const size = frame % 12 === 0 ? side : side - 40;
            const edge = Math.floor(size / columns);
            engine.resize(size, size);
            engine.setTiles(
              Array.from({ length: columns * columns }, (_, i) => ({
                tileId: `tile-${i}`,
                cameraId,
                x: (i % columns) * edge,
                y: Math.floor(i / columns) * edge,
                width: edge,
                height: edge,
                fit: "cover",
              })),
            );
          }
          await new Promise((resolve) => requestAnimationFrame(resolve));
          context.drawImage(canvas, 12, 12, 1, 1, 0, 0, 1, 1);
          seenRed.push(context.getImageData(0, 0, 1, 1).data[0] ?? 0);
        }
        return seenRed;
      }, SIDE);
      expect(seen).toHaveLength(120);
      expect(seen.filter((red) => red < 255 - TOLERANCE)).toEqual([]);
      expect(wall.errors).toEqual([]);
    } finally {
      await wall.close();
    }
  });
});

function subscribedOf(message: unknown): { widthPx: number; heightPx: number }[] {
  const { type, cameras = [] } = message as { type: string; cameras?: { widthPx: number; heightPx: number }[] };
  return type === "subscribe" ? cameras.map(({ widthPx, heightPx }) => ({ widthPx, heightPx })) : [];
}
