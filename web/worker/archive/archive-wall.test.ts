import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArchiveBench, camera, FRAME, GOP, NOW, START, tile } from "../../testkit/archive-bench.ts";
import type { MemoryArchive } from "../../testkit/memory-archive.ts";
import type { Archive } from "./archive.ts";

let bench: ArchiveBench;
let archive: Archive;
let server: MemoryArchive;

beforeEach(async () => {
  bench = await ArchiveBench.create();
  ({ archive, server } = bench);
});
afterEach(() => expect(bench.close()).toEqual({ frames: 0, timers: 0 }));

describe("gaps", () => {
  test("one without footage at the time: dark, with the reason; the picture from before is not shown", async () => {
    bench.record(1, 5);
    bench.record(1, 5, START + 60_000_000);
    archive.setTiles([tile(1)]);
    await bench.stand(10);
    archive.command({ kind: "seek", micros: START + 30_000_000 });
    await bench.run(100);
    expect(bench.stats()).toMatchObject({ state: "waiting", reason: "no-footage" });
    expect(archive.pictureOf(tile(1))).toBeNull();
  });

  test("playing leaps over what no tile has, and not over what one has", async () => {
    bench.record(1, 2);
    bench.record(1, 5, START + 60_000_000);
    bench.record(2, 5);
    bench.record(2, 5, START + 50_000_000);
    archive.setTiles([tile(1), tile(2)]);
    archive.command({ kind: "seek", micros: START + 1_500_000 });
    await bench.run(1000);
    expect(bench.stats(1).reason).toBe("no-footage");
    expect(bench.stats(2).state).toBe("live");
    await bench.run(3000);
    const { positionMicros = 0 } = archive.state();
    expect(positionMicros).toBeGreaterThan(START + 50_000_000);
    expect(positionMicros).toBeLessThan(START + 52_000_000);
    await bench.run(5000);
    expect(archive.state().positionMicros).toBeGreaterThan(START + 60_000_000);
    expect(bench.stats(1).state).toBe("live");
  });

  test("backward, too", async () => {
    bench.record(1, 2);
    bench.record(1, 2, START + 60_000_000);
    archive.setTiles([tile(1)]);
    archive.command({ kind: "seek", micros: START + 60_200_000 });
    archive.command({ kind: "rate", rate: -1 });
    await bench.run(1500);
    expect(archive.state().positionMicros).toBeLessThan(START + 2 * GOP);
    expect(bench.stats().state).toBe("live");
  });

  test("a loop without any footage stops instead of going round", async () => {
    bench.record(1, 2);
    archive.setTiles([tile(1)]);
    await bench.stand(0);
    archive.command({ kind: "loop", startMicros: START + 60_000_000, endMicros: START + 61_000_000 });
    archive.command({ kind: "rate", rate: 1 });
    await bench.run(500);
    expect(archive.state().rate).toBe(0);
  });

  test("near now it waits for the recording, and goes on with it", async () => {
    bench.record(1, 5, NOW - 5 * GOP);
    archive.setTiles([tile(1)]);
    archive.command({ kind: "seek", micros: NOW - 400_000 });
    await bench.run(1500);
    expect(archive.state()).toMatchObject({ rate: 1, buffering: true });
    bench.record(1, 5, NOW);
    await bench.run(2500);
    expect(archive.state().positionMicros).toBeGreaterThan(NOW + 200_000);
    expect(archive.state().positionMicros).toBeLessThanOrEqual(bench.clock.utcMicros());
  });
});

describe("several cameras", () => {
  test("sixteen tiles show pictures of the same time at every draw", async () => {
    const tiles = [1, 2, 3, 4].flatMap((index) => {
      bench.record(index);
      return [tile(index)];
    });
    archive.setTiles(tiles);
    archive.command({ kind: "seek", micros: START });
    for (let i = 0; i < 100; i++) {
      await bench.run(20);
      const times = tiles.flatMap((one) => archive.stats(one)?.captureMicros ?? []);
      if (times.length === tiles.length) expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(FRAME);
    }
    expect(bench.shown(4).length).toBeGreaterThan(40);
  });

  test("one that fails does not hold up the others", async () => {
    bench.record(1);
    archive.setTiles([tile(1), tile(2)]);
    archive.command({ kind: "seek", micros: START });
    await bench.run(1000);
    expect(bench.stats(2)).toMatchObject({ state: "error", reason: "denied" });
    expect(bench.shown(1).length).toBeGreaterThan(15);
  });

  test("SYNC off: a tile on its own clock, another one live; `sync` brings them back", async () => {
    for (const index of [1, 2, 3]) bench.record(index);
    archive.setTiles([tile(1), tile(2), tile(3)]);
    await bench.stand(100);
    archive.command({ kind: "seek", micros: START + 300 * FRAME, tileId: "tile-2" });
    archive.command({ kind: "live", tileId: "tile-3" });
    await bench.run(100);
    expect(archive.isLive(tile(3))).toBe(true);
    expect(archive.state().free).toMatchObject([{ tileId: "tile-2", positionMicros: START + 300 * FRAME, rate: 0 }]);
    expect(archive.stats(tile(2))?.captureMicros).toBe(START + 300 * FRAME);
    expect(bench.stats(1).captureMicros).toBe(START + 100 * FRAME);
    archive.command({ kind: "step", direction: 1, tileId: "tile-2" });
    await bench.run(100);
    expect(archive.stats(tile(2))?.captureMicros).toBe(START + 301 * FRAME);
    expect(bench.stats(1).captureMicros).toBe(START + 100 * FRAME);
    archive.command({ kind: "sync" });
    await bench.run(100);
    expect(archive.state().free).toEqual([]);
    expect([1, 2, 3].map((index) => bench.stats(index).captureMicros)).toEqual(Array(3).fill(START + 100 * FRAME));
  });
});

describe("thumbnails", () => {
  beforeEach(() => bench.record(1));

  test("the keyframe at or before the time; the same one again without asking", async () => {
    const first = archive.thumbnail(camera(1), START + 33 * FRAME, 160);
    await bench.run(20);
    expect((await first)?.micros).toBe(START + 20 * FRAME);
    const reads = server.reads().length;
    const second = archive.thumbnail(camera(1), START + 25 * FRAME, 160);
    await bench.run(20);
    expect((await second)?.micros).toBe(START + 20 * FRAME);
    expect(server.reads()).toHaveLength(reads);
  });

  test("of wishes that come faster than pictures only the newest is answered", async () => {
    server.paused = true;
    const asked = [0, 100, 200, 300].map((frame) => archive.thumbnail(camera(1), START + frame * FRAME, 160));
    await bench.run(20);
    server.resume();
    await bench.run(20);
    const times = (await Promise.all(asked)).map((thumbnail) => thumbnail?.micros);
    expect(times).toEqual([START, undefined, undefined, START + 300 * FRAME]);
  });

  test("nothing recorded, no thumbnail", async () => {
    const none = archive.thumbnail(camera(1), START + 3_000_000_000, 160);
    await bench.run(20);
    expect(await none).toBeUndefined();
  });
});
