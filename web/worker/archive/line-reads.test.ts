import { beforeEach, expect, test } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { TokenBucket } from "../../../shared/lib/token-bucket.ts";
import { type PlaybackClientMessage, SERVER_TAKES, VIEWER_SENDS } from "../../../shared/wire/playback-messages.ts";
import { LineReads, type ReadEvents, type ReadHandle, type ReadRequest } from "./line-reads.ts";

const TILES = 16;

let clock: SimulatedClock;
let sent: PlaybackClientMessage[];
let reads: LineReads;

beforeEach(() => {
  clock = new SimulatedClock();
  sent = [];
  reads = new LineReads(clock, (message) => sent.push(message));
  reads.opened();
});

const nothing: ReadEvents = {
  onSource: () => undefined,
  onFrames: () => undefined,
  onEnd: () => undefined,
  onFailed: () => undefined,
};

function request(camera: number, fromMicros: number): ReadRequest {
  const cameraId = `11111111-2222-4333-8444-${String(camera).padStart(12, "0")}`;
  return { cameraId, role: "sub", direction: "forward", fromMicros, toMicros: fromMicros + 1, maxBytes: 1 };
}

/** Each tile gives its read up for the next position, 60 times a second. */
function supersede(ms: number): void {
  const handles: (ReadHandle | undefined)[] = [];
  for (let at = 0; at < ms; at += 16) {
    for (let tile = 0; tile < TILES; tile++) {
      handles[tile]?.cancel();
      handles[tile] = reads.add(request(tile, at), nothing);
    }
    clock.advance(millis(16));
  }
  for (const handle of handles) handle?.cancel();
}

test("positions that follow one another fast never send more than the server takes", () => {
  const server = new TokenBucket(SERVER_TAKES.perSecond, SERVER_TAKES.burst, clock);
  let refused = 0;
  reads = new LineReads(clock, () => {
    if (!server.take()) refused++;
    else sent.push({ type: "ping", t: 0 });
  });
  reads.opened();
  supersede(60_000);
  expect(refused).toBe(0);
  expect(sent.length).toBeGreaterThan(VIEWER_SENDS.perSecond * 59);
  expect(sent.length).toBeLessThan(VIEWER_SENDS.burst + VIEWER_SENDS.perSecond * 61);
});

test("what a network that stood still delivers at once is not too much, either", () => {
  supersede(18_000);
  const server = new TokenBucket(SERVER_TAKES.perSecond, SERVER_TAKES.burst, clock);
  expect(sent.every(() => server.take())).toBe(true);
});

test("what is given up while it waits is never sent and needs no cancel", () => {
  supersede(2000);
  const asked = sent.flatMap((message) => (message.type === "read" ? [message.requestId] : []));
  const cancelled = sent.flatMap((message) => (message.type === "cancel" ? [message.requestId] : []));
  expect(cancelled).toEqual(asked);
  expect(asked.length).toBeLessThan((2000 / 16) * TILES * 0.2);
});

test("cameras take turns, however often their reads are replaced", () => {
  supersede(5000);
  const counts = new Map<string, number>();
  for (const message of sent) {
    if (message.type === "read") counts.set(message.cameraId, (counts.get(message.cameraId) ?? 0) + 1);
  }
  expect(counts.size).toBe(TILES);
  expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
});

test("a read that is answered costs one message only; one that waits says so", () => {
  const handles = Array.from({ length: VIEWER_SENDS.burst }, (_, index) => {
    const handle = reads.add(request(index, 0), nothing);
    const last = sent.at(-1);
    if (last?.type === "read") reads.over(last.requestId, () => undefined);
    return handle;
  });
  expect(sent).toHaveLength(VIEWER_SENDS.burst - 1);
  expect(handles.at(-2)?.asked).toBe(true);
  expect(handles.at(-1)?.asked).toBe(false);
  clock.advance(millis(100));
  expect(handles.at(-1)?.asked).toBe(true);
});

test("with the line goes what it still had to send; no timer stays", () => {
  for (let i = 0; i < VIEWER_SENDS.burst; i++) reads.add(request(i, 0), nothing).cancel();
  reads.add(request(0, 1), nothing);
  expect(clock.pendingTimers).toBe(1);
  const before = sent.length;
  expect(reads.closed()).toEqual([]);
  clock.advance(millis(5000));
  expect(sent).toHaveLength(before);
  expect(clock.pendingTimers).toBe(0);
  reads.opened();
  expect(sent).toHaveLength(before + 1);
});
