import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { systemClock } from "../../shared/lib/clock.ts";
import { delay } from "../../shared/lib/delay.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { stampBlocks } from "../simulator/stamp.ts";
import { addCamera, signIn } from "../testkit/api.ts";
import { launchChromium, waitForStats } from "../testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../testkit/server-process.ts";
import { serveWallPage, type WallPage } from "../testkit/wall-page.ts";
import { ROOT } from "./chromium-page.ts";
import { type Day, PICTURE_MICROS, pictureAt, SEGMENT_MICROS, writeDay } from "./seek/day-archive.ts";
import { FORMATS, type Role, type StampedClip, stampedClip } from "./seek/footage.ts";
import {
  type PageWall,
  type Place,
  type Seek,
  type SeekResult,
  type Stages,
  seekVideos,
  seekWall,
} from "./seek/in-page.ts";
import { type RangeServer, serveRanges, writeDayVideo } from "./seek/video-files.ts";
import { percentile } from "./statistics.ts";

declare const wall: PageWall;

const CAMERAS = 8;
const SCENES = ["car-park", "crossing", "lobby", "dock", "shop", "yard", "platform", "corridor"];
const VIEW = { width: 1280, height: 720 };
const DAY_MICROS = 86_400_000_000;
const EPOCH_MICROS = 600_000_000;
/** Between two seeks, as a hand needs at least. */
const PAUSE_MS = millis(150);
const clock = systemClock();

interface Case {
  readonly tiles: number;
  readonly role: Role;
  readonly aimMs: number;
}
const CASES = { one: { tiles: 1, role: "main", aimMs: 250 }, "2x2": { tiles: 4, role: "sub", aimMs: 500 } } as const;

/**
 * From the request to the picture on the screen, for random times of a recorded day: the wall in a browser, against the
 * real server, beside video elements that seek in an MP4 of the same pictures. `--seeks N` (200), `--hours H` (24).
 */
export async function run(args: string[]): Promise<object> {
  const seeks = numberOf(args, "--seeks", 200);
  const segments = Math.round(numberOf(args, "--hours", 24) * 60);
  const folder = await mkdtemp(join(tmpdir(), "fluxvision-seek-"));
  let page: WallPage | undefined;
  let server: ServerUnderTest | undefined;
  let ranges: RangeServer | undefined;
  let browser: Browser | undefined;
  try {
    const clips: StampedClip[] = [];
    for (let camera = 0; camera < CAMERAS; camera++) {
      const scene = SCENES[camera % SCENES.length] ?? "";
      clips.push(await stampedClip(scene, folder));
    }
    page = await serveWallPage(ROOT);
    const dataDir = join(folder, "data");
    await mkdir(dataDir);
    const options = { dataDir, adminPassword: ADMIN_PASSWORD, env: { FLUXVISION_ALLOWED_ORIGINS: page.url } };
    server = await startServer(options);
    const ids = await addCameras(server);
    await server.close();
    const now = clock.utcMicros();
    const startMicros = Math.floor((now - DAY_MICROS) / EPOCH_MICROS) * EPOCH_MICROS - EPOCH_MICROS;
    const cameras = ids.map((id, index) => ({ id, clip: clips[index] as StampedClip }));
    const day: Day = { dataDir, startMicros, segments, cameras };
    const bytes = await writeDay(day);
    for (const role of ["main", "sub"] as const) {
      for (const [index, { clip }] of cameras.slice(0, CASES[role === "main" ? "one" : "2x2"].tiles).entries()) {
        await writeDayVideo(clip[role], segments, join(folder, `${role}-${index}.mp4`));
      }
    }
    server = await startServer(options);
    ranges = await serveRanges(folder);
    browser = await launchChromium();
    const results: Record<string, object> = {};
    for (const [name, one] of Object.entries(CASES)) {
      results[name] = await measure(browser, page, server, ranges, day, one, seeks);
    }
    return {
      ...{ seeks, cameras: CAMERAS, hours: segments / 60, segments: segments * CAMERAS * 2, bytesOnDisk: bytes },
      streams: FORMATS,
      viewport: VIEW,
      browser: browser.version(),
      cases: results,
    };
  } finally {
    await browser?.close();
    await ranges?.close();
    await server?.close();
    await page?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Cameras that are not there: what is looked at is yesterday's. */
async function addCameras(server: ServerUnderTest): Promise<string[]> {
  const api = await signIn(server.url);
  const ids: string[] = [];
  for (let number = 1; number <= CAMERAS; number++) {
    const url = `rtsp://127.0.0.1:9/${number}`;
    const id = await addCamera(api, `Camera ${number}`, `${url}/main`, `${url}/sub`);
    await api.request("PATCH", `/cameras/${id}`, { enabled: false });
    ids.push(id);
  }
  return ids;
}

async function measure(
  browser: Browser,
  site: WallPage,
  server: ServerUnderTest,
  ranges: RangeServer,
  day: Day,
  { tiles, role, aimMs }: Case,
  seeks: number,
): Promise<object> {
  const times = randomTimes(day, seeks);
  const page = await browser.newPage({ viewport: VIEW });
  const places = await openArchive(page, site, server, day, tiles, times[0] ?? day.startMicros);
  const ours: SeekResult[] = [];
  for (const at of times.slice(1)) {
    await delay(clock, PAUSE_MS);
    ours.push(await seekWall(page, wanted(day, at, tiles), places));
  }
  await page.close();
  const peer = await browser.newPage({ viewport: VIEW });
  await openVideos(peer, ranges, role, places);
  const theirs: (number | undefined)[] = [];
  for (const at of times.slice(1)) {
    await delay(clock, PAUSE_MS);
    theirs.push(await seekVideos(peer, (at - day.startMicros) / 1e6, wanted(day, at, tiles).blocks));
  }
  await peer.close();
  const [wallFigures, video] = [figures(ours.map(({ ms }) => ms)), figures(theirs)];
  return {
    ...{ tiles, role, aimP95Ms: aimMs, met: wallFigures.p95Ms <= aimMs },
    wall: wallFigures,
    video,
    ratio: { p50: round2(wallFigures.p50Ms / video.p50Ms), p95: round2(wallFigures.p95Ms / video.p95Ms) },
    stages: stagesOf(ours),
  };
}

/** Paused at the first time, its picture on the screen. */
async function openArchive(
  page: Page,
  site: WallPage,
  server: ServerUnderTest,
  day: Day,
  tiles: number,
  first: number,
): Promise<Place[]> {
  await page.goto(`${site.url}/?${new URLSearchParams({ width: `${VIEW.width}`, height: `${VIEW.height}` })}`);
  const { session } = await signIn(server.url);
  const across = Math.ceil(Math.sqrt(tiles));
  const [width, height] = [VIEW.width / across, VIEW.height / across];
  const places = Array.from({ length: tiles }, (_, at) => {
    return { x: (at % across) * width, y: Math.floor(at / across) * height, width, height };
  });
  const specs = places.map((place, at) => {
    return { ...place, tileId: `tile-${at}`, cameraId: day.cameras[at]?.id ?? "", fit: "contain" as const };
  });
  await page.evaluate(
    ({ specs, token, webSocketUrl, micros }) => {
      wall.engine.setTiles(specs);
      wall.engine.connect({ token, webSocketUrl, webTransport: undefined });
      wall.engine.command({ kind: "seek", micros });
      wall.engine.command({ kind: "rate", rate: 0 });
    },
    {
      specs,
      token: session.accessToken,
      webSocketUrl: `${server.url.replace("http", "ws")}/api/v1/live`,
      micros: first,
    },
  );
  await waitForStats(page, ({ tiles: all }) => all.length === tiles && all.every(({ state }) => state === "live"));
  return places;
}

async function openVideos(page: Page, ranges: RangeServer, role: Role, places: readonly Place[]): Promise<void> {
  await page.goto(ranges.url);
  await page.evaluate(
    async ({ urls, places }) => {
      for (const [at, url] of urls.entries()) {
        const video = document.createElement("video");
        const place = places[at];
        Object.assign(video, { muted: true, preload: "auto", src: url });
        video.style.cssText = `position:absolute;left:${place?.x}px;top:${place?.y}px;width:${place?.width}px;height:${place?.height}px`;
        document.body.append(video);
        await new Promise((resolve, reject) => {
          video.addEventListener("canplay", resolve, { once: true });
          video.addEventListener("error", () => reject(new Error(video.error?.message)), { once: true });
        });
      }
    },
    { urls: places.map((_, at) => `${ranges.url}/${role}-${at}.mp4`), places: [...places] },
  );
}

/** Every picture is another one than that before it. */
function randomTimes({ startMicros, segments }: Day, count: number): number[] {
  const times: number[] = [];
  let before = -1;
  while (times.length <= count) {
    const picture = Math.floor(Math.random() * segments * (SEGMENT_MICROS / PICTURE_MICROS));
    const at = startMicros + picture * PICTURE_MICROS + PICTURE_MICROS / 2;
    const number = pictureAt(startMicros, at);
    if (number !== before) times.push(at);
    before = number;
  }
  return times;
}

function wanted({ startMicros }: Day, micros: number, tiles: number): Seek {
  const blocks = stampBlocks(pictureAt(startMicros, micros));
  return { micros, blocks: Array.from({ length: tiles }, () => blocks) };
}

function figures(results: readonly (number | undefined)[]) {
  const there = results.filter((ms) => ms !== undefined).sort((a, b) => a - b);
  if (there.length === 0) throw new FluxError("bench.no_picture", "no seek led to a picture");
  const at = (share: number): number => percentile(there, share);
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1), missing: results.length - there.length };
}

/** Of all tiles' seeks: when each stage was reached, ms after the command came to the worker. */
function stagesOf(results: readonly SeekResult[]): object {
  const all = results.flatMap(({ stages }) => stages.filter((one): one is Stages => one !== undefined));
  const names = [...new Set(all.flatMap((one) => Object.keys(one)))];
  return Object.fromEntries(
    names.map((name) => {
      const values = all.flatMap((one) => one[name] ?? []).sort((a, b) => a - b);
      return [name, { p50Ms: percentile(values, 0.5), p95Ms: percentile(values, 0.95), seeks: values.length }];
    }),
  );
}

function numberOf(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(name);
  return (at < 0 ? 0 : Number(args[at + 1])) || otherwise;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
