import { setTimeout as pause } from "node:timers/promises";
import type { SystemStats } from "../../../shared/api/schemas.ts";
import { type ApiClient, addCamera, signIn } from "../../testkit/api.ts";
import { ADMIN_PASSWORD, startServer } from "../../testkit/server-process.ts";
import { median } from "../statistics.ts";
import { startLoad } from "./load.ts";
import { type ProcessUsage, treeOf, usageOf } from "./process-usage.ts";

interface WholeSettings {
  readonly cameras: number;
  readonly seconds: number;
  readonly port: number;
  /** Off: each stream is a camera of its own, as only a camera's cheapest stream is pulled without viewer or recorder. */
  readonly recording: boolean;
}

/** One reading: the server's own process beside its database's processes. */
interface Reading {
  readonly server: ProcessUsage;
  readonly database: ProcessUsage;
}

const ONLINE_WITHIN_MS = 120_000;
/** First pictures, tables and code of a fresh start are not what a day looks like. */
const SETTLE_MS = 15_000;
const READ_EVERY_MS = 1000;

/**
 * The server as a user starts it, in one piece (HTTP, control, media threads, embedded database, recording as it is by
 * default), with main and sub stream of every camera pulled: memory and threads of process and database, apart and
 * together. Medians and peaks of one reading a second.
 */
export async function measureWholeServer({ cameras, seconds, port, recording }: WholeSettings): Promise<object> {
  const load = await startLoad(cameras, port);
  try {
    const server = await startServer({
      adminPassword: ADMIN_PASSWORD,
      webTransport: true,
      env: { FLUXVISION_LOG_LEVEL: "warn" },
    });
    try {
      const api = await signIn(server.url);
      if (!recording) {
        const policy = { scope: "system", target: "system", policy: { mode: "off" } };
        await api.request("PUT", "/recording/policies", policy);
      }
      for (const [index, { main, sub }] of load.urls.entries()) {
        const name = `Camera ${index + 1}`;
        if (recording) await addCamera(api, name, main, sub);
        else for (const url of [main, sub]) await addCamera(api, `${name} ${url.slice(-4)}`, url);
      }
      await untilPulled(api, 2 * cameras);
      await pause(SETTLE_MS);
      const before = await statsOf(api);
      const first = read(server.pid);
      const startedMs = performance.now();
      const readings = await readFor(seconds, server.pid);
      const elapsedSeconds = (performance.now() - startedMs) / 1000;
      const last = read(server.pid);
      const after = await statsOf(api);
      const cpuSeconds = (reading: Reading): number => reading.server.cpuSeconds + reading.database.cpuSeconds;
      return {
        load: load.name,
        recording,
        cameras,
        camerasOnline: after.camerasOnline,
        streamsPulled: after.streamsPulled,
        framesPerSecond: Math.round((after.framesSealed - before.framesSealed) / elapsedSeconds),
        framesExpectedPerSecond: cameras * (load.fps.main + load.fps.sub),
        framesDropped: after.framesDropped - before.framesDropped,
        webTransport: after.webTransport,
        seconds,
        cores: Number(((cpuSeconds(last) - cpuSeconds(first)) / elapsedSeconds).toFixed(3)),
        server: summary(readings.map((reading) => reading.server)),
        database: summary(readings.map((reading) => reading.database)),
        together: summary(readings.map(({ server: own, database }) => together(own, database))),
      };
    } finally {
      await server.close();
    }
  } finally {
    await load.stop();
  }
}

const statsOf = (api: ApiClient): Promise<SystemStats> => api.request<SystemStats>("GET", "/system/stats");

async function untilPulled(api: ApiClient, streams: number): Promise<void> {
  const deadline = performance.now() + ONLINE_WITHIN_MS;
  let pulled = 0;
  while (performance.now() < deadline) {
    pulled = (await statsOf(api)).streamsPulled;
    if (pulled >= streams) return;
    await pause(500);
  }
  throw new Error(`only ${pulled} of ${streams} streams were pulled within ${ONLINE_WITHIN_MS / 1000} s`);
}

function read(pid: number): Reading {
  return { server: usageOf([pid]), database: usageOf(treeOf(pid).filter((one) => one !== pid)) };
}

async function readFor(seconds: number, pid: number): Promise<Reading[]> {
  const readings: Reading[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || readings.length === 0) {
    await pause(READ_EVERY_MS);
    readings.push(read(pid));
  }
  return readings;
}

function together(a: ProcessUsage, b: ProcessUsage): ProcessUsage {
  return {
    cpuSeconds: a.cpuSeconds + b.cpuSeconds,
    rssBytes: a.rssBytes + b.rssBytes,
    pssBytes: a.pssBytes + b.pssBytes,
    threads: a.threads + b.threads,
    processes: a.processes + b.processes,
  };
}

function summary(usages: readonly ProcessUsage[]): object {
  const mib = (pick: (usage: ProcessUsage) => number): { median: number; most: number } => {
    const values = usages.map((usage) => pick(usage) / 2 ** 20);
    return { median: Math.round(median(values)), most: Math.round(Math.max(...values)) };
  };
  return {
    rssMib: mib(({ rssBytes }) => rssBytes),
    pssMib: mib(({ pssBytes }) => pssBytes),
    threads: Math.max(...usages.map(({ threads }) => threads)),
    processes: Math.max(...usages.map(({ processes }) => processes)),
  };
}
