import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type StreamUnit, unitsOf } from "../../server/testkit/annexb-units.ts";
import { waitForStats } from "../../server/testkit/chromium.ts";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import type { WallEngine } from "../../web/engine/engine.ts";
import type { PlaybackCommand, PlaybackState } from "../../web/engine/worker-protocol.ts";
import { ArchiveFeeder } from "../wall/archive-feeder.ts";
import { cameraId, WallBench, type WallUnderTest } from "../wall/wall-under-test.ts";
import { apartOf, watchNumbers } from "../wall/watch-archive.ts";

/**
 * Nine and sixteen cameras of the archive at once in a real browser, played from footage in which every picture carries
 * its number. Where the machine is too slow for all pictures the clock keeps its speed and tiles leave pictures out.
 */

const WIDTH = 1280;
const HEIGHT = 720;
const START = 1_700_000_000_000_000;
const FRAME = Math.round(1_000_000 / stampGeometry.framesPerSecond);
const GOP = 30;

declare const wall: { readonly engine: WallEngine };

let bench: WallBench;
let units: readonly StreamUnit[];
let page: WallUnderTest;
let feeder: ArchiveFeeder;

beforeAll(async () => {
  units = unitsOf(await readFile(join(import.meta.dirname, "../../server/simulator/clips", stampGeometry.clip)));
  bench = await WallBench.start();
});
afterAll(() => bench.close());
afterEach(async () => {
  await page.close();
  await feeder.close();
});

function command(...commands: PlaybackCommand[]): Promise<void> {
  return page.page.evaluate((all) => {
    for (const one of all) wall.engine.command(one);
  }, commands);
}

function playback(): Promise<PlaybackState> {
  return page.page.evaluate(() => wall.engine.playback());
}

async function open(cameras: number, columns: number): Promise<void> {
  page = await bench.open({ renderer: "webgpu", shading: "auto" }, WIDTH, HEIGHT);
  feeder = new ArchiveFeeder(await loadFluxCrypto(), page.port);
  const format = { codecString: "avc1.42c01e", width: stampGeometry.width, height: stampGeometry.height };
  for (let index = 0; index < cameras; index++) {
    const stretch = { fromMicros: START, intervalMicros: FRAME, units };
    feeder.archive.recordUnits(cameraId(index), { ...stretch, streamId: index + 1, role: "sub", format });
  }
  const [width, height] = [Math.floor(WIDTH / columns), Math.floor(HEIGHT / columns)];
  await page.setTiles(
    Array.from({ length: cameras }, (_, camera) => {
      const place = { x: (camera % columns) * width, y: Math.floor(camera / columns) * height, width, height };
      return { camera, ...place, fit: "contain" as const };
    }),
  );
  const port = await feeder.listen();
  await page.page.evaluate((webSocketUrl) => {
    wall.engine.connect({ token: "test", webSocketUrl, webTransport: undefined });
  }, `ws://127.0.0.1:${port}/`);
}

test.each([
  { cameras: 9, columns: 3 },
  { cameras: 16, columns: 4 },
])("$cameras tiles", { timeout: 180_000 }, async ({ cameras, columns }) => {
  await open(cameras, columns);
  await command({ kind: "seek", micros: START + 30 * FRAME, rate: 0 });
  const shows = (frame: number): Promise<unknown> =>
    waitForStats(
      page.page,
      ({ tiles }) =>
        tiles.length === cameras && tiles.every(({ captureMicros }) => captureMicros === START + frame * FRAME),
      60_000,
    );
  await shows(30);
  const grid = { tiles: cameras, columns, width: Math.floor(WIDTH / columns), height: Math.floor(HEIGHT / columns) };
  expect(new Set((await watchNumbers(page.page, grid, 200)).flat())).toEqual(new Set([30]));

  await command({ kind: "rate", rate: 1 });
  const from = await playback();
  const seen: number[][] = [];
  const startedAt = performance.now();
  // The footage lasts 19 s from here.
  const isEnough = (ms: number): boolean => ms > 14_000 || (ms > 6000 && seen.length >= 12);
  while (!isEnough(performance.now() - startedAt)) seen.push(...(await watchNumbers(page.page, grid, 1000)));
  const { tiles } = await waitForStats(page.page, () => true);
  const to = await playback();
  const passed = (performance.now() - startedAt) * 1000;
  const speed = ((to.positionMicros ?? 0) - (from.positionMicros ?? 0)) / passed;
  const { apart, keptUp } = apartOf(seen);
  const fps = tiles.map(({ drawnFps }) => drawnFps);
  const different = Array.from({ length: cameras }, (_, tile) => new Set(seen.map((numbers) => numbers[tile])).size);
  const figures = JSON.stringify({
    speed,
    fps,
    different,
    apart: [0.5, 0.9, 1].map((p) => at(apart, p)),
    n: apart.length,
    keptUp,
  });

  // The clock keeps its speed (it is told ten times a second), and no tile is left behind by more than a GOP.
  expect(speed, figures).toBeGreaterThan(0.9);
  expect(Math.min(...different), figures).toBeGreaterThan(1);
  expect(at(apart, 1), figures).toBeLessThanOrEqual(2 * GOP);
  // Where the machine decodes them all, they show one time: within a picture.
  if (keptUp) expect(at(apart, 0.5), figures).toBeLessThanOrEqual(1);

  await command({ kind: "seek", micros: START + 333 * FRAME, rate: 0 });
  await shows(333);
  expect(new Set((await watchNumbers(page.page, grid, 200)).flat())).toEqual(new Set([333]));
  expect(page.errors).toEqual([]);
});

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
