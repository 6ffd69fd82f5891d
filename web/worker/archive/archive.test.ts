import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FluxCrypto } from "../../../shared/crypto/crypto.ts";
import { loadFluxCrypto } from "../../../shared/crypto/load-node.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../../shared/lib/time.ts";
import type { PlaybackState, TileSpec, TileStats } from "../../engine/worker-protocol.ts";
import { MemoryArchive } from "../../testkit/memory-archive.ts";
import { PlayingBackend } from "../../testkit/playing-backend.ts";
import { DecoderPool } from "../decode/decoder-pool.ts";
import { Archive } from "./archive.ts";

const camera = (index: number): string => `11111111-2222-4333-8444-00000000000${index}`;
const START = 1_700_000_000_000_000;
const NOW = START + 3_600_000_000;
/** 25 pictures a second, 20 in a GOP. */
const FRAME = 40_000;
const GOP = 20 * FRAME;

let crypto: FluxCrypto;
let clock: SimulatedClock;
let server: MemoryArchive;
let backend: PlayingBackend;
let pool: DecoderPool;
let archive: Archive;
let frames: (() => void)[];
let states: PlaybackState[];
let gone: string[];
let liveChanges: number;
/** Capture times of the pictures that were drawn, by picture. */
let drawn: Map<string, number[]>;

beforeEach(async () => {
  crypto = await loadFluxCrypto();
  clock = new SimulatedClock(micros(NOW));
  server = new MemoryArchive(crypto);
  backend = new PlayingBackend();
  pool = new DecoderPool(clock, backend);
  frames = [];
  states = [];
  gone = [];
  drawn = new Map();
  liveChanges = 0;
  archive = new Archive(
    {
      clock,
      crypto,
      pool,
      open: server.open,
      createOffer: server.createOffer,
      serverNowMicros: () => clock.utcMicros(),
      requestFrame: (run) => frames.push(run),
      shrink: (frame) => Promise.resolve({ ...bitmap(frame.timestamp) }),
      copy: (one) => Promise.resolve(one),
    },
    {
      onState: (state) => states.push(state),
      onLiveTilesChanged: () => liveChanges++,
      onPictureWaiting: () => undefined,
      onTileChange: () => undefined,
      onPictureGone: (pictureId) => gone.push(pictureId),
      onSessionExpired: () => undefined,
    },
  );
  archive.connect("ws://archive/", "t");
});

afterEach(() => {
  archive.close();
  for (const source of archive.sources()) source.playhead.close();
  expect(backend.open).toBe(0);
  clock.advance(millis(100));
  expect(clock.pendingTimers).toBe(0);
});

function bitmap(timestamp: number): ImageBitmap {
  return { width: timestamp, height: 1, close: () => undefined } as unknown as ImageBitmap;
}

function tile(index: number, changes: Partial<TileSpec> = {}): TileSpec {
  const place = { x: 0, y: 0, width: 320, height: 180, fit: "contain" } as const;
  return { tileId: `tile-${index}`, cameraId: camera(index), ...place, ...changes };
}

function record(index: number, gops = 30, fromMicros = START): void {
  server.record(camera(index), { fromMicros, gops, framesPerGop: 20, intervalMicros: FRAME });
}

/** As the screen does: takes what waits and draws it. */
function draw(): void {
  for (const source of archive.sources()) {
    const picture = source.playhead.take();
    if (!picture) continue;
    picture.owned.close();
    source.shown();
    source.drawn(640, 360, undefined, picture.captureTime);
    drawn.set(source.pictureId, [...(drawn.get(source.pictureId) ?? []), picture.captureTime]);
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 400; i++) await Promise.resolve();
  draw();
}

/** Lets time pass in animation frames. */
async function run(ms: number, stepMs = 20): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(millis(stepMs));
    for (const frame of frames.splice(0)) frame();
    await settle();
  }
}

function shown(index = 1, tileId = ""): number[] {
  return drawn.get(`archive/${tileId}/${camera(index)}`) ?? [];
}

/** Numbers of the pictures since the start of the recording. */
function shownFrames(index = 1): number[] {
  return shown(index).map((time) => (time - START) / FRAME);
}

async function stand(frame: number): Promise<void> {
  archive.command({ kind: "seek", micros: START + frame * FRAME });
  archive.command({ kind: "rate", rate: 0 });
  await run(40);
  drawn.clear();
}

function stats(index = 1): TileStats {
  const found = archive.stats(tile(index));
  if (!found) throw new Error("the tile is live");
  return found;
}

describe("one camera", () => {
  beforeEach(() => {
    record(1);
    archive.setTiles([tile(1)]);
  });

  test("nothing is asked before the archive is entered; a seek shows the picture at or before the time", async () => {
    await run(200);
    expect(server.lines).toBe(0);
    expect(archive.state()).toMatchObject({ mode: "live", positionMicros: undefined });
    archive.command({ kind: "seek", micros: START + 33 * FRAME + 39_999 });
    archive.command({ kind: "rate", rate: 0 });
    await run(40);
    expect(shownFrames()).toEqual([33]);
    expect(stats()).toMatchObject({ state: "live", captureMicros: START + 33 * FRAME, role: "sub" });
    expect(archive.state()).toMatchObject({ mode: "archive", positionMicros: START + 33 * FRAME + 39_999, rate: 0 });
  });

  test("the first read brings one GOP, so that its picture comes at once", async () => {
    archive.command({ kind: "seek", micros: START + 33 * FRAME });
    await run(20);
    expect(server.reads()[0]).toMatchObject({
      direction: "forward",
      fromMicros: START + 33 * FRAME,
      maxBytes: 1,
      role: "sub",
    });
  });

  test("plays every picture in order, in real time, over the ends of GOPs", async () => {
    archive.command({ kind: "seek", micros: START });
    await run(2000);
    const played = shownFrames();
    expect(played).toEqual(Array.from({ length: played.length }, (_, i) => i));
    expect(played.length).toBeGreaterThan(45);
    expect(played.length).toBeLessThan(53);
  });

  test.each([0.25, 2, 4])("at %f times", async (rate) => {
    archive.command({ kind: "seek", micros: START });
    archive.command({ kind: "rate", rate });
    await run(2000);
    const last = shownFrames().at(-1) ?? 0;
    expect(Math.abs(last - (rate * 2000) / 40)).toBeLessThan(4 * Math.max(1, rate));
  });

  test("at 16 times only keyframes are asked for, eight a second", async () => {
    archive.command({ kind: "seek", micros: START });
    archive.command({ kind: "rate", rate: 16 });
    await run(1000);
    expect(server.reads().at(-1)).toMatchObject({ keyframesApartMicros: 2_000_000 });
    const played = shownFrames();
    expect(played.every((frame) => frame % 20 === 0)).toBe(true);
    expect(played.length).toBeGreaterThan(4);
    expect(backend.decoded.every((time) => (time - START) % GOP === 0)).toBe(true);
  });

  test("backward every picture is shown, newest first, over the ends of GOPs", async () => {
    await stand(50);
    archive.command({ kind: "rate", rate: -1 });
    await run(1600);
    const played = shownFrames();
    expect(played).toEqual(Array.from({ length: played.length }, (_, i) => 49 - i));
    expect(played.length).toBeGreaterThan(35);
  });

  test("backward at 8 times shows keyframes, newest first", async () => {
    await stand(500);
    archive.command({ kind: "rate", rate: -8 });
    await run(1000);
    const played = shownFrames();
    expect(played).toEqual([...played].sort((a, b) => b - a));
    expect(played.length).toBeGreaterThan(4);
    expect(played.every((frame) => frame % 20 === 0)).toBe(true);
  });

  test("steps are exactly one picture, both ways, over the ends of GOPs", async () => {
    await stand(18);
    for (const direction of [1, 1, 1, -1, -1, -1, -1] as const) {
      archive.command({ kind: "step", direction });
      await run(40);
    }
    expect(shownFrames()).toEqual([19, 20, 21, 20, 19, 18, 17]);
  });

  test("steps that come faster than pictures are all taken", async () => {
    await stand(18);
    server.paused = true;
    for (let i = 0; i < 25; i++) archive.command({ kind: "step", direction: 1 });
    await run(40);
    server.resume();
    await run(300);
    expect(shownFrames().at(-1)).toBe(43);
  });

  test("pictures that a decoder keeps back and B-frames are shown exactly", async () => {
    backend.depth = 3;
    // I P B B P B B, as shown: 0 3 1 2 6 4 5.
    server.record(camera(2), {
      fromMicros: START,
      gops: 4,
      framesPerGop: 7,
      intervalMicros: FRAME,
      shown: [0, 3, 1, 2, 6, 4, 5],
    });
    archive.setTiles([tile(2)]);
    archive.command({ kind: "seek", micros: START + 4 * FRAME });
    archive.command({ kind: "rate", rate: 0 });
    await run(200);
    for (const direction of [1, 1, 1, -1, -1, -1] as const) {
      archive.command({ kind: "step", direction });
      await run(200);
    }
    expect(shownFrames(2)).toEqual([4, 5, 6, 7, 6, 5, 4]);
  });

  test("a picture that the decoder swallows is passed over", async () => {
    backend.swallow.add(START + 5 * FRAME);
    await stand(5);
    await run(500);
    expect(stats()).toMatchObject({ state: "live", captureMicros: START + 4 * FRAME });
    drawn.clear();
    archive.command({ kind: "step", direction: 1 });
    await run(100);
    expect(shownFrames()).toEqual([6]);
  });

  test("the clock waits for pictures, and the page is told", async () => {
    archive.command({ kind: "seek", micros: START });
    await run(400);
    server.paused = true;
    archive.command({ kind: "seek", micros: START + 400 * FRAME });
    await run(1000);
    expect(archive.state()).toMatchObject({ buffering: true, positionMicros: START + 400 * FRAME });
    expect(stats()).toMatchObject({ state: "waiting" });
    server.resume();
    await run(400);
    expect(archive.state().buffering).toBe(false);
    expect(archive.state().positionMicros).toBeGreaterThan(START + 400 * FRAME + 200_000);
  });

  test("scrubbing: the newest wish, keyframes of the sub stream, then exactly", async () => {
    archive.setTiles([tile(1, { width: 1280, height: 720 })]);
    await stand(0);
    server.paused = true;
    for (let i = 1; i <= 50; i++) archive.command({ kind: "seek", micros: START + (100 + i * 7) * FRAME, scrub: true });
    server.resume();
    await run(100);
    const scrubs = server.reads().filter(({ keyframesApartMicros }) => keyframesApartMicros === 1);
    expect(scrubs.length).toBeLessThan(4);
    expect(scrubs.every(({ role, maxBytes }) => role === "sub" && maxBytes === 1)).toBe(true);
    expect(shownFrames().at(-1)).toBe(440);
    archive.command({ kind: "seek", micros: START + 450 * FRAME });
    await run(60);
    expect(shownFrames().at(-1)).toBe(450);
    expect(server.reads().at(-1)).toMatchObject({ role: "main" });
  });

  test("a loop goes round", async () => {
    await stand(0);
    archive.command({ kind: "loop", startMicros: START + 10 * FRAME, endMicros: START + 20 * FRAME });
    archive.command({ kind: "rate", rate: 1 });
    await run(1200);
    const played = shownFrames();
    expect(Math.min(...played)).toBe(10);
    expect(Math.max(...played)).toBe(19);
    expect(played.filter((frame) => frame === 10).length).toBeGreaterThan(2);
    archive.command({ kind: "no-loop" });
    await run(1200);
    expect(Math.max(...shownFrames())).toBeGreaterThan(30);
  });

  test("at the end of the footage the clock stops at its last picture", async () => {
    archive.command({ kind: "seek", micros: START + 590 * FRAME });
    await run(1500);
    expect(shownFrames().at(-1)).toBe(599);
    expect(archive.state()).toMatchObject({ rate: 0, buffering: false });
    expect(stats()).toMatchObject({ state: "live", captureMicros: START + 599 * FRAME });
  });

  test("so it does at high speed, where the last keyframe is not the last picture", async () => {
    archive.command({ kind: "seek", micros: START + 300 * FRAME });
    archive.command({ kind: "rate", rate: 8 });
    await run(3000);
    expect(archive.state()).toMatchObject({ rate: 0, buffering: false });
    expect(stats().state).toBe("live");
    expect(shownFrames().at(-1)).toBeGreaterThanOrEqual(580);
  });

  test("playing decodes every picture once", async () => {
    archive.command({ kind: "seek", micros: START });
    await run(4000);
    expect(backend.decoded).toHaveLength(new Set(backend.decoded).size);
  });

  test("backward it stops at the first", async () => {
    await stand(10);
    archive.command({ kind: "rate", rate: -1 });
    await run(1500);
    expect(shownFrames().at(-1)).toBe(0);
    expect(archive.state()).toMatchObject({ rate: 0 });
  });

  test("permission withdrawn: picture and footage go", async () => {
    await stand(10);
    server.denied.add(camera(1));
    archive.command({ kind: "seek", micros: START + 300 * FRAME });
    await run(100);
    expect(stats()).toMatchObject({ state: "error", reason: "denied" });
    expect(archive.pictureOf(tile(1))).toBeNull();
  });

  test("a destroyed key is told", async () => {
    server.revoked.add(camera(1));
    await stand(10);
    expect(stats()).toMatchObject({ state: "error", reason: "key-revoked" });
  });

  test("a key that comes late", async () => {
    server.withholdKeys = true;
    await stand(10);
    expect(stats()).toMatchObject({ state: "waiting", reason: "no-key" });
    server.grantKeys(camera(1));
    await run(40);
    expect(shownFrames()).toEqual([10]);
  });

  test("a lost line comes back and goes on", async () => {
    archive.command({ kind: "seek", micros: START });
    await run(200);
    server.hangUp();
    archive.command({ kind: "seek", micros: START + 400 * FRAME });
    await run(3000);
    expect(server.lines).toBe(2);
    expect(shownFrames().at(-1)).toBeGreaterThan(400);
  });

  test("a hidden wall stands still", async () => {
    archive.command({ kind: "seek", micros: START });
    await run(400);
    archive.setVisible(false);
    const { positionMicros } = archive.state();
    await run(1000);
    expect(archive.state().positionMicros).toBe(positionMicros);
    archive.setVisible(true);
    await run(400);
    expect(archive.state().positionMicros).toBeGreaterThan(positionMicros ?? 0);
  });

  test("back to live: players and their pictures go, nothing is asked any more", async () => {
    await stand(10);
    archive.command({ kind: "live" });
    expect(archive.isLive(tile(1))).toBe(true);
    expect(gone).toEqual([`archive//${camera(1)}`]);
    expect(states.at(-1)).toMatchObject({ mode: "live" });
    const reads = server.reads().length;
    await run(2000);
    expect(server.reads()).toHaveLength(reads);
    expect(clock.pendingTimers).toBeLessThan(3);
  });
});

describe("gaps", () => {
  test("one without footage at the time: dark, with the reason; the picture from before is not shown", async () => {
    record(1, 5);
    record(1, 5, START + 60_000_000);
    archive.setTiles([tile(1)]);
    await stand(10);
    archive.command({ kind: "seek", micros: START + 30_000_000 });
    await run(100);
    expect(stats()).toMatchObject({ state: "waiting", reason: "no-footage" });
    expect(archive.pictureOf(tile(1))).toBeNull();
  });

  test("playing leaps over what no tile has, and not over what one has", async () => {
    record(1, 2);
    record(1, 5, START + 60_000_000);
    record(2, 5);
    record(2, 5, START + 50_000_000);
    archive.setTiles([tile(1), tile(2)]);
    archive.command({ kind: "seek", micros: START + 1_500_000 });
    await run(1000);
    expect(stats(1).reason).toBe("no-footage");
    expect(stats(2).state).toBe("live");
    await run(3000);
    const { positionMicros = 0 } = archive.state();
    expect(positionMicros).toBeGreaterThan(START + 50_000_000);
    expect(positionMicros).toBeLessThan(START + 52_000_000);
    await run(5000);
    expect(archive.state().positionMicros).toBeGreaterThan(START + 60_000_000);
    expect(stats(1).state).toBe("live");
  });

  test("backward, too", async () => {
    record(1, 2);
    record(1, 2, START + 60_000_000);
    archive.setTiles([tile(1)]);
    archive.command({ kind: "seek", micros: START + 60_200_000 });
    archive.command({ kind: "rate", rate: -1 });
    await run(1500);
    expect(archive.state().positionMicros).toBeLessThan(START + 2 * GOP);
    expect(stats().state).toBe("live");
  });

  test("a loop without any footage stops instead of going round", async () => {
    record(1, 2);
    archive.setTiles([tile(1)]);
    await stand(0);
    archive.command({ kind: "loop", startMicros: START + 60_000_000, endMicros: START + 61_000_000 });
    archive.command({ kind: "rate", rate: 1 });
    await run(500);
    expect(archive.state().rate).toBe(0);
  });

  test("near now it waits for the recording, and goes on with it", async () => {
    record(1, 5, NOW - 5 * GOP);
    archive.setTiles([tile(1)]);
    archive.command({ kind: "seek", micros: NOW - 400_000 });
    await run(1500);
    expect(archive.state()).toMatchObject({ rate: 1, buffering: true });
    record(1, 5, NOW);
    await run(2500);
    expect(archive.state().positionMicros).toBeGreaterThan(NOW + 200_000);
    expect(archive.state().positionMicros).toBeLessThanOrEqual(clock.utcMicros());
  });
});

describe("several cameras", () => {
  test("sixteen tiles show pictures of the same time at every draw", async () => {
    const tiles = [1, 2, 3, 4].flatMap((index) => {
      record(index);
      return [tile(index)];
    });
    archive.setTiles(tiles);
    archive.command({ kind: "seek", micros: START });
    for (let i = 0; i < 100; i++) {
      await run(20);
      const times = tiles.flatMap((one) => archive.stats(one)?.captureMicros ?? []);
      if (times.length === tiles.length) expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(FRAME);
    }
    expect(shown(4).length).toBeGreaterThan(40);
  });

  test("one that fails does not hold up the others", async () => {
    record(1);
    archive.setTiles([tile(1), tile(2)]);
    archive.command({ kind: "seek", micros: START });
    await run(1000);
    expect(stats(2)).toMatchObject({ state: "error", reason: "denied" });
    expect(shown(1).length).toBeGreaterThan(15);
  });

  test("SYNC off: a tile on its own clock, another one live; `sync` brings them back", async () => {
    for (const index of [1, 2, 3]) record(index);
    archive.setTiles([tile(1), tile(2), tile(3)]);
    await stand(100);
    archive.command({ kind: "seek", micros: START + 300 * FRAME, tileId: "tile-2" });
    archive.command({ kind: "live", tileId: "tile-3" });
    await run(100);
    expect(archive.isLive(tile(3))).toBe(true);
    expect(archive.state().free).toEqual([{ tileId: "tile-2", positionMicros: START + 300 * FRAME, rate: 0 }]);
    expect(archive.stats(tile(2))?.captureMicros).toBe(START + 300 * FRAME);
    expect(stats(1).captureMicros).toBe(START + 100 * FRAME);
    archive.command({ kind: "step", direction: 1, tileId: "tile-2" });
    await run(100);
    expect(archive.stats(tile(2))?.captureMicros).toBe(START + 301 * FRAME);
    expect(stats(1).captureMicros).toBe(START + 100 * FRAME);
    archive.command({ kind: "sync" });
    await run(100);
    expect(archive.state().free).toEqual([]);
    expect([1, 2, 3].map((index) => stats(index).captureMicros)).toEqual(Array(3).fill(START + 100 * FRAME));
  });
});

describe("thumbnails", () => {
  beforeEach(() => record(1));

  test("the keyframe at or before the time; the same one again without asking", async () => {
    const first = archive.thumbnail(camera(1), START + 33 * FRAME, 160);
    await run(20);
    expect((await first)?.micros).toBe(START + 20 * FRAME);
    const reads = server.reads().length;
    const second = archive.thumbnail(camera(1), START + 25 * FRAME, 160);
    await run(20);
    expect((await second)?.micros).toBe(START + 20 * FRAME);
    expect(server.reads()).toHaveLength(reads);
  });

  test("of wishes that come faster than pictures only the newest is answered", async () => {
    server.paused = true;
    const asked = [0, 100, 200, 300].map((frame) => archive.thumbnail(camera(1), START + frame * FRAME, 160));
    await run(20);
    server.resume();
    await run(20);
    const times = (await Promise.all(asked)).map((thumbnail) => thumbnail?.micros);
    expect(times).toEqual([START, undefined, undefined, START + 300 * FRAME]);
  });

  test("nothing recorded, no thumbnail", async () => {
    const none = archive.thumbnail(camera(1), START + 3_000_000_000, 160);
    await run(20);
    expect(await none).toBeUndefined();
  });
});
