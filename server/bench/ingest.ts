import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Child } from "./ingest/child.ts";
import { type Load, startLoad } from "./ingest/load.ts";
import { runMediaServer } from "./ingest/media-server.ts";
import { type ProcessUsage, treeOf, usageOf } from "./ingest/process-usage.ts";
import { measureWholeServer } from "./ingest/whole-server.ts";

/** One side's measurement over one window. */
interface Window {
  readonly seconds: number;
  /** Streams that delivered when the window ended. */
  readonly streams: number;
  readonly frames: number;
  readonly usage: ProcessUsage;
  readonly cpuSeconds: number;
}

interface Settings {
  readonly cameras: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly port: number;
}

/**
 * `bench ingest`: receives and seals main and sub stream of many cameras in one server process, alternating with one
 * `ffmpeg -c copy -f null` per stream against the same cameras. Options: --cameras 42, --seconds 30 (per window),
 * --rounds 2, --port 21300. `--whole` measures the server in one piece instead, its database included
 * (`--no-recording`: and its recorder idle).
 */
export async function run(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      cameras: { type: "string", default: "42" },
      seconds: { type: "string", default: "30" },
      rounds: { type: "string", default: "2" },
      port: { type: "string", default: "21300" },
      whole: { type: "boolean", default: false },
      "no-recording": { type: "boolean", default: false },
      // The process under measurement is this program again.
      role: { type: "string" },
    },
  });
  if (values.role === "server") {
    await runMediaServer();
    return {};
  }
  const settings: Settings = {
    cameras: Number(values.cameras),
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    port: Number(values.port),
  };
  if (values.whole) return measureWholeServer({ ...settings, recording: !values["no-recording"] });
  return compare(settings);
}

async function compare(settings: Settings): Promise<object> {
  const { cameras, seconds, rounds, port } = settings;
  const ours: Window[] = [];
  const ffmpeg: Window[] = [];
  // Fresh cameras for each window: both sides meet them in the same state.
  const against = async (measure: (urls: readonly string[], seconds: number) => Promise<Window>): Promise<Measured> => {
    const load = await startLoad(cameras, port);
    try {
      return { load, window: await measure(urlsOf(load), seconds) };
    } finally {
      await load.stop();
    }
  };
  let load: Load | undefined;
  for (let i = 0; i < rounds; i++) {
    const server = await against(measureServer);
    ours.push(server.window);
    ffmpeg.push((await against(measureFfmpeg)).window);
    load = server.load;
  }
  if (!load) throw new RangeError("--rounds must be at least 1");
  const streams = 2 * cameras;
  const expected = cameras * (load.fps.main + load.fps.sub);
  const server = summary(ours, streams, expected);
  const peer = summary(ffmpeg, streams, expected);
  return {
    load: load.name,
    cameras,
    streams,
    secondsPerWindow: seconds,
    rounds,
    server: { ...server, sealed: true, suite: "LEA-256-GCM", scope: "media plane with relay thread" },
    ffmpeg: { ...peer, sealed: false },
    cpuRatio: round(server.cpuSecondsPerStreamHour / peer.cpuSecondsPerStreamHour, 3),
    cpuPerFrameRatio: round(server.cpuMicrosPerFrame / peer.cpuMicrosPerFrame, 3),
    memoryRatio: round(server.pssMib / peer.pssMib, 3),
  };
}

interface Measured {
  readonly load: Load;
  readonly window: Window;
}

function urlsOf(load: Load): string[] {
  return load.urls.flatMap(({ main, sub }) => [main, sub]);
}

async function measureServer(urls: readonly string[], seconds: number): Promise<Window> {
  const child = new Child(process.execPath, [process.argv[1] ?? "", "bench", "ingest", "--role", "server"]);
  try {
    child.process.stdin?.write(`${JSON.stringify(urls)}\n`);
    await child.line(new RegExp(`"online":${urls.length}\\b`), 90_000).catch(() => undefined);
    await pause(5_000);
    const frames = (): number => {
      const last = child.lines(/"frames"/).at(-1) ?? "{}";
      return (JSON.parse(last) as { frames?: number }).frames ?? 0;
    };
    const online = (): number => {
      const last = child.lines(/"online"/).at(-1) ?? "{}";
      return (JSON.parse(last) as { online?: number }).online ?? 0;
    };
    return await window(seconds, () => treeOf(child.pid), frames, online);
  } finally {
    await child.stop();
  }
}

async function measureFfmpeg(urls: readonly string[], seconds: number): Promise<Window> {
  const children: Child[] = [];
  try {
    for (const url of urls) {
      const quiet = ["-nostdin", "-loglevel", "error", "-nostats", "-stats_period", "2", "-progress", "pipe:1"];
      children.push(
        new Child("ffmpeg", [...quiet, "-rtsp_transport", "tcp", "-i", url, "-c", "copy", "-f", "null", "-"]),
      );
      await pause(50);
    }
    const started = await Promise.allSettled(children.map((child) => child.line(/^frame=[1-9]/, 60_000)));
    const failed = started.find((result) => result.status === "rejected");
    if (started.every((result) => result.status === "rejected")) throw failed?.reason;
    await pause(5_000);
    const frames = (): number =>
      children.reduce(
        (sum, child) =>
          sum +
          Number(
            child
              .lines(/^frame=/)
              .at(-1)
              ?.slice(6) ?? 0,
          ),
        0,
      );
    const alive = (): number => children.filter((child) => !child.exited).length;
    return await window(seconds, () => children.map((child) => child.pid), frames, alive);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

async function window(
  seconds: number,
  pids: () => readonly number[],
  frames: () => number,
  streams: () => number,
): Promise<Window> {
  const startedMs = performance.now();
  const framesBefore = frames();
  const before = usageOf(pids());
  await pause(seconds * 1000);
  const usage = usageOf(pids());
  return {
    seconds: (performance.now() - startedMs) / 1000,
    streams: streams(),
    frames: frames() - framesBefore,
    usage,
    cpuSeconds: usage.cpuSeconds - before.cpuSeconds,
  };
}

function summary(windows: readonly Window[], streams: number, expectedFps: number) {
  const total = (pick: (window: Window) => number): number => windows.reduce((sum, window) => sum + pick(window), 0);
  const seconds = total((window) => window.seconds);
  const frames = total((window) => window.frames);
  const cpuSeconds = total((window) => window.cpuSeconds);
  const most = (pick: (usage: ProcessUsage) => number): number => Math.max(...windows.map(({ usage }) => pick(usage)));
  return {
    cores: round(cpuSeconds / seconds, 4),
    cpuSecondsPerStreamHour: round((cpuSeconds / seconds / streams) * 3600, 2),
    cpuMicrosPerFrame: round((cpuSeconds * 1e6) / Math.max(1, frames), 1),
    streamsDelivering: Math.min(...windows.map((one) => one.streams)),
    frames,
    framesExpected: Math.round(expectedFps * seconds),
    received: round(frames / (expectedFps * seconds), 3),
    rssMib: Math.round(most(({ rssBytes }) => rssBytes) / 2 ** 20),
    pssMib: Math.round(most(({ pssBytes }) => pssBytes) / 2 ** 20),
    threads: most(({ threads }) => threads),
    processes: most(({ processes }) => processes),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
