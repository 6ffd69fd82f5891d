import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { createLog } from "../core/log.ts";
import { FieldSealer } from "../keys/field-sealer.ts";
import { MasterKeys } from "../keys/master-keys.ts";
import { embedded, type TempDatabase } from "../testkit/temp-db.ts";
import { ExportRunner, type ExportThread, type RunnerParts } from "./export-runner.ts";
import { ExportStore, type JobRow } from "./export-store.ts";
import type { ExportOrder, FromExport, ToExport } from "./protocol.ts";
import { newSigningKey } from "./signing-key.ts";

/** A thread that does what the test says. */
class PuppetThread implements ExportThread {
  readonly received: ToExport[] = [];
  readonly order: ExportOrder;
  #message: (message: FromExport) => void = () => undefined;
  #exit: (error: unknown) => void = () => undefined;
  constructor(order: ExportOrder) {
    this.order = order;
  }
  post(message: ToExport): void {
    this.received.push(message);
    if (message.type === "cancel") this.end({ type: "failed", code: "export.cancelled", message: "" });
  }
  onMessage(listener: (message: FromExport) => void): void {
    this.#message = listener;
  }
  onExit(listener: (error: unknown) => void): void {
    this.#exit = listener;
  }
  async terminate(): Promise<void> {
    this.#exit(new Error("terminated"));
  }
  say(message: FromExport): void {
    this.#message(message);
  }
  end(last?: FromExport): void {
    if (last) this.#message(last);
    this.#exit(new Error("ended"));
  }
}

let database: TempDatabase;
let folder: string;
let threads: PuppetThread[];
let runners: ExportRunner[];
let rightLost: boolean;
let databaseAway: boolean;
const clock = new SimulatedClock(micros(Date.UTC(2026, 10, 20) * 1000));

beforeEach(async () => {
  database = await embedded.open();
  folder = await mkdtemp(join(tmpdir(), "fluxvision-exports-"));
  threads = [];
  runners = [];
  rightLost = false;
  databaseAway = false;
});
afterEach(async () => {
  for (const runner of runners) await runner.close();
  await database.close();
  await rm(folder, { recursive: true });
});

function makeRunner(parts: RunnerParts): ExportRunner {
  const runner = new ExportRunner(parts);
  runners.push(runner);
  return runner;
}

async function startRunner(): Promise<ExportRunner> {
  const runner = makeRunner(await partsOf());
  await runner.start();
  return runner;
}

async function partsOf(): Promise<RunnerParts> {
  const { orm } = database;
  const sealer = new FieldSealer(await MasterKeys.open(orm, new Uint8Array(32).fill(1), clock));
  const unused = () => Promise.reject(new Error("not asked for"));
  return {
    orm,
    clock,
    log: createLog("silent"),
    folder,
    sealer,
    keys: { epochKey: unused },
    signing: await newSigningKey(),
    serverId: "s",
    version: "0",
    openSegments: () => new Map(),
    cameraName: () => "Yard",
    mayGoOn: async () => {
      if (databaseAway) throw new FluxError("database.unavailable", "away");
      if (rightLost) throw new FluxError("export.right_lost", "no longer");
    },
    readSegment: unused,
    startThread: (order) => {
      const thread = new PuppetThread(order);
      threads.push(thread);
      return thread;
    },
  };
}

function row(minutes: number): JobRow {
  const item = { cameraId: randomUUID(), role: "main", startMicros: 0, endMicros: 1, note: "" } as const;
  const spec = { title: "T", format: "mp4", items: [item], audio: true, watermark: false, reason: "" } as const;
  const none = { errorCode: null, errorMessage: null, fileName: null, bytes: null, sha256: null };
  const times = {
    createdAt: new Date(Date.UTC(2026, 10, 20, 0, minutes)),
    startedAt: null,
    finishedAt: null,
    expiresAt: null,
  };
  const by = { createdBy: null, createdByName: "kim" };
  return {
    id: randomUUID(),
    state: "queued",
    spec: { ...spec, items: [...spec.items] },
    title: "T",
    progress: 0,
    ...none,
    ...by,
    ...times,
  };
}

const started = (count: number) => expect.poll(() => threads.length).toBe(count);

it("runs one job at a time, oldest first, and says how far it is", async () => {
  const jobs = [row(1), row(2)];
  for (const job of [...jobs].reverse()) await new ExportStore(database.orm).insert(job);
  const runner = await startRunner();
  await started(1);
  expect(threads[0]?.order.jobId).toBe(jobs[0]?.id);
  threads[0]?.say({ type: "progress", permille: 420 });
  expect(runner.progress(jobs[0]?.id ?? "")).toBe(0.42);
  threads[0]?.end({ type: "done", bytes: 5, sha256: "ab" });
  await started(2);
  expect(threads[1]?.order.jobId).toBe(jobs[1]?.id);
  threads[1]?.end({ type: "failed", code: "export.disk_full", message: "no room" });
  await runner.idle();
  expect(await runner.store.get(jobs[0]?.id ?? "")).toMatchObject({ state: "done", bytes: 5 });
  expect(await runner.store.get(jobs[1]?.id ?? "")).toMatchObject({ state: "failed", errorCode: "export.disk_full" });
});

it("abuse case 18: an export begins anew after a kill, without what was half made, and gives up on what kills the server", async () => {
  const made = row(1);
  const job = { ...made, state: "running" as const, spec: made.spec };
  const first = await startRunner();
  await first.close();
  await first.store.insert(job);
  for (const name of [`${job.id}.part`, "half.zip"]) {
    if (name.endsWith(".part")) await mkdir(join(folder, name));
    else await writeFile(join(folder, name), "half");
  }
  await writeFile(join(folder, "notes.txt"), "not ours");
  for (let kill = 1; kill <= 2; kill++) {
    const runner = await startRunner();
    await started(kill);
    expect(await readdir(folder)).toEqual(["notes.txt"]);
    expect(await runner.store.get(job.id)).toMatchObject({ state: "running" });
    // As after a kill: nobody says how it ended.
    runners.splice(runners.indexOf(runner), 1);
  }
  // What is sealed opens for nobody here: it only has to go.
  await first.store.move(job.id, ["running"], { spec: { ...job.spec, passphrase: "sealed" } });
  const last = await startRunner();
  await last.idle();
  expect(threads).toHaveLength(2);
  expect(await last.store.get(job.id)).toMatchObject({ state: "failed", errorCode: "export.interrupted" });
  const ended = await last.store.get(job.id);
  expect(ended?.finishedAt).toEqual(new Date(clock.utcMicros() / 1000));
  expect(ended?.spec.passphrase).toBeUndefined();
});

it("goes back into the queue when the server stops in good order", async () => {
  const job = row(1);
  const runner = await startRunner();
  await runner.store.insert(job);
  runner.wake();
  await started(1);
  await runner.close();
  expect(await runner.store.get(job.id)).toMatchObject({ state: "queued" });
  expect(threads[0]?.received).toEqual([{ type: "cancel" }]);
});

it("what comes before the start waits for what a stop cut off", async () => {
  const job = row(1);
  const runner = makeRunner(await partsOf());
  await runner.store.insert(job);
  runner.wake();
  await runner.idle();
  expect(await runner.store.get(job.id)).toMatchObject({ state: "queued" });
  await runner.start();
  await started(1);
});

it("does not begin for a maker who lost the right, and gets no further key and no signature", async () => {
  const jobs = [row(1), row(2)];
  const runner = await startRunner();
  for (const job of jobs) await runner.store.insert(job);
  runner.wake();
  await started(1);
  rightLost = true;
  const key = { cameraId: randomUUID(), keyId: 1, generation: 1, epoch: 1 };
  threads[0]?.say({ type: "ask", id: 1, question: { kind: "key", name: key } });
  threads[0]?.say({ type: "ask", id: 2, question: { kind: "sign", bytes: new Uint8Array(1) } });
  const refused = { type: "refused", code: "export.right_lost", message: "no longer" };
  await expect
    .poll(() => threads[0]?.received)
    .toEqual([
      { ...refused, id: 1 },
      { ...refused, id: 2 },
    ]);
  threads[0]?.end({ type: "failed", code: "export.right_lost", message: "no longer" });
  await runner.idle();
  for (const { id } of jobs) {
    expect(await runner.store.get(id)).toMatchObject({ state: "failed", errorCode: "export.right_lost" });
  }
  expect(threads).toHaveLength(1);
});

it("a thread that dies is a failed job, and the next one runs", async () => {
  const jobs = [row(1), row(2)];
  const runner = await startRunner();
  for (const job of jobs) await runner.store.insert(job);
  runner.wake();
  await started(1);
  threads[0]?.end();
  await started(2);
  expect(await runner.store.get(jobs[0]?.id ?? "")).toMatchObject({ state: "failed", errorCode: "export.failed" });
  threads[1]?.end({ type: "done", bytes: 1, sha256: "" });
  await runner.idle();
});

it("packages go after a week; what they were made from is remembered", async () => {
  const clockNow = new Date(clock.utcMicros() / 1000);
  const runner = await startRunner();
  const job = { ...row(1), state: "done" as const, fileName: "a.zip", expiresAt: clockNow };
  const kept = {
    ...row(2),
    state: "done" as const,
    fileName: "b.zip",
    expiresAt: new Date(clockNow.getTime() + 86_400_000),
  };
  for (const one of [job, kept]) {
    await runner.store.insert(one);
    await writeFile(join(folder, one.fileName), "package");
  }
  clock.advance(millis(10 * 60_000));
  await expect.poll(async () => (await runner.store.get(job.id))?.state).toBe("expired");
  expect(await readdir(folder)).toEqual(["b.zip"]);
  expect(await runner.store.get(kept.id)).toMatchObject({ state: "done" });
});

it("an end that the database could not take is kept and said later; the package stays", async () => {
  const job = row(1);
  const runner = await startRunner();
  await runner.store.insert(job);
  runner.wake();
  await started(1);
  const move = runner.store.move.bind(runner.store);
  let tries = 0;
  runner.store.move = async () => {
    tries++;
    throw new Error("away");
  };
  threads[0]?.end({ type: "done", bytes: 5, sha256: "ab" });
  await runner.idle();
  expect(await runner.store.get(job.id)).toMatchObject({ state: "running" });
  clock.advance(millis(1000));
  await expect.poll(() => tries).toBe(2);
  runner.store.move = move;
  clock.advance(millis(2000));
  await expect.poll(async () => (await runner.store.get(job.id))?.state).toBe("done");
  expect(await runner.store.get(job.id)).toMatchObject({ bytes: 5, sha256: "ab", fileName: expect.any(String) });
});

it("a job that runs by its row alone can be cancelled", async () => {
  const runner = await startRunner();
  const job = { ...row(1), state: "running" as const };
  await runner.store.insert({ ...job, spec: { ...job.spec, passphrase: "sealed" } });
  expect(await runner.cancel(job.id)).toBe(true);
  const ended = await runner.store.get(job.id);
  expect(ended).toMatchObject({ state: "cancelled", finishedAt: expect.any(Date) });
  expect(ended?.spec.passphrase).toBeUndefined();
});

it("waits, queued or running, while nobody can say whether its maker may have it", async () => {
  databaseAway = true;
  const job = row(1);
  const runner = await startRunner();
  await runner.store.insert(job);
  runner.wake();
  await runner.idle();
  expect(await runner.store.get(job.id)).toMatchObject({ state: "queued" });
  databaseAway = false;
  clock.advance(millis(500));
  await started(1);
  databaseAway = true;
  threads[0]?.say({ type: "ask", id: 1, question: { kind: "sign", bytes: new Uint8Array(1) } });
  await database.orm.execute("select 1");
  expect(threads[0]?.received).toEqual([]);
  databaseAway = false;
  clock.advance(millis(500));
  await expect.poll(() => threads[0]?.received).toMatchObject([{ type: "answer", id: 1 }]);
  threads[0]?.end({ type: "done", bytes: 1, sha256: "" });
  await runner.idle();
});
