import type { Page } from "playwright-core";
import { systemClock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { type Simulator, startSimulator } from "../simulator/simulator.ts";
import { readStamp, stampGeometry } from "../simulator/stamp.ts";
import { addCamera, openWall, signIn } from "../testkit/api.ts";
import { launchChromium, waitForStats } from "../testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../testkit/server-process.ts";
import { percentile } from "./statistics.ts";

interface Sighting {
  /** Brightness of the stamp's blocks, in their order. */
  readonly luma: readonly number[];
  readonly seenAtMs: number;
}

interface Case {
  readonly cameras: number;
  readonly transport: "websocket" | "webtransport";
}

const VIEW = { width: 1280, height: 720 };
const clock = systemClock();

/**
 * Camera to screen: the time from the simulator's sending a picture to that picture's number being read back from the
 * pixels that the wall has drawn. Both ends read the same machine's clock. `--seconds N` per case (default 10).
 */
export async function run(args: string[]): Promise<object> {
  const seconds = Number(args[args.indexOf("--seconds") + 1]) || 10;
  const cases: Case[] = [1, 16].flatMap((cameras) =>
    (["websocket", "webtransport"] as const).map((transport) => ({ cameras, transport })),
  );
  const results: Record<string, object> = {};
  for (const wanted of cases) results[`${wanted.cameras}_${wanted.transport}`] = await measure(wanted, seconds);
  return { seconds, fps: stampGeometry.framesPerSecond, viewport: VIEW, cases: results };
}

async function measure(wanted: Case, seconds: number): Promise<object> {
  const clips = { main: stampGeometry.clip, sub: stampGeometry.clip };
  const simulator = await startSimulator({ cameras: wanted.cameras, clips });
  let server: ServerUnderTest | undefined;
  const browser = await launchChromium();
  try {
    server = await startServer({ adminPassword: ADMIN_PASSWORD, webTransport: wanted.transport === "webtransport" });
    const api = await signIn(server.url);
    const ids: string[] = [];
    for (let number = 1; number <= wanted.cameras; number += 1) {
      ids.push(
        await addCamera(
          api,
          `Camera ${String(number).padStart(2, "0")}`,
          simulator.url(number, "main"),
          simulator.url(number, "sub"),
        ),
      );
    }
    const page = await browser.newPage({ viewport: VIEW, ignoreHTTPSErrors: true });
    await openWall(page, server, { kiosk: true, transport: wanted.transport });
    const stats = await waitForStats(
      page,
      ({ tiles }) => tiles.length >= wanted.cameras && tiles.every(({ state }) => state === "live"),
      60_000,
    );
    if (stats.transport !== wanted.transport) {
      return { skipped: `the page is on ${stats.transport}: WebTransport does not run on this system` };
    }
    await new Promise<void>((resolve) => clock.after(millis(3_000), resolve));
    const sightings = await watch(page, seconds);
    const after = await waitForStats(page, () => true);
    const rows = sightings.map((tile, index) => latencies(simulator, index + 1, tile));
    const all = rows.flat().sort((a, b) => a - b);
    if (all.length === 0) throw new FluxError("bench.no_stamp", "no stamped picture could be read from the wall");
    return {
      renderer: after.renderer,
      drawFps: after.drawFps,
      picturesSeen: all.length,
      picturesSent: Math.round(seconds * stampGeometry.framesPerSecond * wanted.cameras),
      p50Ms: percentile(all, 0.5),
      p95Ms: percentile(all, 0.95),
      maxMs: percentile(all, 1),
      selfReportedMs: after.tiles.map(({ latencyMs }) => latencyMs ?? null)[0] ?? null,
    };
  } finally {
    await browser.close();
    await server?.close();
    await simulator.close();
  }
}

/** At every animation frame: reads each tile's strip of blocks from what is on the canvas. */
async function watch(page: Page, seconds: number): Promise<Sighting[][]> {
  return page.evaluate(
    async ({ seconds, geometry }) => {
      const canvas = document.querySelector("canvas");
      const strip = document.createElement("canvas");
      const tiles = [...document.querySelectorAll("[data-tile]")].map((element) => element.getBoundingClientRect());
      strip.width = geometry.blocks;
      strip.height = tiles.length;
      const context = strip.getContext("2d", { willReadFrequently: true });
      if (!canvas || !context) throw new Error("no canvas");
      context.imageSmoothingEnabled = false;
      const origin = canvas.getBoundingClientRect();
      const ratio = canvas.width / origin.width;
      const found: { luma: number[]; seenAtMs: number }[][] = tiles.map(() => []);
      const endAt = performance.now() + seconds * 1000;
      while (performance.now() < endAt) {
        await new Promise(requestAnimationFrame);
        const seenAtMs = performance.timeOrigin + performance.now();
        for (const [row, tile] of tiles.entries()) {
          // Where the picture lies in its tile: whole, centred, with bars.
          const scale = Math.min(tile.width / geometry.width, tile.height / geometry.height);
          const left = tile.left - origin.left + (tile.width - geometry.width * scale) / 2;
          const top = tile.top - origin.top + (tile.height - geometry.height * scale) / 2;
          const y = Math.floor((top + (geometry.blockHeight / 2) * scale) * ratio);
          const width = geometry.blocks * geometry.blockWidth * scale * ratio;
          // One pixel of each block, nearest to its middle: a line scaled down to as many pixels as blocks.
          context.drawImage(canvas, left * ratio, y, width, 1, 0, row, geometry.blocks, 1);
        }
        const pixels = context.getImageData(0, 0, strip.width, strip.height).data;
        for (const [row, list] of found.entries()) {
          const luma: number[] = [];
          for (let block = 0; block < geometry.blocks; block += 1)
            luma.push(pixels[(row * geometry.blocks + block) * 4 + 1] ?? 0);
          const last = list.at(-1);
          const changed = !last || luma.some((value, at) => Math.abs(value - (last.luma[at] ?? 0)) > 64);
          if (changed) list.push({ luma, seenAtMs });
        }
      }
      return found;
    },
    { seconds, geometry: { ...stampGeometry } },
  );
}

function latencies(simulator: Simulator, camera: number, sightings: readonly Sighting[]): number[] {
  const result: number[] = [];
  // The first one was on the screen before the watch began.
  for (const { luma, seenAtMs } of sightings.slice(1)) {
    const index = readStamp(luma.map((value) => value > 127));
    if (index === undefined) continue;
    const times = [simulator.sentAt(camera, index, "main"), simulator.sentAt(camera, index, "sub")];
    const sent = times.flatMap((time) => (time === undefined ? [] : [seenAtMs - time / 1000]));
    // Main and sub play the same clip on phases of their own: the picture seen is the one sent last before.
    const delay = Math.min(...sent.filter((value) => value >= 0));
    if (Number.isFinite(delay)) result.push(delay);
  }
  return result;
}
