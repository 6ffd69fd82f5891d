import { execFileSync } from "node:child_process";
import { rm } from "node:fs/promises";
import type { FindingKind } from "../../server/archive/check.ts";
import type { Simulator } from "../../server/simulator/simulator.ts";
import { type ApiClient, addCamera, signIn } from "../../server/testkit/api.ts";
import {
  ADMIN_PASSWORD,
  freePort,
  type LaunchedServer,
  launchServer,
  startServer,
} from "../../server/testkit/server-process.ts";
import type { SegmentEntry, Timeline } from "../../shared/api/recording.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { runCheck } from "./run-check.ts";

export interface CrashLoopOptions {
  readonly simulator: Simulator;
  readonly dataDir: string;
  /** An external database, else the embedded one. */
  readonly databaseUrl?: string | undefined;
  /** In [0, 1). */
  readonly random: () => number;
  readonly say: (line: string) => void;
}

export interface CrashFigures {
  rounds: number;
  /** Kills before the server was ready: during start and recovery. */
  duringStart: number;
  segmentsTold: number;
  /** What the API had last said of all segments before each kill, and what it says of them after the next start. */
  framesTold: number;
  framesFound: number;
  /** What was told and is not there, in words. */
  lost: string[];
  /** From the end of the footage found to the kill, where footage had been told, ms. */
  losses: number[];
  /** What `check` found right after a kill, by kind. */
  afterKill: Record<string, number>;
}

type Segment = Pick<SegmentEntry, "cameraId" | "role" | "startMicros" | "endMicros" | "frames" | "bytes">;

const LONGEST_MS = 6000;
/** Part of the rounds in which the kill comes before the server is ready, and of those in which `check` looks. */
const EARLY = 0.2;
const LOOK = 0.5;
const SEGMENT_SECONDS = 10;
/** A kill leaves these, and only in files of its own round: nothing older is touched by it. */
const EXPECTED: ReadonlySet<FindingKind> = new Set(["not-closed", "differs", "unknown-file", "no-frames", "runs"]);

/** Kills the real server again and again while it records, and compares what it had told with what is there. */
export class CrashLoop {
  readonly figures: CrashFigures = {
    ...{ rounds: 0, duringStart: 0, segmentsTold: 0, framesTold: 0, framesFound: 0 },
    ...{ lost: [], losses: [], afterKill: {} },
  };
  readonly #options: CrashLoopOptions;
  readonly #clock = systemClock();
  #port = 0;
  #cameraIds: string[] = [];
  /** The last word before the newest kill, by camera, stream and start. */
  #told = new Map<string, Segment>();
  #killedMicros = 0;

  constructor(options: CrashLoopOptions) {
    this.#options = options;
  }

  /** The cameras are known and recorded continuously in short files. */
  async prepare(): Promise<void> {
    this.#port = await freePort();
    const server = await startServer(this.#serverOptions());
    const api = await signIn(server.url);
    const { simulator } = this.#options;
    for (const { number, name } of simulator.cameras) {
      const urls = [simulator.url(number, "main"), simulator.url(number, "sub")] as const;
      this.#cameraIds.push(await addCamera(api, name, ...urls));
    }
    const policy = { mode: "continuous", streams: "both", segmentSeconds: SEGMENT_SECONDS };
    await api.request("PUT", "/recording/policies", { scope: "system", target: "system", policy });
    await server.close();
  }

  async round(): Promise<void> {
    const { random } = this.#options;
    this.figures.rounds++;
    const startedMicros = this.#clock.utcMicros();
    const server = await launchServer(this.#serverOptions());
    if (random() < EARLY) {
      await this.#pass(random() * 2500);
      this.figures.duringStart++;
      await this.#kill(server);
      // What had been told before is looked for by a later round: nobody asked in this one.
      return;
    }
    await server.ready();
    const api = await signIn(server.url);
    await this.#compare(api);
    await this.#recordUntilKilled(server, api);
    if (random() < LOOK) await this.#look(startedMicros);
  }

  /** The server starts once more and is ended properly: now nothing may be found. */
  async finish(): Promise<{ findings: readonly unknown[]; frames: number; opened: number; timeline: Timeline }> {
    const server = await startServer(this.#serverOptions());
    const api = await signIn(server.url);
    await this.#compare(api);
    const now = this.#clock.utcMicros();
    const range = `startMicros=${now - 86_400_000_000}&endMicros=${now}&resolutionMicros=1000`;
    const timeline = await api.request<Timeline>("GET", `/timeline?cameras=${this.#cameraIds.join(",")}&${range}`);
    await server.close();
    const { findings, frames, opened } = await runCheck(this.#env(), "--full");
    return { findings, frames, opened, timeline };
  }

  async close(): Promise<void> {
    await rm(this.#options.dataDir, { recursive: true, force: true });
  }

  async #recordUntilKilled(server: LaunchedServer, api: ApiClient): Promise<void> {
    const { random } = this.#options;
    this.#told = new Map();
    const fromMicros = this.#clock.utcMicros() - 1_000_000;
    let over = false;
    const killed = this.#pass(random() * LONGEST_MS).then(async () => {
      over = true;
      this.#killedMicros = this.#clock.utcMicros();
      await this.#kill(server);
    });
    while (!over) {
      // An answer that was cut off was not given.
      const answers = await Promise.all(
        this.#cameraIds.map((id) =>
          api.request<SegmentEntry[]>("GET", `/recordings?camera=${id}&start=${fromMicros}`).catch(() => []),
        ),
      );
      for (const segment of answers.flat()) this.#told.set(keyOf(segment), segment);
      await this.#pass(50);
    }
    await killed;
    for (const { frames } of this.#told.values()) this.figures.framesTold += frames;
    this.figures.segmentsTold += this.#told.size;
  }

  /** Nothing that had been told is missing or shorter, and how much of the time before the kill is. */
  async #compare(api: ApiClient): Promise<void> {
    const told = [...this.#told.values()];
    this.#told = new Map();
    if (told.length === 0) return;
    const fromMicros = Math.min(...told.map(({ startMicros }) => startMicros));
    const found = new Map<string, SegmentEntry>();
    const ends = new Map<string, number>();
    for (const id of this.#cameraIds) {
      const list = await api.request<SegmentEntry[]>("GET", `/recordings?camera=${id}&start=${fromMicros}`);
      for (const segment of list) {
        found.set(keyOf(segment), segment);
        // What a start after the kill has recorded is none of what was to be saved.
        if (segment.startMicros >= this.#killedMicros) continue;
        const stream = `${segment.cameraId} ${segment.role}`;
        ends.set(stream, Math.max(segment.endMicros, ends.get(stream) ?? 0));
      }
    }
    for (const before of told) {
      const after = found.get(keyOf(before));
      this.figures.framesFound += after?.frames ?? 0;
      if (after && after.frames >= before.frames && after.bytes >= before.bytes && after.endMicros >= before.endMicros)
        continue;
      this.figures.lost.push(`told ${JSON.stringify(before)}, found ${JSON.stringify(after)}`);
    }
    for (const stream of new Set(told.map(({ cameraId, role }) => `${cameraId} ${role}`))) {
      this.figures.losses.push(Math.max(0, (this.#killedMicros - (ends.get(stream) ?? 0)) / 1000));
    }
  }

  /** Right after the kill, before any start could repair something. */
  async #look(startedMicros: number): Promise<void> {
    const { findings } = await runCheck(this.#env());
    for (const { kind, path, message } of findings) {
      this.figures.afterKill[kind] = (this.figures.afterKill[kind] ?? 0) + 1;
      const second = Number(/\/(\d+)-\d+(-\d+)?$/.exec(path)?.[1] ?? Number.POSITIVE_INFINITY);
      const own = second * 1_000_000 >= startedMicros - 1_000_000;
      if (!EXPECTED.has(kind) || !own) this.figures.lost.push(`check: ${kind} ${path} ${message}`);
    }
  }

  async #kill(server: LaunchedServer): Promise<void> {
    // Half of the times its database dies with it, as when the machine runs out of memory; else that lives on.
    const children = this.#options.random() < 0.5 ? descendants(server.pid) : [];
    const gone = server.kill();
    for (const pid of children) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    await gone;
  }

  #env(): Record<string, string> {
    const { dataDir, databaseUrl } = this.#options;
    return { FLUXVISION_DATA_DIR: dataDir, ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }) };
  }

  #serverOptions() {
    return { dataDir: this.#options.dataDir, port: this.#port, adminPassword: ADMIN_PASSWORD, env: this.#env() };
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

function keyOf({ cameraId, role, startMicros }: Segment): string {
  return `${cameraId} ${role} ${startMicros}`;
}

/** Processes that this one has started, and theirs. */
function descendants(pid: number): number[] {
  const pairs = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found: number[] = [];
  for (let wave = [pid]; wave.length > 0; ) {
    wave = pairs.flatMap(([child, parent]) => (parent !== undefined && wave.includes(parent) ? (child ?? []) : []));
    found.push(...wave);
  }
  return found;
}
