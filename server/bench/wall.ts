import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserServer, Page } from "playwright-core";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { parseFlags } from "../cli/flags.ts";
import { findChromium } from "../testkit/tools.ts";
import { WallFeeder } from "../testkit/wall-feeder.ts";
import { serveWallPage } from "../testkit/wall-page.ts";
import { type BenchClip, loadBenchClip } from "./wall/clip.ts";
import { type TileRect, tileDifferences } from "./wall/motion.ts";
import { startMseFeeder } from "./wall/mse-feeder.ts";
import { openMsePage, videoFigures } from "./wall/mse-page.ts";
import { measureTree } from "./wall/process-tree.ts";

/** Headless Chromium that draws WebGPU, WebGL2 and video with an emulated GPU: the same for both sides. */
const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--use-angle=swiftshader",
  "--use-vulkan=swiftshader",
  "--enable-features=Vulkan",
  "--autoplay-policy=no-user-gesture-required",
];
const FRAMES_PER_SECOND = 15;
const GROUP_LENGTH = 30;
/** A tile counts as moving above this mean difference between two moments: noise and motion, not rounding. */
const MOVING = 0.2;

interface Settings {
  readonly tiles: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly width: number;
  readonly height: number;
  readonly renderer: string;
}

interface Side {
  readonly cpuCores: number;
  readonly cpuCoresByProcess: Record<string, number>;
  /** Comparable also where a side could not keep up. */
  readonly cpuMsPerDrawnFrame: number;
  readonly rssMib: number;
  readonly decodedFps: Summary;
  readonly drawnFps: Summary;
  readonly movingTiles: number;
}

interface Summary {
  readonly min: number;
  readonly mean: number;
}

/**
 * The wall in headless Chromium beside the same streams as MSE videos, one after the other in the same run.
 * Flags: --tiles, --seconds, --warm-up, --width, --height, --renderer webgpu|webgl2, --clip FILE (640x360, 15 fps).
 */
export async function run(args: string[]): Promise<object> {
  const { values } = parseFlags(args, {
    tiles: { kind: "integer", min: 1, max: 64 },
    seconds: { kind: "integer", min: 2, max: 600 },
    "warm-up": { kind: "integer", min: 1, max: 120 },
    width: { kind: "integer", min: 320, max: 7680 },
    height: { kind: "integer", min: 240, max: 4320 },
    renderer: { kind: "string", oneOf: ["webgpu", "webgl2"] },
    clip: { kind: "string" },
    only: { kind: "string", oneOf: ["wall", "mse"] },
  });
  const settings: Settings = {
    tiles: Number(values.tiles ?? 42),
    seconds: Number(values.seconds ?? 20),
    warmUpSeconds: Number(values["warm-up"] ?? 8),
    width: Number(values.width ?? 1280),
    height: Number(values.height ?? 720),
    renderer: String(values.renderer ?? "webgpu"),
  };
  const clipFile = values.clip === undefined ? undefined : String(values.clip);
  const neededSeconds = settings.warmUpSeconds + settings.seconds + 30;
  const clip = await loadBenchClip(clipFile, Math.ceil(neededSeconds / 10) + 1);
  const wall = values.only === "mse" ? undefined : await measureWall(settings, clip);
  const mse = values.only === "wall" ? undefined : await measureMse(settings, clip);
  return {
    clip: clip.source,
    ...settings,
    chromium: "headless, GPU emulated by SwiftShader",
    wall,
    mse,
    ...(wall && mse
      ? {
          cpuRatioToMse: round(wall.cpuCores / mse.cpuCores),
          cpuPerDrawnFrameRatioToMse: round(wall.cpuMsPerDrawnFrame / mse.cpuMsPerDrawnFrame),
        }
      : {}),
  };
}

async function measureWall(
  settings: Settings,
  clip: BenchClip,
): Promise<Side & { droppedFps: number; figures: object }> {
  const feeder = new WallFeeder(await loadFluxCrypto());
  const port = await feeder.listen();
  const cameraIds = Array.from({ length: settings.tiles }, (_, i) => cameraId(i));
  cameraIds.forEach((id, index) => {
    feeder.add({
      cameraId: id,
      streamId: index + 1,
      codec: "h264",
      codecString: "avc1.4d401e",
      width: 640,
      height: 360,
      framesPerSecond: FRAMES_PER_SECOND,
      units: clip.units,
      startAt: index * 7,
    });
  });
  const site = await serveWallPage(checkout());
  try {
    return await inChromium(settings, async (page, pid) => {
      const { width, height, renderer } = settings;
      await page.goto(`${site.url}/?renderer=${renderer}&width=${width}&height=${height}`);
      const tiles = grid(settings).map((rect, index) => ({
        ...rect,
        tileId: `tile-${index}`,
        cameraId: cameraIds[index] ?? "",
        fit: "contain" as const,
      }));
      await page.evaluate(
        ([specs, webSocketUrl]) => {
          const { wall } = globalThis as unknown as { wall: { engine: WallControl } };
          wall.engine.setTiles(specs);
          wall.engine.connect({ token: "bench", webSocketUrl, webTransport: undefined });
        },
        [tiles, `ws://127.0.0.1:${port}/`] as const,
      );
      const readings: { atMs: number; dropped: number }[] = [];
      const side = await measure(settings, page, pid, async () => {
        const stats = await wallStats(page);
        const dropped = stats.tiles.reduce((sum, tile) => sum + tile.droppedFrames, 0);
        readings.push({ atMs: performance.now(), dropped });
        return stats.tiles.map(({ decodedFps, drawnFps }) => ({ decodedFps, drawnFps }));
      });
      const { tiles: _, ...figures } = await wallStats(page);
      const [first, last] = [readings[0], readings.at(-1)];
      const seconds = first && last ? (last.atMs - first.atMs) / 1000 : Number.NaN;
      // What the decoders gave up because they were behind; the rest that is missing never reached them.
      const droppedFps = round(((last?.dropped ?? 0) - (first?.dropped ?? 0)) / seconds / settings.tiles);
      return { ...side, droppedFps, figures };
    });
  } finally {
    await site.close();
    await feeder.close();
  }
}

async function measureMse(settings: Settings, clip: BenchClip): Promise<Side> {
  const feeder = await startMseFeeder(clip.fragmented, FRAMES_PER_SECOND, GROUP_LENGTH, systemClock());
  try {
    return await inChromium(settings, async (page, pid) => {
      await openMsePage(page, grid(settings), feeder.port, "avc1.4d401e");
      let before = await videoFigures(page);
      let beforeMs = performance.now();
      return measure(settings, page, pid, async () => {
        const after = await videoFigures(page);
        const seconds = (performance.now() - beforeMs) / 1000;
        const rates = after.map(({ decodedFrames, droppedFrames }, index) => {
          const decoded = decodedFrames - (before[index]?.decodedFrames ?? 0);
          const dropped = droppedFrames - (before[index]?.droppedFrames ?? 0);
          return { decodedFps: round(decoded / seconds), drawnFps: round((decoded - dropped) / seconds) };
        });
        before = after;
        beforeMs = performance.now();
        return rates;
      });
    });
  } finally {
    await feeder.close();
  }
}

/** Warms up, then measures processor time over the wall time of the measurement, then looks at pixels. */
async function measure(
  settings: Settings,
  page: Page,
  pid: number,
  rates: () => Promise<{ decodedFps: number; drawnFps: number }[]>,
): Promise<Side> {
  await wait(settings.warmUpSeconds);
  await rates();
  const first = measureTree(pid);
  const startMs = performance.now();
  // Three samples of the wall's own three-second meters make up the mean; MSE counts frames in between.
  const samples: { decodedFps: number; drawnFps: number }[][] = [];
  for (let i = 0; i < 4; i++) {
    await wait(settings.seconds / 4);
    samples.push(await rates());
  }
  const last = measureTree(pid);
  const seconds = (performance.now() - startMs) / 1000;
  const perTile = (pick: (rate: { decodedFps: number; drawnFps: number }) => number): number[] =>
    Array.from({ length: settings.tiles }, (_, tile) => {
      const values = samples.map((sample) => pick(sample[tile] ?? { decodedFps: 0, drawnFps: 0 }));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    });
  const cpuCores = (last.totalCpuSeconds - first.totalCpuSeconds) / seconds;
  const drawnFps = summary(perTile((rate) => rate.drawnFps));
  const before = await page.screenshot();
  await wait(1);
  const after = await page.screenshot();
  const differences = await tileDifferences(page, before, after, grid(settings));
  return {
    cpuCores: round(cpuCores),
    cpuCoresByProcess: Object.fromEntries(
      Object.entries(last.cpuSeconds).map(([kind, value]) => [
        kind,
        round((value - (first.cpuSeconds[kind] ?? 0)) / seconds),
      ]),
    ),
    cpuMsPerDrawnFrame: round((1000 * cpuCores) / Math.max(0.01, drawnFps.mean * settings.tiles)),
    rssMib: Math.round(last.rssMib),
    decodedFps: summary(perTile((rate) => rate.decodedFps)),
    drawnFps,
    movingTiles: differences.filter((difference) => difference > MOVING).length,
  };
}

async function inChromium<T>(settings: Settings, use: (page: Page, pid: number) => Promise<T>): Promise<T> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("Chromium is missing");
  // Loaded when asked for: no part of the server.
  const playwright = "playwright-core";
  const { chromium } = (await import(playwright)) as typeof import("playwright-core");
  const server: BrowserServer = await chromium.launchServer({ executablePath, args: CHROMIUM_FLAGS });
  let browser: Browser | undefined;
  try {
    browser = await chromium.connect(server.wsEndpoint());
    const page = await browser.newPage({ viewport: { width: settings.width, height: settings.height } });
    // Functions that run in the page come from a bundle that marks names with a helper of its own.
    await page.addInitScript({ content: "globalThis.__name ??= (target) => target;" });
    const pid = server.process().pid;
    if (pid === undefined) throw new Error("Chromium did not start");
    return await use(page, pid);
  } finally {
    await browser?.close();
    await server.close();
  }
}

interface WallControl {
  setTiles(tiles: readonly object[]): void;
  connect(options: object): void;
}

interface PageStats {
  readonly tiles: readonly { readonly decodedFps: number; readonly drawnFps: number; readonly droppedFrames: number }[];
}

function wallStats(page: Page): Promise<PageStats> {
  return page.evaluate(() =>
    (globalThis as unknown as { fluxvision: { stats(): Promise<PageStats> } }).fluxvision.stats(),
  );
}

/** Rows and columns as square as the tiles allow: 42 become 7 by 6. */
function grid({ tiles, width, height }: Settings): TileRect[] {
  const columns = Math.ceil(Math.sqrt(tiles));
  const rows = Math.ceil(tiles / columns);
  const tileWidth = Math.floor(width / columns);
  const tileHeight = Math.floor(height / rows);
  return Array.from({ length: tiles }, (_, index) => ({
    x: (index % columns) * tileWidth,
    y: Math.floor(index / columns) * tileHeight,
    width: tileWidth - 2,
    height: tileHeight - 2,
  }));
}

function cameraId(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
}

function summary(values: readonly number[]): Summary {
  return {
    min: round(Math.min(...values)),
    mean: round(values.reduce((sum, value) => sum + value, 0) / values.length),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => void systemClock().after(millis(seconds * 1000), resolve));
}

/** The checkout: the page is built from its sources. */
function checkout(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "web/testkit/page/index.html"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("this benchmark needs the source tree: run it in the checkout");
    folder = parent;
  }
  return folder;
}
