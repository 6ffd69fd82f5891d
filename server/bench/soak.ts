import { readFile } from "node:fs/promises";
import type { SystemStats } from "../../shared/api/schemas.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { type Fault, seededRandom } from "../simulator/faults.ts";
import { startSimulator } from "../simulator/simulator.ts";
import { addCamera, openWall, signIn } from "../testkit/api.ts";
import { collectErrors, launchChromium, pageStats, waitForStats } from "../testkit/chromium.ts";
import { ADMIN_PASSWORD, startServer } from "../testkit/server-process.ts";
import { median } from "./statistics.ts";

interface Sample {
  readonly minute: number;
  readonly serverRssMib: number;
  readonly databaseRssMib: number;
  readonly threads: number;
  readonly pageHeapMib: number;
  readonly liveTiles: number;
  readonly openVideoFrames: number;
}

const CAMERAS = 16;
const FAULT_EVERY = millis(10_000);
/** A fault may hide another's end; every camera gets this long after the last one. */
const RECOVERY_MS = 120_000;
const clock = systemClock();

/** What real cameras do on a bad day. `refuse` without a status is a camera that was switched off. */
const faults: readonly Fault[] = [
  { kind: "refuse" },
  { kind: "disconnect" },
  { kind: "stall" },
  { kind: "half-open" },
  { kind: "garbage", bytes: 500 },
  { kind: "slow", ratio: 0.1 },
  { kind: "timestamp-jump", ticks90k: -90_000 * 3600 },
  { kind: "sequence-wrap" },
  { kind: "packet-loss", ratio: 0.05 },
  { kind: "wrong-password" },
];

/**
 * A wall of 16 cameras that are killed, stalled, slowed and fed garbage, one every ten seconds, for `--minutes N`
 * (default 30): memory of the server, tiles that recover, console errors. `--seed N` repeats a run.
 */
export async function run(args: string[]): Promise<object> {
  const option = (name: string, fallback: number): number => Number(args[args.indexOf(name) + 1]) || fallback;
  const minutes = option("--minutes", 30);
  const random = seededRandom(option("--seed", 1));
  const pick = (count: number): number => Math.min(count - 1, Math.floor(random() * count));
  const simulator = await startSimulator({ cameras: CAMERAS });
  const server = await startServer({ adminPassword: ADMIN_PASSWORD });
  const browser = await launchChromium();
  try {
    const api = await signIn(server.url);
    for (let number = 1; number <= CAMERAS; number += 1) {
      await addCamera(api, `Camera ${number}`, simulator.url(number, "main"), simulator.url(number, "sub"));
    }
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    const errors = collectErrors(page);
    await openWall(page, server, { kiosk: true });
    const allLive = (count: number): boolean => count === CAMERAS;
    await waitForStats(page, ({ tiles }) => allLive(tiles.filter(({ state }) => state === "live").length), 60_000);

    const startedMs = clock.monotonicMs();
    const samples: Sample[] = [];
    const given: Record<string, number> = {};
    let token = api;
    while (clock.monotonicMs() - startedMs < minutes * 60_000) {
      const camera = simulator.camera(1 + pick(CAMERAS));
      camera.heal();
      const fault = faults[pick(faults.length)];
      if (fault) {
        given[fault.kind] = (given[fault.kind] ?? 0) + 1;
        // Some faults wait for the camera's next picture, which may never come.
        void camera.fault(fault).catch(() => undefined);
      }
      await new Promise<void>((resolve) => clock.after(FAULT_EVERY, resolve));
      simulator.camera(1 + pick(CAMERAS)).heal();
      // Access tokens last 15 minutes.
      if (samples.length % 60 === 59) token = await signIn(server.url);
      const stats = await token.request<SystemStats>("GET", "/system/stats");
      const wall = await pageStats(page);
      const heap = await page.evaluate(
        () => (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0,
      );
      samples.push({
        minute: (clock.monotonicMs() - startedMs) / 60_000,
        serverRssMib: await rssMib(server.pid),
        databaseRssMib: stats.databaseRssBytes / 2 ** 20,
        threads: stats.threads,
        pageHeapMib: heap / 2 ** 20,
        liveTiles: wall.tiles.filter(({ state }) => state === "live").length,
        openVideoFrames: (wall as { openVideoFrames?: number }).openVideoFrames ?? 0,
      });
    }
    for (const camera of simulator.cameras) camera.heal();
    const healedMs = clock.monotonicMs();
    const recovered = await waitForStats(
      page,
      ({ tiles }) => allLive(tiles.filter(({ state }) => state === "live").length),
      RECOVERY_MS,
    ).catch(() => pageStats(page));
    return {
      minutes,
      cameras: CAMERAS,
      faults: given,
      ...flatness(samples),
      liveTilesDuring: {
        min: Math.min(...samples.map(({ liveTiles }) => liveTiles)),
        median: median(samples.map(({ liveTiles }) => liveTiles)),
      },
      liveTilesAfterHealing: recovered.tiles.filter(({ state }) => state === "live").length,
      notLive: recovered.tiles
        .filter(({ state }) => state !== "live")
        .map(({ reason, detail }) => ({ reason, detail })),
      recoverySeconds: Math.round((clock.monotonicMs() - healedMs) / 1000),
      transport: recovered.transport,
      consoleErrors: errors.slice(0, 10),
      consoleErrorCount: errors.length,
    };
  } finally {
    await browser.close();
    await server.close();
    await simulator.close();
  }
}

/** Memory of the last third against the first third after a warm-up of a tenth. */
function flatness(samples: readonly Sample[]): object {
  const warm = samples.slice(Math.floor(samples.length / 10));
  const third = Math.max(1, Math.floor(warm.length / 3));
  const of = (rows: readonly Sample[]): number => median(rows.map(({ serverRssMib }) => serverRssMib));
  const [first, last] = [of(warm.slice(0, third)), of(warm.slice(-third))];
  return {
    serverRssMib: {
      first,
      last,
      min: Math.min(...warm.map((s) => s.serverRssMib)),
      max: Math.max(...warm.map((s) => s.serverRssMib)),
    },
    rssChangePercent: Math.round(((last - first) / first) * 1000) / 10,
    databaseRssMib: median(samples.map(({ databaseRssMib }) => databaseRssMib)),
    threads: Math.max(...samples.map(({ threads }) => threads)),
    pageHeapMib: median(samples.map(({ pageHeapMib }) => pageHeapMib)),
    openVideoFramesMax: Math.max(...samples.map(({ openVideoFrames }) => openVideoFrames)),
  };
}

async function rssMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 102.4) / 10;
}
