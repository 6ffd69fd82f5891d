import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { sampleStamp, stampGeometry } from "../../server/simulator/stamp.ts";
import { type StreamUnit, unitsOf } from "../../server/testkit/annexb-units.ts";
import { waitForStats } from "../../server/testkit/chromium.ts";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import type { WallEngine } from "../../web/engine/engine.ts";
import type { PlaybackCommand, PlaybackState, WallStats } from "../../web/engine/worker-protocol.ts";
import { ArchiveFeeder } from "../wall/archive-feeder.ts";
import { cameraId, type Picture, WallBench, type WallUnderTest } from "../wall/wall-under-test.ts";
import { apartOf, watchNumbers } from "../wall/watch-archive.ts";

/**
 * The archive in a real browser: every picture of the clip carries its number in its pixels, and what the wall has
 * drawn is read back. Picture N was taken at START + N thirtieths of a second.
 */

const WIDTH = 1280;
const HEIGHT = 720;
const START = 1_700_000_000_000_000;
const FRAME = Math.round(1_000_000 / stampGeometry.framesPerSecond);
const timeOf = (frame: number): number => START + frame * FRAME;

declare const wall: { readonly engine: WallEngine };

let bench: WallBench;
let units: readonly StreamUnit[];
let page: WallUnderTest;
let feeder: ArchiveFeeder;

beforeAll(async () => {
  const clip = join(import.meta.dirname, "../../server/simulator/clips", stampGeometry.clip);
  units = unitsOf(await readFile(clip));
  bench = await WallBench.start();
});
afterAll(() => bench.close());

beforeEach(async () => {
  page = await bench.open({ renderer: "webgpu", shading: "auto" }, WIDTH, HEIGHT);
  feeder = new ArchiveFeeder(await loadFluxCrypto(), page.port);
});
afterEach(async () => {
  await page.close();
  await feeder.close();
});

/** As many cameras in a 2x2, with footage that began at the same time; connected. */
async function open(cameras: number): Promise<void> {
  const format = { codecString: "avc1.42c01e", width: stampGeometry.width, height: stampGeometry.height };
  for (let index = 0; index < cameras; index++) {
    feeder.archive.recordUnits(cameraId(index), {
      fromMicros: START,
      intervalMicros: FRAME,
      units,
      streamId: index + 1,
      role: "sub",
      format,
    });
  }
  const [width, height] = [WIDTH / 2, HEIGHT / 2];
  await page.setTiles(
    Array.from({ length: cameras }, (_, camera) => ({
      camera,
      x: (camera % 2) * width,
      y: Math.floor(camera / 2) * height,
      width,
      height,
      fit: "contain" as const,
    })),
  );
  const port = await feeder.listen();
  await page.page.evaluate((webSocketUrl) => {
    wall.engine.connect({ token: "test", webSocketUrl, webTransport: undefined });
  }, `ws://127.0.0.1:${port}/`);
}

function command(...commands: PlaybackCommand[]): Promise<void> {
  return page.page.evaluate((all) => {
    for (const one of all) wall.engine.command(one);
  }, commands);
}

function playback(): Promise<PlaybackState> {
  return page.page.evaluate(() => wall.engine.playback());
}

function numberOf({ width, height, data }: Picture): number | undefined {
  return sampleStamp((x, y) => data[(Math.floor(y * height) * width + Math.floor(x * width)) * 4 + 1] ?? 0);
}

/** The number in the tile's picture. */
async function look(tile = 0): Promise<number | undefined> {
  return numberOf(await page.snapshot(`tile-${tile}`));
}

/** Waits until the tile says that it shows this picture, then reads its pixels. */
async function arrive(frame: number, tile = 0): Promise<number | undefined> {
  const shows = (stats: { tiles: readonly object[] }): boolean =>
    (stats.tiles[tile] as WallStats["tiles"][number]).captureMicros === timeOf(frame);
  await waitForStats(page.page, shows, 20_000);
  return look(tile);
}

test("seeks, steps and scrubs are exact to the picture", { timeout: 120_000 }, async () => {
  await open(1);
  await command({ kind: "seek", micros: timeOf(100), rate: 0 });
  expect(await arrive(100)).toBe(100);
  for (const frame of [377, 30, 29, 31, 599, 0, 123]) {
    await command({ kind: "seek", micros: timeOf(frame) + FRAME - 1 });
    expect(await arrive(frame)).toBe(frame);
  }
  for (const [direction, frame] of [
    [1, 124],
    [1, 125],
    [-1, 124],
    [-1, 123],
    [-1, 122],
    [-1, 121],
    [-1, 120],
    [-1, 119],
    [-1, 118],
    [1, 119],
    [1, 120],
    [1, 121],
  ] as const) {
    await command({ kind: "step", direction });
    expect(await arrive(frame)).toBe(frame);
  }
  for (let frame = 0; frame <= 500; frame += 10) {
    await command({ kind: "seek", micros: timeOf(frame), scrub: true });
  }
  // Keyframes come every 30 pictures.
  expect(await arrive(480)).toBe(480);
  await command({ kind: "seek", micros: timeOf(500) });
  expect(await arrive(500)).toBe(500);
  expect(page.errors).toEqual([]);
});

const grid = (tiles: number) => ({ tiles, columns: 2, width: WIDTH / 2, height: HEIGHT / 2 });

/** Numbers of the pictures that come onto the canvas, until the clock has come so far. */
async function watch(tiles: number, micros: number): Promise<number[][]> {
  const from = (await playback()).positionMicros ?? 0;
  const seen: number[][] = [];
  while (Math.abs(((await playback()).positionMicros ?? 0) - from) < micros)
    seen.push(...(await watchNumbers(page.page, grid(tiles), 300)));
  return seen;
}

test("forward and backward: every picture in its order", { timeout: 120_000 }, async () => {
  await open(1);
  await command({ kind: "seek", micros: timeOf(45), rate: 0 });
  expect(await arrive(45)).toBe(45);
  await command({ kind: "rate", rate: 1 });
  const forward = (await watch(1, 1_500_000)).flat();
  expect(forward).toEqual([...forward].sort((a, b) => a - b));
  expect(new Set(forward).size).toBeGreaterThan(2);
  await command({ kind: "seek", micros: timeOf(140), rate: 0 });
  expect(await arrive(140)).toBe(140);
  await command({ kind: "rate", rate: -1 });
  // A machine that is too slow for every picture backward shows keyframes: their order is what counts here.
  const backward = (await watch(1, 1_500_000)).flat();
  expect(backward).toEqual([...backward].sort((a, b) => b - a));
  expect(new Set(backward).size).toBeGreaterThan(1);
  await command({ kind: "seek", micros: timeOf(60), rate: 0 });
  expect(await arrive(60)).toBe(60);
  await command({ kind: "rate", rate: 16 });
  const fast = (await watch(1, 8_000_000)).flat();
  expect(fast.length).toBeGreaterThan(0);
  expect(fast.filter((frame) => frame % 30 !== 0)).toEqual([]);
  expect(page.errors).toEqual([]);
});

test("a 2x2 in sync: all pictures are of the same time", { timeout: 120_000 }, async () => {
  await open(4);
  await command({ kind: "seek", micros: timeOf(100) });
  await waitForStats(page.page, ({ tiles }) => tiles.length === 4 && tiles.every(({ state }) => state === "live"));
  const seen = await watch(4, 1_500_000);
  const { apart, keptUp } = apartOf(seen);
  // On a machine that is too slow a tile may be late, by a GOP at most.
  if (keptUp) expect(apart[Math.floor(apart.length / 2)]).toBeLessThanOrEqual(1);
  expect(apart.length).toBeGreaterThan(0);
  expect(apart.at(-1)).toBeLessThanOrEqual(30);
  expect(await playback()).toMatchObject({ rate: 1, mode: "archive" });
  await command({ kind: "seek", micros: timeOf(222), rate: 0 });
  for (const tile of [0, 1, 2, 3]) expect(await arrive(222, tile)).toBe(222);
  expect(page.errors).toEqual([]);
});

test("thumbnails, the way to live and back, and zoomed pictures", { timeout: 120_000 }, async () => {
  page.feed(0, units.slice(0, 60), { framesPerSecond: 30 });
  await open(1);
  await page.waitForLive(1);
  const thumbnail = await page.page.evaluate(
    async ([id, micros]) => {
      const answer = await wall.engine.thumbnail(id, micros, 160);
      return answer && { micros: answer.micros, width: answer.bitmap.width, height: answer.bitmap.height };
    },
    [cameraId(0), timeOf(200)] as const,
  );
  expect(thumbnail).toEqual({ micros: timeOf(180), width: 160, height: 90 });
  await command({ kind: "seek", micros: timeOf(300), rate: 0 });
  expect(await arrive(300)).toBe(300);
  const [before] = await page.look([[320, 180]]);
  await command({ kind: "live" });
  const black = await page.look([[320, 180]]);
  expect(black).not.toEqual([[0, 0, 0]]);
  expect(before).not.toEqual([0, 0, 0]);
  await page.waitForLive(1);
  await command({ kind: "seek", micros: timeOf(210), rate: 0 });
  expect(await arrive(210)).toBe(210);
  await page.setTiles([
    {
      ...{ camera: 0, x: 0, y: 0, width: WIDTH, height: HEIGHT },
      fit: "contain",
      view: { x: 0.25, y: 0, width: 0.5, height: 0.5 },
    },
  ]);
  expect(await arrive(210)).toBe(210);
  expect(page.errors).toEqual([]);
});
