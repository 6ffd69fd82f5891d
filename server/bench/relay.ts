import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bundleTo, type RelayProcess, startRelayProcess, tempFolder } from "../relay/testkit/start-relay-process.ts";
import type { ViewerFigures, ViewerSettings } from "../relay/testkit/viewer-process.ts";

/**
 * `bench relay [--seconds N] [--viewers 1,4,16]`: what it costs to send 42 cameras (15 fps, 0.5 Mbit/s) to viewers
 * over WebSocket, beside `ws` alone sending the same bytes from the same kind of thread. All three run at the same time,
 * each with viewers of its own: what else the machine does, and how fast it is just then, is the same for all.
 */

const CAMERAS = 42;
const SUB = { fps: 15, kbps: 500, gop: 30 };
const TILE_PX = 180;
/** Until the compiler is done with what runs all the time. */
const WARM_UP_MS = 8000;

const KINDS = ["relay", "bareFrames", "bareBatches"] as const;
type Kind = (typeof KINDS)[number];
const PORTS: Record<Kind, number> = { relay: 21_480, bareFrames: 21_481, bareBatches: 21_482 };

interface Measured {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly rssMib: number;
  readonly received: ViewerFigures;
}

export async function run(args: readonly string[]): Promise<object> {
  const seconds = Number(option(args, "--seconds") ?? 8);
  const counts = (option(args, "--viewers") ?? "1,4,16").split(",").map(Number);
  const folder = tempFolder("bench-relay");
  try {
    await bundleTo(folder, { viewer: "server/relay/testkit/viewer-process.ts" });
    const idle = await measureAll(folder, 0, seconds);
    const idleCores = average(KINDS.map((kind) => cores(idle[kind])));
    const byViewers: Record<string, object> = {};
    let lostGops = 0;
    for (const viewers of counts) {
      const { relay, bareFrames, bareBatches } = await measureAll(folder, viewers, seconds);
      lostGops += relay.received.lostGops;
      byViewers[viewers] = {
        relay: describe(relay, idleCores),
        bareWsPerFrame: describe(bareFrames, idleCores),
        bareWsPerBatch: describe(bareBatches, idleCores),
        ratioToBarePerFrame: ratio(perGbit(relay), perGbit(bareFrames)),
        ratioToBarePerBatch: ratio(perGbit(relay), perGbit(bareBatches)),
      };
    }
    return {
      cameras: CAMERAS,
      fps: SUB.fps,
      kbpsPerCamera: SUB.kbps,
      secondsEach: seconds,
      note: "The three were measured at the same time. CPU is that of the whole process: relay thread, and a main thread that makes the frames (idleCores). Viewers are another process.",
      idleCores: round(idleCores, 3),
      lostGopsOfHealthyViewers: lostGops,
      byViewers,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(folder: string, viewers: number, seconds: number): Promise<Record<Kind, Measured>> {
  const running: { readonly server: RelayProcess; clients?: ChildProcess }[] = [];
  try {
    for (const kind of KINDS) {
      const started: (typeof running)[number] = { server: await startServer(kind) };
      running.push(started);
      if (viewers > 0) started.clients = await startViewers(folder, { kind, viewers });
    }
    await pause(WARM_UP_MS);
    const measured = await Promise.all(running.map(({ server, clients }) => sample(server, clients, seconds)));
    const [relay, bareFrames, bareBatches] = measured;
    if (!relay || !bareFrames || !bareBatches) throw new Error("unreachable");
    return { relay, bareFrames, bareBatches };
  } finally {
    for (const { clients } of running) clients?.kill();
    await Promise.all(running.map(({ server }) => server.close()));
  }
}

function startServer(kind: Kind): Promise<RelayProcess> {
  return startRelayProcess(
    {
      httpPort: PORTS[kind],
      webTransportPort: undefined,
      cameras: CAMERAS,
      sub: SUB,
      main: undefined,
      quotaKbps: 50_000,
      pageScript: undefined,
      ...(kind !== "relay" && { bare: kind === "bareFrames" ? ("frames" as const) : ("batches" as const) }),
    },
    { webTransport: false },
  );
}

async function sample(server: RelayProcess, clients: ChildProcess | undefined, seconds: number): Promise<Measured> {
  const before = { figures: await ask(clients), usage: await server.usage(), at: performance.now() };
  await pause(seconds * 1000);
  const after = { figures: await ask(clients), usage: await server.usage(), at: performance.now() };
  return {
    cpuSeconds: (after.usage.cpuMicros - before.usage.cpuMicros) / 1e6,
    seconds: (after.at - before.at) / 1000,
    rssMib: after.usage.rssBytes / 2 ** 20,
    received: {
      frames: after.figures.frames - before.figures.frames,
      bytes: after.figures.bytes - before.figures.bytes,
      messages: after.figures.messages - before.figures.messages,
      // Over the whole life: nothing may be lost at the start either.
      lostFrames: after.figures.lostFrames,
      lostGops: after.figures.lostGops,
    },
  };
}

function startViewers(folder: string, { kind, viewers }: { kind: Kind; viewers: number }): Promise<ChildProcess> {
  const settings: ViewerSettings = {
    url: `ws://127.0.0.1:${PORTS[kind]}/api/v1/live`,
    viewers,
    cameras: kind === "relay" ? CAMERAS : 0,
    heightPx: TILE_PX,
  };
  const child = spawn(process.execPath, [join(folder, "viewer.mjs"), JSON.stringify(settings)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`the viewers ended with code ${code}`)));
  });
}

function ask(clients: ChildProcess | undefined): Promise<ViewerFigures> {
  if (!clients) return Promise.resolve({ frames: 0, bytes: 0, messages: 0, lostFrames: 0, lostGops: 0 });
  return new Promise((resolve) => {
    clients.once("message", (figures) => resolve(figures as ViewerFigures));
    clients.send("figures");
  });
}

const cores = (measured: Measured): number => measured.cpuSeconds / measured.seconds;

/** CPU-seconds per Gbit sent: CPU per Gbit/s. */
const perGbit = (measured: Measured): number => measured.cpuSeconds / ((measured.received.bytes * 8) / 1e9);

function describe(measured: Measured, idleCores: number): object {
  const gbit = (measured.received.bytes * 8) / 1e9;
  return {
    cores: round(cores(measured), 3),
    cpuSecondsPerGbit: round(perGbit(measured), 3),
    cpuSecondsPerGbitWithoutIdle: round((measured.cpuSeconds - idleCores * measured.seconds) / gbit, 3),
    rssMib: round(measured.rssMib, 0),
    mbitPerSecond: round((gbit * 1000) / measured.seconds, 1),
    framesPerSecond: round(measured.received.frames / measured.seconds, 0),
    messagesPerSecond: round(measured.received.messages / measured.seconds, 0),
    lostFrames: measured.received.lostFrames,
    lostGops: measured.received.lostGops,
  };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const ratio = (ours: number, peer: number): number => round(ours / peer, 2);
const round = (value: number, digits: number): number => Number(value.toFixed(digits));
function option(args: readonly string[], name: string): string | undefined {
  const index = args.indexOf(name);
  return index < 0 ? undefined : args[index + 1];
}
