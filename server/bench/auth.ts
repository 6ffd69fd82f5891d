import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bundleTo, tempFolder } from "../relay/testkit/start-relay-process.ts";
import { startSimulator } from "../simulator/simulator.ts";
import { stampGeometry } from "../simulator/stamp.ts";
import { addCamera, signIn } from "../testkit/api.ts";
import { ADMIN_PASSWORD, startServer } from "../testkit/server-process.ts";
import { bareHashMs, tokenChecks } from "./auth/checks.ts";
import type { Guesses, GuessMode } from "./auth/guesser.ts";
import { signInRepeatedly, type Timed, timedCalls } from "./auth/requests.ts";
import type { ViewerSamples } from "./auth/viewer.ts";
import { percentile } from "./statistics.ts";

/**
 * `bench auth [--seconds N] [--rounds N]`: log-ins and token checks per second beside the bare cryptography, and what
 * 16 clients that guess passwords as fast as they are answered take from a viewer of four cameras, from other requests
 * and from somebody who signs in. Windows of N seconds with and without them alternate.
 */

const CAMERAS = 4;
const CLIENTS = 16;
const WINDOWS = ["quiet", "oneAddress", "manyAddresses"] as const;
type Window = (typeof WINDOWS)[number];

interface Collected {
  readonly age: number[];
  readonly jitter: number[];
  readonly requests: number[];
  readonly signIns: number[];
  readonly byStatus: Record<string, number>;
  readonly refused: Record<string, number>;
  seconds: number;
  frames: number;
  lost: number;
  guesses: number;
}

export async function run(args: readonly string[]): Promise<object> {
  const option = (name: string, fallback: number): number => Number(args[args.indexOf(name) + 1]) || fallback;
  const seconds = option("--seconds", 8);
  const rounds = option("--rounds", 4);
  const checks = await tokenChecks(12);
  const folder = tempFolder("bench-auth");
  const simulator = await startSimulator({
    cameras: CAMERAS,
    clips: { main: stampGeometry.clip, sub: stampGeometry.clip },
  });
  const server = await startServer({
    adminPassword: ADMIN_PASSWORD,
    // Guesses may name the address that they come from.
    env: { FLUXVISION_TRUSTED_PROXIES: "127.0.0.0/8,::1/128", FLUXVISION_DEMO: "0" },
  });
  const children: ChildProcess[] = [];
  try {
    await bundleTo(folder, { viewer: "server/bench/auth/viewer.ts", guesser: "server/bench/auth/guesser.ts" });
    const api = await signIn(server.url);
    const cameraIds: string[] = [];
    for (let number = 1; number <= CAMERAS; number += 1) {
      cameraIds.push(
        await addCamera(api, `Camera ${number}`, simulator.url(number, "main"), simulator.url(number, "sub")),
      );
    }
    const start = (entry: string, order: object): Promise<ChildProcess> =>
      startChild(join(folder, `${entry}.mjs`), order, children);
    const viewer = await start("viewer", {
      url: `${server.url.replace("http", "ws")}/api/v1/live`,
      token: api.session.accessToken,
      cameraIds,
    });
    const guesser = await start("guesser", { host: "127.0.0.1", port: server.port, clients: CLIENTS });
    const bareMs = await bareHashMs(7);
    const logins = await signInRepeatedly(server.url, ADMIN_PASSWORD, 4000);
    await pause(3000);

    const collected = new Map<Window, Collected>(WINDOWS.map((window) => [window, empty()]));
    for (let round = 0; round < rounds; round += 1) {
      for (const window of WINDOWS) {
        const into = collected.get(window) ?? empty();
        if (window !== "quiet") guesser.send(window satisfies GuessMode);
        // What guesses were let through at first is over: the limits are in force.
        await pause(1000);
        viewer.send("begin");
        const begin = performance.now();
        const [requests, signIns] = await Promise.all([
          timedCalls(server.url, api.session.accessToken, seconds * 1000),
          signInRepeatedly(server.url, ADMIN_PASSWORD, seconds * 1000, { pauseMs: 2000, device: logins.device }),
        ]);
        into.seconds += (performance.now() - begin) / 1000;
        add(into, await ask<ViewerSamples>(viewer, "end"), requests, signIns);
        if (window !== "quiet") count(into, await ask<Guesses>(guesser, "stop"));
        await pause(1000);
      }
    }
    const figures = Object.fromEntries([...collected].map(([window, into]) => [window, describe(into)]));
    return {
      secondsEach: seconds * rounds,
      cameras: CAMERAS,
      fps: stampGeometry.framesPerSecond,
      clients: CLIENTS,
      note: "Clients guess as fast as they are answered. oneAddress: limits by address hold; manyAddresses: each guess from an address and for a name of its own, so every guess is checked. viewer.lateMs: from the camera's stamp to the viewer, less the least of all windows; viewer.jitterMs: how much farther apart, or closer, two frames came than they were taken. Peers: node:crypto's PBKDF2 and jose's verification alone, in the same run.",
      tokenChecks: checks,
      logins: {
        perSecond: logins.perSecond,
        medianMs: percentile(sorted(logins.latencies), 0.5),
        barePbkdf2Ms: bareMs,
        timesBare: round(percentile(sorted(logins.latencies), 0.5) / bareMs, 2),
      },
      windows: withLateness(figures, collected),
    };
  } finally {
    for (const child of children) child.kill();
    await server.close();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const empty = (): Collected => ({
  age: [],
  jitter: [],
  requests: [],
  signIns: [],
  byStatus: {},
  refused: {},
  seconds: 0,
  frames: 0,
  lost: 0,
  guesses: 0,
});

function add(into: Collected, viewer: ViewerSamples, requests: Timed, signIns: Timed): void {
  into.age.push(...viewer.ageMs);
  into.jitter.push(...viewer.jitterMs);
  into.requests.push(...requests.latencies);
  into.signIns.push(...signIns.latencies);
  sum(into.refused, requests.refused);
  sum(into.refused, signIns.refused);
  into.frames += viewer.frames;
  into.lost += viewer.lost;
}

function count(into: Collected, { answered, byStatus }: Guesses): void {
  into.guesses += answered;
  sum(into.byStatus, byStatus);
}

function sum(into: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [status, number] of Object.entries(more)) into[status] = (into[status] ?? 0) + number;
}

function describe({ frames, lost, jitter, requests, signIns, refused, guesses, byStatus, seconds }: Collected): object {
  return {
    framesPerSecond: round(frames / seconds, 1),
    lostFrames: lost,
    jitterMs: spread(jitter),
    requestMs: spread(requests),
    signInMs: spread(signIns),
    refusedOthers: refused,
    ...(guesses === 0 ? {} : { guessesPerSecond: round(guesses / seconds, 1), guessesByStatus: byStatus }),
  };
}

/** A camera's stamps and our clock differ by something unknown: lateness counts from the earliest frame of all. */
function withLateness(figures: Record<string, object>, collected: ReadonlyMap<Window, Collected>): object {
  const least = Math.min(...[...collected.values()].map(({ age }) => age.reduce((a, b) => Math.min(a, b), Infinity)));
  return Object.fromEntries(
    [...collected].map(([window, { age }]) => [
      window,
      { lateMs: spread(age.map((value) => value - least)), ...figures[window] },
    ]),
  );
}

function startChild(file: string, order: object, children: ChildProcess[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [file, JSON.stringify(order)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`a helper of the benchmark ended with code ${code}`)));
  });
}

function ask<T>(child: ChildProcess, message: string): Promise<T> {
  return new Promise((resolve) => {
    child.once("message", (answer) => resolve(answer as T));
    child.send(message);
  });
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const spread = (values: readonly number[]): object => {
  const all = sorted(values);
  return { p50: percentile(all, 0.5), p95: percentile(all, 0.95), p99: percentile(all, 0.99), max: percentile(all, 1) };
};
const round = (value: number, digits: number): number => Number(value.toFixed(digits));
