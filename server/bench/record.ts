import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { bundleTo, tempFolder } from "../relay/testkit/start-relay-process.ts";
import type { ViewerFigures, ViewerSettings } from "../relay/testkit/viewer-process.ts";
import { Child } from "./ingest/child.ts";
import { startLoad } from "./ingest/load.ts";
import { type ProcessUsage, treeOf, usageOf, writeCallsOf } from "./ingest/process-usage.ts";
import { type RecordServerSettings, runRecordServer } from "./record/record-server.ts";
import { readStored, type Stored } from "./record/stored.ts";

interface Settings {
  readonly cameras: number;
  readonly seconds: number;
  /** Before each window. A recorder runs for months; what is compiled in its first minute is no part of what it costs. */
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly viewers: number;
  readonly port: number;
  readonly segmentSeconds: number;
  /** Both sides write below it. */
  readonly folder: string;
}

interface Half {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly writeCalls: number;
  /** At the end of the window. */
  readonly usage: ProcessUsage;
  /** Received in the window. */
  readonly frames: number;
  readonly delivering: number;
}

interface OurHalf extends Half {
  readonly gaps: readonly { readonly reason: string; readonly frames: number }[];
  readonly dropped: number;
  readonly stored: Stored;
  readonly viewers: ViewerFigures | undefined;
}

/** Each viewer watches a 2x2 of main streams, each another one. */
const CAMERAS_PER_VIEWER = 4;
const TILE_PX = 900;
/** As the server is started: the recorders write and sync several files at a time. */
const IO_THREADS = 32;

/**
 * `bench record`: main streams received over RTSP, sealed and recorded by the media plane while viewers watch, alternating
 * with one `ffmpeg -c copy -f segment` per stream from the same cameras (what ZoneMinder and Frigate run).
 * Options: --cameras 42, --seconds 300 (per half), --warm-up 60 (before each), --rounds 1, --viewers 4, --segment-seconds 60, --port 24200,
 * --folder (default: the system's temporary one; 21 MB/s are written there and removed).
 */
export async function run(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      cameras: { type: "string", default: "42" },
      seconds: { type: "string", default: "300" },
      "warm-up": { type: "string", default: "60" },
      rounds: { type: "string", default: "1" },
      viewers: { type: "string", default: "4" },
      "segment-seconds": { type: "string", default: "60" },
      port: { type: "string", default: "24200" },
      folder: { type: "string", default: tmpdir() },
      // The process under measurement is this program again.
      role: { type: "string" },
    },
  });
  if (values.role === "server") {
    await runRecordServer();
    return {};
  }
  return compare({
    cameras: Number(values.cameras),
    seconds: Number(values.seconds),
    warmUpSeconds: Number(values["warm-up"]),
    rounds: Number(values.rounds),
    viewers: Number(values.viewers),
    port: Number(values.port),
    segmentSeconds: Number(values["segment-seconds"]),
    folder: values.folder,
  });
}

async function compare(settings: Settings): Promise<object> {
  const { cameras, seconds, warmUpSeconds, rounds, viewers, segmentSeconds } = settings;
  if (!(rounds >= 1)) throw new RangeError("--rounds must be at least 1");
  const ours: OurHalf[] = [];
  const peers: Half[] = [];
  let load = "";
  const bundles = tempFolder("bench-record");
  try {
    if (viewers > 0) await bundleTo(bundles, { viewer: "server/relay/testkit/viewer-process.ts" });
    for (let i = 0; i < rounds; i++) {
      const half = await withCameras(settings, (urls, folder, name) => {
        load = name;
        return measureOurs(settings, urls, folder, bundles);
      });
      ours.push(half);
      peers.push(await withCameras(settings, (urls, folder) => measureFfmpeg(settings, urls, folder)));
    }
  } finally {
    await rm(bundles, { recursive: true, force: true });
  }
  const server = summary(ours, cameras);
  const ffmpeg = summary(peers, cameras);
  const stored = ours.reduce((sum, half) => sum + half.stored.bytes, 0);
  // Recorded a little longer than measured: the cameras' warm-up is on the disk too.
  const kbpsPerStream = Math.round((stored * 8) / 1000 / cameras / rounds / (seconds + warmUpSeconds));
  return {
    load,
    kbpsPerStream,
    cameras,
    secondsPerHalf: seconds,
    warmUpSeconds,
    rounds,
    segmentSeconds,
    viewers: { count: viewers, camerasEach: Math.min(CAMERAS_PER_VIEWER, cameras), ...total(ours) },
    server: {
      ...server,
      sealed: true,
      suite: "LEA-256-GCM",
      ioThreads: IO_THREADS,
      flushed: "fdatasync once a second",
      scope: "media plane with relay thread; CPU and write calls include the viewers",
      lost: lossesOf(ours),
    },
    ffmpeg: { ...ffmpeg, sealed: false, flushed: "never", command: "-c copy -f segment -segment_format mp4" },
    cpuRatio: round(server.cpuSecondsPerStreamHour / ffmpeg.cpuSecondsPerStreamHour, 3),
    memoryRatio: round(server.pssMib / ffmpeg.pssMib, 3),
    writeCallRatio: round(server.writeCallsPerSecond / ffmpeg.writeCallsPerSecond, 3),
  };
}

/** Fresh cameras and an empty folder: both sides meet them in the same state. */
async function withCameras<T>(
  { cameras, port, folder }: Settings,
  measure: (urls: readonly string[], folder: string, load: string) => Promise<T>,
): Promise<T> {
  const own = await mkdtemp(join(folder, "fluxvision-bench-record-"));
  const load = await startLoad(cameras, port);
  try {
    return await measure(
      load.urls.map(({ main }) => main),
      own,
      load.name,
    );
  } finally {
    await load.stop();
    await rm(own, { recursive: true, force: true });
  }
}

async function measureOurs(
  settings: Settings,
  urls: readonly string[],
  folder: string,
  bundles: string,
): Promise<OurHalf> {
  const child = new Child(process.execPath, [process.argv[1] ?? "", "bench", "record", "--role", "server"], {
    env: { ...process.env, UV_THREADPOOL_SIZE: `${IO_THREADS}`, MALLOC_ARENA_MAX: "2" },
  });
  const last = (pattern: RegExp): Record<string, unknown> =>
    JSON.parse(child.lines(pattern).at(-1) ?? "{}") as Record<string, unknown>;
  const count = (name: string): number => Number(last(new RegExp(`"${name}"`))[name] ?? 0);
  let half: Half;
  let watched: ViewerFigures | undefined;
  let dropped: number;
  try {
    const order: RecordServerSettings = { urls, folder, segmentMs: settings.segmentSeconds * 1000 };
    child.process.stdin?.write(`${JSON.stringify(order)}\n`);
    await child.line(new RegExp(`"online":${urls.length}\\b`), 90_000).catch(() => undefined);
    const viewers = startViewers(settings, bundles, Number(last(/"port"/).port));
    await pause(settings.warmUpSeconds * 1000);
    half = await window(
      settings.seconds,
      () => treeOf(child.pid),
      () => count("frames"),
      () => count("online"),
    );
    watched = await viewers?.figures();
    viewers?.stop();
    dropped = count("dropped");
  } finally {
    // It ends when its input does, with its files closed.
    await child.finish(15_000);
  }
  const gaps = child.lines(/"gap"/).map((line) => (JSON.parse(line) as { gap: OurHalf["gaps"][number] }).gap);
  return { ...half, gaps, dropped, viewers: watched, stored: await readStored(folder) };
}

async function measureFfmpeg(settings: Settings, urls: readonly string[], folder: string): Promise<Half> {
  const children: Child[] = [];
  try {
    for (const [index, url] of urls.entries()) {
      const quiet = ["-nostdin", "-loglevel", "error", "-nostats", "-stats_period", "2", "-progress", "pipe:1"];
      const segment = ["-f", "segment", "-segment_time", `${settings.segmentSeconds}`, "-segment_format", "mp4"];
      const output = ["-reset_timestamps", "1", "-c", "copy", join(folder, `${index}-%05d.mp4`)];
      children.push(new Child("ffmpeg", [...quiet, "-rtsp_transport", "tcp", "-i", url, ...segment, ...output]));
      await pause(50);
    }
    const started = await Promise.allSettled(children.map((child) => child.line(/^frame=[1-9]/, 60_000)));
    const failed = started.find((result) => result.status === "rejected");
    if (started.every((result) => result.status === "rejected")) throw failed?.reason;
    await pause(settings.warmUpSeconds * 1000);
    const framesOf = (child: Child): number =>
      Number(
        child
          .lines(/^frame=/)
          .at(-1)
          ?.slice(6) ?? 0,
      );
    return await window(
      settings.seconds,
      () => children.map((child) => child.pid),
      () => children.reduce((sum, child) => sum + framesOf(child), 0),
      () => children.filter((child) => !child.exited).length,
    );
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

function startViewers({ viewers, cameras }: Settings, bundles: string, port: number) {
  if (viewers === 0) return undefined;
  const settings: ViewerSettings = {
    url: `ws://127.0.0.1:${port}/api/v1/live`,
    viewers,
    cameras: Math.min(CAMERAS_PER_VIEWER, Math.floor(cameras / viewers)),
    heightPx: TILE_PX,
    apart: true,
  };
  const child = spawn(process.execPath, [join(bundles, "viewer.mjs"), JSON.stringify(settings)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const opened = new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`the viewers ended with code ${code}`)));
  });
  // Looked at when the figures are asked for.
  opened.catch(() => undefined);
  return {
    async figures(): Promise<ViewerFigures> {
      await opened;
      return new Promise((resolve) => {
        child.once("message", (figures) => resolve(figures as ViewerFigures));
        child.send("figures");
      });
    },
    stop: () => void child.kill(),
  };
}

async function window(
  seconds: number,
  pids: () => readonly number[],
  frames: () => number,
  delivering: () => number,
): Promise<Half> {
  const startedMs = performance.now();
  const framesBefore = frames();
  const before = usageOf(pids());
  const callsBefore = writeCallsOf(pids());
  await pause(seconds * 1000);
  const usage = usageOf(pids());
  return {
    seconds: (performance.now() - startedMs) / 1000,
    cpuSeconds: usage.cpuSeconds - before.cpuSeconds,
    writeCalls: writeCallsOf(pids()) - callsBefore,
    usage,
    frames: frames() - framesBefore,
    delivering: delivering(),
  };
}

function summary(halves: readonly Half[], streams: number) {
  const sum = (pick: (half: Half) => number): number => halves.reduce((total, half) => total + pick(half), 0);
  const seconds = sum((half) => half.seconds);
  const cpuSeconds = sum((half) => half.cpuSeconds);
  return {
    cores: round(cpuSeconds / seconds, 4),
    cpuSecondsPerStreamHour: round((cpuSeconds / seconds / streams) * 3600, 2),
    pssMib: Math.round(Math.max(...halves.map(({ usage }) => usage.pssBytes)) / 2 ** 20),
    rssMib: Math.round(Math.max(...halves.map(({ usage }) => usage.rssBytes)) / 2 ** 20),
    processes: Math.max(...halves.map(({ usage }) => usage.processes)),
    threads: Math.max(...halves.map(({ usage }) => usage.threads)),
    writeCallsPerSecond: round(sum((half) => half.writeCalls) / seconds, 1),
    frames: sum((half) => half.frames),
    streamsDelivering: Math.min(...halves.map((half) => half.delivering)),
  };
}

function lossesOf(halves: readonly OurHalf[]) {
  const sum = (pick: (half: OurHalf) => number): number => halves.reduce((total, half) => total + pick(half), 0);
  return {
    framesStored: sum(({ stored }) => stored.frames),
    bytesStored: sum(({ stored }) => stored.bytes),
    files: sum(({ stored }) => stored.files),
    filesNotClosed: sum(({ stored }) => stored.unclosed),
    framesMissingOnDisk: sum(({ stored }) => stored.missing),
    gaps: sum(({ gaps }) => gaps.length),
    framesInGaps: sum(({ gaps }) => gaps.reduce((total, { frames }) => total + frames, 0)),
    framesDropped: sum(({ dropped }) => dropped),
  };
}

function total(halves: readonly OurHalf[]) {
  const sum = (pick: (figures: ViewerFigures) => number): number =>
    halves.reduce((all, { viewers }) => all + (viewers ? pick(viewers) : 0), 0);
  return {
    frames: sum(({ frames }) => frames),
    bytes: sum(({ bytes }) => bytes),
    lostFrames: sum(({ lostFrames }) => lostFrames),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
