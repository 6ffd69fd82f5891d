import { beforeEach, expect, test } from "vitest";
import { loadFluxCrypto } from "../../../shared/crypto/load-node.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { MAX_READS } from "../../../shared/wire/playback-messages.ts";
import { settled } from "../../testkit/fake-decoder.ts";
import { MemoryArchive } from "../../testkit/memory-archive.ts";
import { ArchiveConnection } from "./archive-connection.ts";
import { readArchiveMessage } from "./archive-socket.ts";
import type { ReadEvents, ReadRequest } from "./line-reads.ts";

const CAMERA = "11111111-2222-4333-8444-555555555555";
const START = 1_700_000_000_000_000;

let clock: SimulatedClock;
let server: MemoryArchive;
let connection: ArchiveConnection;
let told: string[];
let log: string[];

beforeEach(async () => {
  clock = new SimulatedClock();
  server = new MemoryArchive(await loadFluxCrypto());
  server.record(CAMERA, { fromMicros: START, gops: 3, framesPerGop: 2, intervalMicros: 40_000 });
  told = [];
  log = [];
  connection = new ArchiveConnection(
    { clock, open: server.open, createOffer: server.createOffer, random: () => 0 },
    {
      onState: (state) => told.push(state),
      onSessionKey: (key) => log.push(`session ${key.byteLength}`),
      onKeys: ({ keys }) => log.push(`keys ${keys.length}`),
      onWithdrawn: (cameraId, code) => log.push(`withdrawn ${cameraId} ${code}`),
      onExpired: (code) => told.push(code),
    },
  );
  connection.connect("ws://archive/", "t1");
});

const request: ReadRequest = {
  cameraId: CAMERA,
  role: "sub",
  direction: "forward",
  fromMicros: START,
  toMicros: START + 1,
  maxBytes: 1,
};

function events(name = ""): ReadEvents {
  return {
    onSource: () => log.push(`${name}source`),
    onFrames: (frames) => log.push(`${name}frames ${frames.length}`),
    onEnd: () => log.push(`${name}end`),
    onFailed: (code) => log.push(`${name}failed ${code}`),
  };
}

test("the line opens with the first read; session key, keys, source, frames and end come in this order", async () => {
  expect(server.lines).toBe(0);
  connection.read(request, events());
  await settled();
  await settled();
  expect(told).toEqual(["connecting", "open"]);
  expect(log).toEqual(["session 32", "keys 1", "source", "frames 2", "end"]);
});

test("reads beyond the server's limit wait for their turn; a cancelled one never comes", async () => {
  server.paused = true;
  const handles = Array.from({ length: MAX_READS + 3 }, (_, index) => connection.read(request, events(`${index} `)));
  await settled();
  await settled();
  expect(server.reads()).toHaveLength(MAX_READS);
  handles[MAX_READS]?.cancel();
  handles[0]?.cancel();
  expect(server.received.at(-2)).toMatchObject({ type: "cancel" });
  expect(server.reads()).toHaveLength(MAX_READS + 1);
  server.resume();
  await settled();
  expect(log).not.toContain("0 end");
  expect(log).not.toContain(`${MAX_READS} end`);
  expect(log).toContain(`${MAX_READS + 2} end`);
});

test("a lost line: reads under way fail, those that wait are asked on the next one, which waits a while", async () => {
  server.paused = true;
  connection.read(request, events("a "));
  await settled();
  await settled();
  server.refuseLines = true;
  server.hangUp();
  connection.read(request, events("b "));
  expect(log.at(-1)).toBe("a failed archive.lost");
  expect(told.at(-1)).toBe("reconnecting");
  clock.advance(millis(250));
  await settled();
  server.refuseLines = false;
  server.paused = false;
  expect(server.lines).toBe(1);
  clock.advance(millis(500));
  await settled();
  await settled();
  expect(server.lines).toBe(2);
  expect(log.at(-1)).toBe("b end");
});

test("a line that never opens is given up, and the next one is tried", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const hanging = new ArchiveConnection(
    {
      ...{ clock, createOffer: server.createOffer, random: () => 0 },
      open: (_url, _handlers, opening) => {
        signals.push(opening);
        return new Promise(() => undefined);
      },
    },
    {
      onState: (state) => told.push(state),
      onSessionKey: () => undefined,
      onKeys: () => undefined,
      onWithdrawn: () => undefined,
      onExpired: () => undefined,
    },
  );
  hanging.connect("ws://archive/", "t1");
  hanging.start();
  await settled();
  clock.advance(millis(4999));
  expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
  clock.advance(millis(1));
  expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  expect(told).toEqual(["connecting", "reconnecting"]);
  expect(hanging.lost).toBe(true);
  clock.advance(millis(500));
  await settled();
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, false]);
  hanging.close();
  expect(signals.at(-1)?.aborted).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test("a server that does not answer is given up, and one that went silent", async () => {
  connection.read(request, events());
  await settled();
  await settled();
  expect(told.at(-1)).toBe("open");
  // It answers no ping.
  clock.advance(millis(20_000));
  expect(told.at(-1)).toBe("reconnecting");
});

test("a read of which nothing is heard is given up; the line stays", async () => {
  server.answersPings = true;
  server.paused = true;
  connection.read(request, events());
  await settled();
  await settled();
  clock.advance(millis(20_000));
  expect(log.at(-1)).toBe("failed archive.timeout");
  expect(server.received.map(({ type }) => type)).toContain("cancel");
  expect(told.at(-1)).toBe("open");
});

test("a newer token is told on the line; a refused one ends it until there is another", async () => {
  connection.read(request, events());
  await settled();
  await settled();
  connection.setToken("t2");
  expect(server.received.at(-1)).toEqual({ type: "renew", token: "t2" });
  server.say({ type: "session_expired", code: "auth.expired", message: "" });
  expect(told.slice(-2)).toEqual(["signed-out", "auth.expired"]);
  connection.read(request, events("late "));
  clock.advance(millis(60_000));
  await settled();
  expect(server.lines).toBe(1);
  connection.connect("ws://archive/", "t3");
  await settled();
  await settled();
  expect(log.at(-1)).toBe("late end");
});

test("refusals are told to the read that they are for", async () => {
  server.denied.add(CAMERA);
  connection.read(request, events());
  await settled();
  await settled();
  expect(log.at(-1)).toBe("failed auth.camera_denied");
});

test("a key is asked for once in two seconds", async () => {
  connection.read(request, events());
  await settled();
  const name = { cameraId: CAMERA, keyId: 1, generation: 1, epoch: 1 };
  const asked = (): number => server.received.filter(({ type }) => type === "need_key").length;
  connection.needKey(name);
  connection.needKey(name);
  expect(asked()).toBe(1);
  clock.advance(millis(2000));
  connection.needKey(name);
  expect(asked()).toBe(2);
});

test("close is idempotent and leaves no timer", async () => {
  connection.read(request, events());
  await settled();
  connection.close();
  connection.close();
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  ["nothing", new Uint8Array(3)],
  ["half a header", new Uint8Array(40)],
  ["no frame", new Uint8Array(4 + 88).fill(1)],
])("a binary message with %s is refused", (_, bytes) => {
  expect(() => readArchiveMessage(bytes)).toThrow();
});
