import { createECDH, hkdfSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FluxCrypto } from "../../shared/crypto/crypto.ts";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import type { FromWall, TileSpec, TileStats } from "../engine/worker-protocol.ts";
import { FakeBackend, settled } from "../testkit/fake-decoder.ts";
import { FakeRenderer } from "../testkit/fake-renderer.ts";
import { h264Delta, h264Keyframe } from "../testkit/h264.ts";
import { MemoryArchive } from "../testkit/memory-archive.ts";
import { MemoryLink } from "../testkit/memory-link.ts";
import { PlayingBackend } from "../testkit/playing-backend.ts";
import { TestSealer } from "../testkit/sealing.ts";
import type { OpenArchiveLine } from "./archive/archive-socket.ts";
import { Wall, type WallDeps } from "./wall.ts";

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
  await begin({});
});

afterEach(() => wall.close());

async function begin(others: Partial<WallDeps>): Promise<void> {
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
    ...others,
  });
  await wall.start();
  wall.setTiles([tile()]);
  clock.advance(millis(50));
  wall.connect({ token: "t", webSocketUrl: "ws://server/", webTransport: undefined });
  link.open(sessionKey());
}

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

describe("a picture of the archive that stands", () => {
  const START = 1_600_000_000_000_000;
  const PICTURE = `archive//${CAMERA}`;
  let server: MemoryArchive;

  /** The server's half of the session key, which the memory archive leaves out. */
  const openArchive: OpenArchiveLine = async (url, handlers) => {
    const own = createECDH("prime256v1");
    const publicKey = own.generateKeys();
    const salt = Buffer.alloc(32, 7);
    const half = { publicKey: publicKey.toString("base64"), salt: salt.toString("base64") };
    const line = await server.open(url, {
      ...handlers,
      onControl: (message) => handlers.onControl(message.type === "welcome" ? { ...message, ...half } : message),
    });
    return {
      close: line.close,
      send: (message) => {
        if (message.type === "hello") {
          const theirs = Buffer.from(message.publicKey, "base64");
          const info = Buffer.concat([Buffer.from("fluxvision session v1"), theirs, publicKey]);
          server.sessionKey = new Uint8Array(hkdfSync("sha256", own.computeSecret(theirs), salt, info, 32));
        }
        line.send(message);
      },
    };
  };

  /** Lets time pass in animation frames; WebCrypto and the pictures work outside the simulated clock. */
  async function run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      clock.advance(millis(20));
      for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
      await animate();
    }
  }

  beforeEach(async () => {
    await wall.close();
    clock = new SimulatedClock(micros(START + 3_600_000_000));
    link = new MemoryLink();
    [renderers, frames, posts] = [[], [], []];
    server = new MemoryArchive(crypto);
    server.record(CAMERA, { fromMicros: START, gops: 5, framesPerGop: 20, intervalMicros: 40_000 });
    await begin({ clock, createLink: link.create, backend: new PlayingBackend(), openArchive });
    wall.connectArchive("ws://archive/", "t");
    wall.playback({ kind: "seek", micros: START + 400_000 });
    wall.playback({ kind: "rate", rate: 0 });
    for (let i = 0; i < 200 && renderer().picture(PICTURE) === undefined; i++) await run(20);
    expect(renderer().shown.get(PICTURE)).toEqual([START + 400_000]);
  });

  test("comes back after its renderer was lost", async () => {
    renderer().lose("the GPU was reset");
    await run(300);
    expect(renderers).toHaveLength(2);
    expect(renderer().shown.get(PICTURE)).toEqual([START + 400_000]);
    expect(renderer().draws.at(-1)).toMatchObject([{ pictureId: PICTURE }]);
    expect(stats()).toMatchObject({ captureMicros: START + 400_000 });
  });

  test("comes back after a time without any renderer", async () => {
    refuseRenderers = "no GPU";
    renderer().lose("the GPU was reset");
    await run(100);
    expect(stats()).toMatchObject({ reason: "no-renderer" });
    refuseRenderers = undefined;
    await run(2000);
    expect(renderer().shown.get(PICTURE)).toEqual([START + 400_000]);
    expect(renderer().draws.at(-1)).toMatchObject([{ pictureId: PICTURE }]);
  });

  test("is tried again when it could not be shown", async () => {
    renderer().failUploads = true;
    wall.playback({ kind: "step", direction: 1, tileId: "tile" });
    await run(100);
    expect(renderer().shown.get(PICTURE)).toEqual([START + 400_000]);
    renderer().failUploads = false;
    await run(300);
    expect(renderer().shown.get(PICTURE)).toEqual([START + 400_000, START + 440_000]);
  });
});
