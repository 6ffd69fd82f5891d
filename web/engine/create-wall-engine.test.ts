import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createWallEngine } from "./create-wall-engine.ts";
import type { WallEngine } from "./engine.ts";
import type { FromWall, TileSpec, ToWall } from "./worker-protocol.ts";

/** The page's side of the wall worker, with the test as the worker. */

const tile: TileSpec = { tileId: "t", cameraId: "c", x: 0, y: 0, width: 10, height: 10, fit: "contain" };
const canvas = { transferControlToOffscreen: () => ({}) } as unknown as HTMLCanvasElement;

let sent: ToWall[];
let terminated: boolean;
let say: (message: FromWall) => void;
let breakDown: (message: string) => void;
let engine: WallEngine;
let serverTimes: number[];

beforeEach(() => {
  sent = [];
  terminated = false;
  vi.stubGlobal(
    "Worker",
    class {
      onmessage: ((event: { data: FromWall }) => void) | undefined;
      onerror: ((event: { message: string }) => void) | undefined;
      constructor() {
        say = (data) => this.onmessage?.({ data });
        breakDown = (message) => this.onerror?.({ message });
      }
      postMessage(message: ToWall): void {
        sent.push(message);
      }
      terminate(): void {
        terminated = true;
      }
    },
  );
  serverTimes = [];
  engine = createWallEngine({ onServerTime: (micros) => serverTimes.push(micros) });
});
afterEach(() => vi.unstubAllGlobals());

test("what is said before the canvas is there follows the canvas, in order", () => {
  engine.setTiles([tile]);
  engine.setVisible(false);
  expect(sent).toEqual([]);
  engine.attach(canvas);
  expect(sent.map(({ type }) => type)).toEqual(["init", "tiles", "visible"]);
});

test.each([
  [
    "gives up",
    () => say({ type: "fatal", code: "wall.failed", message: "no WebAssembly" }),
    "wall.failed: no WebAssembly",
  ],
  ["cannot be loaded", () => breakDown("404"), "404"],
])("a worker that %s: every tile says why, figures are answered, closing does not wait", async (_, fail, detail) => {
  engine.attach(canvas);
  fail();
  engine.setTiles([tile]);
  const stats = await engine.stats();
  expect(stats).toMatchObject({ renderer: "none", rendererDetail: detail });
  expect(stats.tiles).toMatchObject([{ cameraId: "c", state: "error", reason: "no-renderer", detail }]);
  await engine.close();
  expect(terminated).toBe(true);
});

test("an error within a worker that works does not end it", async () => {
  engine.attach(canvas);
  say({ type: "ready", renderer: "webgpu", detail: "GPU" });
  breakDown("one frame failed");
  const asked = engine.stats();
  const request = sent.findLast((message) => message.type === "stats");
  say({ type: "stats", requestId: request?.requestId ?? 0, stats: { ...engine.current(), drawFps: 30 } });
  expect((await asked).drawFps).toBe(30);
});

test("passes the server's time on as often as the worker knows it", () => {
  const stats = engine.current();
  for (const serverMicros of [undefined, 5, 7]) say({ type: "update", stats, serverMicros });
  say({ type: "ready", renderer: "webgpu", detail: "GPU" });
  expect(serverTimes).toEqual([5, 7]);
});

test("passes on that addresses are wanted, until the listener leaves", () => {
  let asked = 0;
  const stop = engine.onConfigNeeded(() => asked++);
  say({ type: "config-needed" });
  stop();
  say({ type: "config-needed" });
  expect(asked).toBe(1);
});

test("the archive's line goes with the live one, beside it on the same server", () => {
  engine.attach(canvas);
  engine.connect({ token: "t", webSocketUrl: "wss://host:8443/api/v1/live", webTransport: undefined });
  expect(sent.at(-1)).toEqual({ type: "archive", webSocketUrl: "wss://host:8443/api/v1/playback", token: "t" });
});

test("passes commands on and tells what the clock does", () => {
  engine.attach(canvas);
  const told: (number | undefined)[] = [];
  const stop = engine.onPlayback(() => told.push(engine.playback().positionMicros));
  expect(engine.playback()).toMatchObject({ mode: "live", positionMicros: undefined });
  engine.command({ kind: "seek", micros: 7 });
  expect(sent.at(-1)).toEqual({ type: "playback", command: { kind: "seek", micros: 7 } });
  const state = {
    mode: "archive",
    positionMicros: 7,
    rate: 1,
    buffering: true,
    loop: undefined,
    free: [],
    liveTiles: [],
  } as const;
  say({ type: "playback", state });
  expect(engine.playback()).toBe(state);
  stop();
  say({ type: "playback", state: { ...state, positionMicros: 8 } });
  expect(told).toEqual([7]);
});

test("hands over thumbnails, and closes one that nobody waits for", async () => {
  engine.attach(canvas);
  let closed = 0;
  const bitmap = { close: () => closed++ } as unknown as ImageBitmap;
  const asked = engine.thumbnail("c", 5, 160);
  const request = sent.findLast((message) => message.type === "thumbnail");
  expect(request).toMatchObject({ cameraId: "c", micros: 5, widthPx: 160 });
  const requestId = request?.requestId ?? 0;
  say({ type: "thumbnail", requestId, bitmap, micros: 4 });
  expect(await asked).toEqual({ bitmap, micros: 4 });
  const none = engine.thumbnail("c", 6, 160);
  say({ type: "thumbnail", requestId: requestId + 1, bitmap: undefined, micros: undefined });
  expect(await none).toBeUndefined();
  say({ type: "thumbnail", requestId: 999, bitmap, micros: 4 });
  expect(closed).toBe(1);
});
