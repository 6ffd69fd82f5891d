import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FluxCrypto } from "../../shared/crypto/crypto.ts";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { FromWall, TileSpec, TileStats } from "../engine/worker-protocol.ts";
import { FakeBackend, settled } from "../testkit/fake-decoder.ts";
import { FakeRenderer } from "../testkit/fake-renderer.ts";
import { h264Delta, h264Keyframe } from "../testkit/h264.ts";
import { MemoryLink } from "../testkit/memory-link.ts";
import { TestSealer } from "../testkit/sealing.ts";
import { Wall } from "./wall.ts";

const CAMERA = "11111111-2222-4333-8444-555555555555";
const SUB = 3;
const sessionKey = (): Uint8Array => new Uint8Array(32).fill(9);

let crypto: FluxCrypto;
let clock: SimulatedClock;
let backend: FakeBackend;
let link: MemoryLink;
let renderers: FakeRenderer[];
let refuseRenderers: string | undefined;
let frames: (() => void)[];
let posts: FromWall[];
let sealer: TestSealer;
let wall: Wall;

beforeEach(async () => {
  crypto = await loadFluxCrypto();
  clock = new SimulatedClock();
  backend = new FakeBackend();
  link = new MemoryLink();
  renderers = [];
  refuseRenderers = undefined;
  frames = [];
  posts = [];
  sealer = new TestSealer(crypto, { cameraId: CAMERA, keyId: 1, generation: 1, epoch: 1 });
  wall = new Wall({
    clock,
    crypto,
    backend,
    createLink: link.create,
    openArchive: () => Promise.reject(new Error("no archive here")),
    shrink: () => Promise.reject(new Error("no bitmaps here")),
    copy: (bitmap) => Promise.resolve(bitmap),
    createRenderer: async () => {
      if (refuseRenderers !== undefined) throw new Error(refuseRenderers);
      const renderer = new FakeRenderer();
      renderers.push(renderer);
      return renderer;
    },
    requestFrame: (run) => frames.push(run),
    post: (message) => posts.push(message),
  });
  await wall.start();
  wall.setTiles([tile()]);
  clock.advance(millis(50));
  wall.connect({ token: "t", webSocketUrl: "ws://server/", webTransport: undefined });
  link.open(sessionKey());
});

afterEach(() => wall.close());

function tile(changes: Partial<TileSpec> = {}): TileSpec {
  return { tileId: "tile", cameraId: CAMERA, x: 0, y: 0, width: 320, height: 180, fit: "contain", ...changes };
}

function announce(streamId = SUB, role: "main" | "sub" = "sub"): void {
  link.say({ type: "stream", cameraId: CAMERA, streamId, role, level: "grid" });
}

function grant(): void {
  link.say({ type: "keys", keys: [sealer.grant(sessionKey())] });
}

function send(keyframe: boolean, streamId = SUB): void {
  link.frame(sealer.seal({ streamId, payload: keyframe ? h264Keyframe() : h264Delta(), keyframe }));
}

async function animate(): Promise<void> {
  for (const run of frames.splice(0)) run();
  await settled();
}

async function play(streamId = SUB): Promise<void> {
  announce(streamId);
  grant();
  send(true, streamId);
  await settled();
  backend.last.output();
  await animate();
}

function stats(): TileStats {
  const [first] = wall.stats().tiles;
  if (!first) throw new Error("no tile");
  return first;
}

const renderer = (): FakeRenderer => renderers.at(-1) as FakeRenderer;

describe("in the archive", () => {
  const archived = (): boolean => posts.some((post) => post.type === "playback" && post.state.mode === "archive");

  test("the live stream is paused and its decoder given back; its last picture waits for the way back", async () => {
    await play();
    const decoder = backend.last;
    wall.playback({ kind: "seek", micros: 1_600_000_000_000_000 });
    clock.advance(millis(50));
    expect(archived()).toBe(true);
    expect(link.subscribed.at(-1)).toMatchObject([{ cameraId: CAMERA, visible: false }]);
    expect(decoder.state).toBe("closed");
    expect(renderer().draws.at(-1)).toHaveLength(1);
    expect(stats()).toMatchObject({ state: "waiting", reason: "connecting" });
    wall.playback({ kind: "live" });
    clock.advance(millis(50));
    expect(link.subscribed.at(-1)).toMatchObject([{ visible: true }]);
    expect(posts.findLast(({ type }) => type === "playback")).toMatchObject({ state: { mode: "live" } });
    expect(renderer().picture(CAMERA)).toBeDefined();
    send(true);
    await settled();
    expect(backend.last).not.toBe(decoder);
    backend.last.output();
    await animate();
    expect(renderer().shown.get(CAMERA)).toHaveLength(2);
    expect(stats()).toMatchObject({ state: "live", role: "sub" });
  });

  test("one tile in the archive leaves the others live", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    wall.setTiles([tile(), tile({ tileId: "other", cameraId: other })]);
    await play();
    wall.playback({ kind: "seek", micros: 1_600_000_000_000_000, tileId: "other" });
    clock.advance(millis(50));
    expect(link.subscribed.at(-1)).toMatchObject([{ cameraId: other, visible: false }]);
    expect(stats().state).toBe("live");
    expect(wall.stats().tiles[1]).toMatchObject({ state: "waiting", reason: "connecting" });
  });
});
