import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessagePort } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import type { FluxCrypto } from "../../shared/crypto/types.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { epochAt } from "../../shared/wire/epoch.ts";
import { readHeader } from "../../shared/wire/sealed-frame.ts";
import { frameHeaders, openFileSource } from "../record/segment-reader.ts";
import { fileSystem, MARKER_FILE } from "../record/volume-io.ts";
import { Ingest } from "./ingest.ts";
import type { FromIngest, RecorderEvent, RecordingPlan, SealKey } from "./protocol.ts";
import { camera } from "./testing/camera-source.ts";
import { FakePort } from "./testing/fake-port.ts";
import { FakeCameras, type FakePull, settle } from "./testing/fake-pull.ts";

const ID = "6f1f6a0e-3b0d-4a38-9d0a-0d6d2d6f7a11";
const [MAIN, SUB] = [540, 541];

let crypto: FluxCrypto;
let clock: SimulatedClock;
let cameras: FakeCameras;
let sent: FromIngest[];
let port: FakePort;
let deferred: (() => void)[];
let ingest: Ingest;
let folder: string;
let volume: { id: string; path: string; reserveBytes: number };

beforeAll(async () => {
  crypto = await loadFluxCrypto();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fluxvision-ingest-"));
  volume = { id: "00000001-0000-4000-8000-000000000000", path: join(folder, "volume"), reserveBytes: 0 };
  await mkdir(volume.path);
  await writeFile(join(volume.path, MARKER_FILE), volume.id);
  clock = new SimulatedClock();
  cameras = new FakeCameras();
  sent = [];
  deferred = [];
  port = new FakePort();
  ingest = new Ingest({
    generation: 7,
    clock,
    random: () => 0.5,
    crypto,
    startPull: cameras.start,
    io: fileSystem(),
    send: (message) => sent.push(message),
    defer: (run) => deferred.push(run),
    sleep: () => undefined,
    onFatal: (error) => {
      throw error;
    },
  });
});
afterEach(async () => {
  await ingest.close();
  await rm(folder, { recursive: true });
});

function plan(change: Partial<RecordingPlan> = {}): RecordingPlan {
  const what = { cameraId: ID, streamId: MAIN, role: "main", action: "record" } as const;
  return { ...what, preRollMs: 0, audio: true, segmentMs: 60_000, volumes: [volume], ...change };
}

/** The camera is there, and recorded: its main stream answers. */
async function recordMain(change: Partial<RecordingPlan> = {}): Promise<FakePull> {
  ingest.handle({ type: "recording", plans: [plan(change)], flushMs: 1000 });
  ingest.handle({ type: "put-camera", camera: camera(ID) });
  giveKeys();
  clock.advance(millis(1000));
  await settle();
  const main = cameras.byUrl(`rtsp://${ID}/main`);
  main.connect();
  return main;
}

function giveKeys(): void {
  const epoch = epochAt(clock.utcMicros());
  const keys = [epoch, epoch + 1].map((at): SealKey => {
    return { cameraId: ID, suite: "LEA-256-GCM", keyId: 1, epoch: at, key: new Uint8Array(32).fill(at & 0xff) };
  });
  ingest.handle({ type: "keys", keys });
}

function attach(): void {
  ingest.handle({ type: "relay-port", port: port as unknown as MessagePort });
}

function relayed(streamId: number): number[] {
  for (const run of deferred.splice(0)) run();
  return port.frames.filter(({ header }) => header.streamId === streamId).map(({ header }) => header.sequence);
}

const events = (): RecorderEvent[] =>
  sent.flatMap((message) => (message.type === "recorder" ? [...message.events] : []));

/** What was recorded so far is on disk. */
async function flushed(): Promise<void> {
  clock.advance(millis(1000));
  await vi.waitFor(() => expect(events().map(({ type }) => type)).toContain("segment-opened"), 10_000);
}

/** Closes everything and reads what is on disk. */
async function stored(): Promise<number[]> {
  await ingest.close();
  const sequences: number[] = [];
  for (const event of events()) {
    if (event.type !== "segment-closed") continue;
    const source = await openFileSource(join(volume.path, event.segment.path));
    for await (const { header, at } of frameHeaders(source)) {
      expect(header.streamId).toBe(event.segment.streamId);
      expect(readHeader(await source.readAt(at, 72)).sequence).toBe(header.sequence);
      sequences.push(header.sequence);
    }
    await source.close();
  }
  return sequences;
}

describe("recording in a worker", () => {
  it("R7: goes on without a relay, and pulls the main stream for it", async () => {
    const main = await recordMain();
    main.keyframe();
    for (let i = 0; i < 9; i++) main.picture();
    expect(await stored()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(events().filter(({ type }) => type === "gap")).toEqual([]);
  });

  it("does not send a stream to the relay that nobody watches; who comes gets its GOP from the keyframe on", async () => {
    attach();
    const main = await recordMain();
    main.keyframe();
    main.picture();
    main.keyframe();
    main.picture();
    main.picture();
    expect(relayed(MAIN)).toEqual([]);
    port.say({ type: "want", streamId: MAIN, wanted: true });
    main.picture();
    expect(relayed(MAIN)).toEqual([2, 3, 4, 5]);
    port.say({ type: "want", streamId: MAIN, wanted: false });
    main.picture();
    expect(relayed(MAIN)).toEqual([2, 3, 4, 5]);
    port.say({ type: "want", streamId: MAIN, wanted: true });
    main.picture();
    expect(relayed(MAIN)).toEqual([2, 3, 4, 5]);
    main.keyframe();
    expect(relayed(MAIN)).toEqual([2, 3, 4, 5, 8]);
    expect(await stored()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("hands over no GOP from before the camera went away", async () => {
    attach();
    const main = await recordMain();
    main.keyframe();
    main.fail("rtsp.closed");
    await settle();
    port.say({ type: "want", streamId: MAIN, wanted: true });
    expect(relayed(MAIN)).toEqual([]);
  });

  it("W42: a relay without credit loses its own frames, the recording none", async () => {
    attach();
    const main = await recordMain();
    port.say({ type: "want", streamId: MAIN, wanted: true });
    main.keyframe();
    const large = { data: [new Uint8Array(7_000_000)] };
    for (let i = 0; i < 3; i++) main.picture(large);
    await flushed();
    for (let i = 0; i < 3; i++) main.picture(large);
    main.picture();
    expect(relayed(MAIN)).toEqual([0, 1, 2, 3, 4]);
    port.say({ type: "ack", bytes: 1e9 });
    main.picture();
    main.keyframe();
    expect(relayed(MAIN)).toEqual([0, 1, 2, 3, 4, 9]);
    ingest.handle({ type: "stats", requestId: 1 });
    expect(sent.at(-1)).toMatchObject({ framesDropped: 4, framesSealed: 10 });
    expect((await stored()).length).toBe(10);
  });

  it("names the time without a key, and without the camera", async () => {
    const main = await recordMain();
    main.keyframe();
    main.fail("rtsp.closed");
    await settle();
    clock.advance(millis(5000));
    await settle();
    const again = cameras.byUrl(`rtsp://${ID}/main`);
    expect(again).not.toBe(main);
    again.connect();
    again.keyframe();
    await ingest.close();
    const gaps = events().flatMap((event) => (event.type === "gap" ? event.gap : []));
    const gap = { reason: "camera-offline", detail: "rtsp.closed", streamId: MAIN };
    // While it lasts, and when it is over.
    expect(gaps).toMatchObject([{ ...gap, open: true }, gap]);
    expect(gaps[1]?.open).toBeUndefined();
  });

  it("a sub stream goes to both", async () => {
    attach();
    await recordMain({ streamId: SUB, role: "sub" }).catch(() => undefined);
    const sub = cameras.byUrl(`rtsp://${ID}/sub`);
    sub.connect();
    sub.keyframe();
    sub.picture();
    expect(relayed(SUB)).toEqual([0, 1]);
    expect(await stored()).toEqual([0, 1]);
  });
});
