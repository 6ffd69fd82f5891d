import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { ServerMessage } from "../../shared/wire/control-messages.ts";
import type { FromWall, TileStats } from "../engine/worker-protocol.ts";
import { type FakeBackend, settled } from "../testkit/fake-decoder.ts";
import type { FakeRenderer } from "../testkit/fake-renderer.ts";
import { h264Keyframe } from "../testkit/h264.ts";
import { CAMERA, LiveWall, MAIN, SUB, sessionKey, tile } from "../testkit/live-wall.ts";
import type { MemoryLink } from "../testkit/memory-link.ts";
import type { TestSealer } from "../testkit/sealing.ts";
import type { Wall } from "./wall.ts";

let bench: LiveWall;
let clock: SimulatedClock;
let backend: FakeBackend;
let link: MemoryLink;
let renderers: FakeRenderer[];
let posts: FromWall[];
let sealer: TestSealer;
let wall: Wall;

beforeEach(async () => {
  bench = await LiveWall.open();
  ({ clock, backend, link, renderers, posts, sealer, wall } = bench);
});
afterEach(() => bench.close());

const announce = (streamId?: number, role?: "main" | "sub"): void => bench.announce(streamId, role);
const grant = (): void => bench.grant();
const send = (keyframe: boolean, streamId?: number): void => bench.send(keyframe, streamId);
const animate = (): Promise<void> => bench.animate();
const play = (streamId?: number): Promise<void> => bench.play(streamId);
const stats = (): TileStats => bench.stats;
const renderer = (): FakeRenderer => bench.renderer;

describe("playing", () => {
  test("a sealed frame becomes a picture on the canvas; the tile says so and no frame stays open", async () => {
    expect(stats()).toMatchObject({ state: "waiting", reason: "connecting" });
    await play();
    expect(renderer().draws.at(-1)).toMatchObject([{ target: { x: 0, y: 0, width: 320, height: 180 } }]);
    expect(stats()).toMatchObject({ state: "live", reason: undefined, role: "sub", decoder: "software" });
    expect(wall.stats()).toMatchObject({ renderer: "webgpu", transport: "websocket", openVideoFrames: 0 });
  });

  test("the camera is asked for with the tile's size", () => {
    expect(link.subscribed).toEqual([[{ cameraId: CAMERA, widthPx: 320, heightPx: 180, visible: true }]]);
  });

  test("pictures that are replaced before they are drawn are dropped, counted and closed", async () => {
    await play();
    for (let i = 0; i < 3; i++) send(false);
    backend.last.output();
    await animate();
    expect(renderer().shown.get(CAMERA)).toHaveLength(2);
    expect(stats().droppedFrames).toBe(2);
    expect(wall.stats().openVideoFrames).toBe(0);
  });

  test("latency is the server's time at drawing minus capture time", async () => {
    link.nowMicros = 1_700_000_000_000_000 + 80_000;
    await play();
    expect(stats().latencyMs).toBe(80);
    expect(wall.stats().latencyMs).toBe(80);
  });

  test("the page is told the server's time, and the capture time of the picture that is drawn", async () => {
    clock.advance(millis(500));
    expect(posts.at(-1)).toMatchObject({ type: "update", serverMicros: undefined });
    const skewed = 1_700_000_000_000_000 + 600_000_000;
    link.nowMicros = skewed;
    await play();
    expect(stats()).toMatchObject({ liveCaptureMicros: 1_700_000_000_000_000 });
    expect(stats()).not.toHaveProperty("captureMicros");
    clock.advance(millis(500));
    expect(posts.at(-1)).toMatchObject({ type: "update", serverMicros: skewed });
  });

  test("audio of the stream does not reach the video decoder", async () => {
    await play();
    link.frame(sealer.seal({ streamId: SUB, payload: Uint8Array.of(1), codec: "pcmu", flags: 16 }));
    expect(backend.last.queued).toHaveLength(0);
  });
});

describe("switching and moving", () => {
  test("the old stream keeps playing until the first picture of the new one", async () => {
    await play();
    const sub = backend.last;
    announce(MAIN, "main");
    send(true, MAIN);
    await settled();
    send(false, SUB);
    expect(sub.output()).toHaveLength(1);
    await animate();
    expect(stats()).toMatchObject({ state: "live", role: "sub" });
    backend.last.output();
    await animate();
    expect(stats()).toMatchObject({ state: "live", role: "main" });
    expect(sub.state).toBe("closed");
    expect(renderer().picture(CAMERA)).toBeDefined();
    expect(wall.stats().openVideoFrames).toBe(0);
  });

  test("a camera that moves to another tile is drawn there at once, with its picture", async () => {
    await play();
    const draws = renderer().draws.length;
    wall.setTiles([tile({ tileId: "other", x: 640 })]);
    expect(renderer().draws.length).toBe(draws + 1);
    expect(renderer().draws.at(-1)).toMatchObject([{ target: { x: 640 } }]);
  });

  test("resizing draws in the same task", async () => {
    await play();
    wall.resize(800, 600);
    expect(renderer().size).toEqual({ width: 800, height: 600 });
    expect(renderer().draws.at(-1)).toHaveLength(1);
  });

  test("a camera that no tile shows any more is given up with everything that it holds", async () => {
    await play();
    const decoder = backend.last;
    wall.setTiles([]);
    expect(decoder.state).toBe("configured");
    clock.advance(millis(50));
    expect(link.unsubscribed).toEqual([CAMERA]);
    expect(decoder.state).toBe("closed");
    expect(renderer().picture(CAMERA)).toBeUndefined();
  });

  test("a hidden wall asks for nothing visible and says so", async () => {
    await play();
    wall.setVisible(false);
    clock.advance(millis(50));
    expect(link.subscribed.at(-1)).toMatchObject([{ visible: false }]);
    clock.advance(millis(4000));
    expect(stats()).toMatchObject({ state: "stalled", reason: "paused" });
  });
});

describe("trouble", () => {
  test("a missing key is asked for, and the waiting frames play when it comes", async () => {
    announce();
    send(true);
    expect(link.keysNeeded).toEqual([sealer.name]);
    expect(stats()).toMatchObject({ state: "waiting", reason: "no-key" });
    grant();
    await settled();
    expect(backend.last.queued).toHaveLength(1);
  });

  test("bytes without pictures for three seconds are an error with a reason", async () => {
    announce();
    grant();
    send(true);
    await settled();
    for (let i = 0; i < 16; i++) {
      clock.advance(millis(200));
      send(false);
    }
    expect(stats()).toMatchObject({ state: "error", reason: "no-pictures" });
  });

  test("when the line is lost the last picture stays, and playing goes on at a keyframe", async () => {
    await play();
    link.state("reconnecting");
    clock.advance(millis(4000));
    expect(stats()).toMatchObject({ state: "stalled", reason: "server-unreachable" });
    expect(renderer().picture(CAMERA)).toBeDefined();
    link.open(sessionKey());
    send(false);
    expect(backend.last.queued).toHaveLength(0);
    send(true);
    await settled();
    expect(backend.last.queued).toHaveLength(1);
  });

  test("a GOP given up by the server is resumed at the next keyframe", async () => {
    await play();
    link.gopReset(SUB);
    send(false);
    expect(backend.last.queued).toHaveLength(0);
    send(true);
    expect(backend.last.queued).toHaveLength(1);
  });

  test("permission withdrawn: picture, decoder and keys go at once", async () => {
    await play();
    const decoder = backend.last;
    link.say({ type: "denied", cameraId: CAMERA, code: "auth.forbidden" });
    expect(stats()).toMatchObject({ state: "error", reason: "denied", detail: "auth.forbidden" });
    expect(decoder.state).toBe("closed");
    expect(renderer().picture(CAMERA)).toBeUndefined();
  });

  test("permission withdrawn while a picture is on its way: it is not shown", async () => {
    await play();
    send(false);
    backend.last.output();
    for (const run of bench.frames.splice(0)) run();
    link.say({ type: "denied", cameraId: CAMERA, code: "auth.forbidden" });
    await settled();
    expect(renderer().picture(CAMERA)).toBeUndefined();
    expect(wall.stats().openVideoFrames).toBe(0);
  });

  test("a lost graphics device is replaced; pictures come back with the next frames", async () => {
    await play();
    renderer().lose("driver reset");
    await settled();
    expect(renderers).toHaveLength(2);
    expect(renderers[0]?.closed).toBe(true);
    send(false);
    backend.last.output();
    await animate();
    expect(renderer().draws.at(-1)).toHaveLength(1);
  });

  test("graphics devices that are lost again and again are replaced ever more slowly, and never given up", async () => {
    const waits: number[] = [];
    for (let loss = 1; loss <= 12; loss++) {
      renderer().lose("driver reset");
      await settled();
      expect(wall.stats().renderer).toBe(loss === 1 ? "webgpu" : "none");
      expect(stats().reason).toBe(loss === 1 ? "connecting" : "no-renderer");
      let waited = 0;
      for (; renderers.length <= loss && waited < 60_000; waited += 250) {
        clock.advance(millis(250));
        await settled();
      }
      waits.push(waited);
    }
    expect(waits).toEqual([0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
    clock.advance(millis(60_000));
    renderer().lose("driver reset");
    await settled();
    expect(renderers).toHaveLength(14);
  });

  test("while nothing can draw the tiles say so, nothing is sent, and it goes on by itself", async () => {
    await play();
    bench.refuseRenderers = "this browser offers no WebGPU adapter";
    renderer().lose("driver reset");
    await settled();
    expect(posts.findLast(({ type }) => type === "ready")).toMatchObject({
      renderer: "none",
      detail: bench.refuseRenderers,
    });
    expect(wall.stats()).toMatchObject({ renderer: "none", rendererDetail: bench.refuseRenderers });
    expect(stats()).toMatchObject({ state: "error", reason: "no-renderer", detail: bench.refuseRenderers });
    clock.advance(millis(50));
    expect(link.subscribed.at(-1)).toMatchObject([{ visible: false }]);
    bench.refuseRenderers = undefined;
    clock.advance(millis(500));
    await settled();
    clock.advance(millis(50));
    expect(wall.stats()).toMatchObject({ renderer: "webgpu", rendererDetail: "fake" });
    expect(link.subscribed.at(-1)).toMatchObject([{ visible: true }]);
  });

  test("a failed upload closes its frame and the next one is tried", async () => {
    await play();
    renderer().failUploads = true;
    send(false);
    backend.last.output();
    await animate();
    expect(wall.stats().openVideoFrames).toBe(0);
    renderer().failUploads = false;
    send(false);
    backend.last.output();
    await animate();
    expect(renderer().shown.get(CAMERA)).toHaveLength(2);
  });

  test("late pictures are reported to the server", async () => {
    link.nowMicros = 1_700_000_000_000_000 + 3_000_000;
    await play();
    clock.advance(millis(2000));
    expect(link.reports).toMatchObject([{ cameraId: CAMERA, latencyMs: 3000 }]);
  });

  test("what the server says is passed on: camera state, recording, load, expiry", () => {
    const messages: ServerMessage[] = [
      { type: "camera_status", cameraId: CAMERA, state: "offline", reason: "connection refused", recording: true },
      { type: "server_status", cameras: 1, clients: 1, cpu: 0.25, draining: false },
    ];
    for (const message of messages) link.say(message);
    expect(stats()).toMatchObject({ cameraState: "offline", recording: true, detail: "connection refused" });
    expect(wall.stats().serverCpu).toBe(0.25);
    link.expire("auth.expired");
    expect(posts.at(-1)).toEqual({ type: "session-expired", code: "auth.expired" });
  });

  test("messages about cameras that are not on the wall are ignored", () => {
    const other = "99999999-2222-4333-8444-555555555555";
    link.say({ type: "stream", cameraId: other, streamId: 77, role: "sub", level: "grid" });
    link.frame(sealer.seal({ streamId: 77, payload: h264Keyframe(), keyframe: true }));
    link.say({ type: "camera_status", cameraId: other, state: "online" });
    expect(backend.decoders).toHaveLength(0);
  });
});

test("close gives everything back and leaves no timer", async () => {
  await play();
  send(false);
  backend.last.output();
  await wall.close();
  await wall.close();
  expect(link.closed).toBe(true);
  expect(renderer().closed).toBe(true);
  expect(backend.last.state).toBe("closed");
  expect(wall.stats().openVideoFrames).toBe(0);
  clock.advance(millis(100));
  expect(clock.pendingTimers).toBe(0);
});

test("an update goes to the page twice a second, and soon after a tile's state changes", async () => {
  clock.advance(millis(40));
  posts.length = 0;
  clock.advance(millis(1000));
  expect(posts.filter(({ type }) => type === "update")).toHaveLength(2);
  posts.length = 0;
  link.say({ type: "camera_status", cameraId: CAMERA, state: "offline" });
  clock.advance(millis(30));
  expect(posts.map(({ type }) => type)).toEqual(["update"]);
});
