import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArchiveBench, camera, FRAME, GOP, START, tile } from "../../testkit/archive-bench.ts";
import type { Archive } from "./archive.ts";

/** Tiles on clocks of their own (SYNC off), and what is told of them. */

let bench: ArchiveBench;
let archive: Archive;
const range = { startMicros: START + 5 * GOP, endMicros: START + 6 * GOP };

beforeEach(async () => {
  bench = await ArchiveBench.create();
  archive = bench.archive;
  for (const index of [1, 2]) bench.record(index);
  archive.setTiles([tile(1), tile(2)]);
});
afterEach(() => bench.close());

describe("which tiles are live", () => {
  test("a tile that went live alone, until it is sought, synchronised or gone", async () => {
    archive.command({ kind: "seek", micros: START });
    expect(archive.state().liveTiles).toEqual([]);
    archive.command({ kind: "live", tileId: "tile-1" });
    expect(bench.states.at(-1)).toMatchObject({ mode: "archive", liveTiles: ["tile-1"], free: [] });
    archive.command({ kind: "seek", micros: START + GOP, tileId: "tile-1" });
    expect(archive.state()).toMatchObject({ liveTiles: [], free: [{ tileId: "tile-1" }] });
    archive.command({ kind: "live", tileId: "tile-1" });
    archive.command({ kind: "sync" });
    expect(archive.state()).toMatchObject({ mode: "archive", liveTiles: [], free: [] });
    archive.command({ kind: "live", tileId: "tile-2" });
    archive.setTiles([tile(1)]);
    expect(archive.state().liveTiles).toEqual([]);
  });

  test("none by itself once the wall is live", () => {
    archive.command({ kind: "seek", micros: START });
    archive.command({ kind: "live", tileId: "tile-1" });
    archive.command({ kind: "live" });
    expect(archive.state()).toMatchObject({ mode: "live", liveTiles: [] });
  });
});

describe("a loop of one tile", () => {
  test("leaves the others live, and turns round on the tile's own clock", async () => {
    archive.command({ kind: "seek", micros: START + GOP, tileId: "tile-1" });
    await bench.run(200);
    archive.command({ kind: "loop", ...range, tileId: "tile-1" });
    await bench.run(2500);
    const state = archive.state();
    expect(state).toMatchObject({ mode: "live", loop: undefined, free: [{ tileId: "tile-1", rate: 1, loop: range }] });
    expect(archive.isLive(tile(2))).toBe(true);
    const at = state.free[0]?.positionMicros ?? 0;
    expect(at).toBeGreaterThanOrEqual(range.startMicros);
    expect(at).toBeLessThan(range.endMicros);
    archive.command({ kind: "no-loop", tileId: "tile-1" });
    await bench.run(1500);
    expect(archive.state().free[0]).toMatchObject({ loop: undefined });
    expect(archive.state().free[0]?.positionMicros).toBeGreaterThan(range.endMicros);
  });

  test("begins where the tile is, at the speed of the others", async () => {
    archive.command({ kind: "seek", micros: range.startMicros + 3 * FRAME });
    archive.command({ kind: "rate", rate: 0 });
    archive.command({ kind: "loop", ...range, tileId: "tile-1" });
    await bench.run(100);
    expect(archive.state()).toMatchObject({
      loop: undefined,
      free: [{ tileId: "tile-1", positionMicros: range.startMicros + 3 * FRAME, rate: 0, loop: range }],
    });
  });

  test("a tile leaves everyone's loop alone", async () => {
    archive.command({ kind: "seek", micros: range.startMicros });
    archive.command({ kind: "loop", ...range });
    await bench.run(200);
    archive.command({ kind: "no-loop", tileId: "tile-1" });
    expect(archive.state()).toMatchObject({ loop: range, free: [{ tileId: "tile-1", rate: 1, loop: undefined }] });
  });

  test("that nothing loops needs no clock", () => {
    archive.command({ kind: "no-loop", tileId: "tile-1" });
    archive.command({ kind: "no-loop" });
    expect(archive.state()).toMatchObject({ mode: "live", free: [] });
  });
});

describe("steps of a tile that shows nothing", () => {
  test("lead another camera on, and none is owed once the right comes back", async () => {
    bench.server.denied.add(camera(1));
    await bench.stand(10);
    for (let i = 0; i < 5; i++) {
      archive.command({ kind: "step", direction: 1, tileId: "tile-1" });
      await bench.run(100);
    }
    expect(archive.state()).toMatchObject({ positionMicros: START + 15 * FRAME, buffering: false });
    expect(bench.shownFrames(2)).toEqual([11, 12, 13, 14, 15]);
  });

  test("lead out of a gap where no camera has a picture", async () => {
    bench.record(3, 30, START + 60 * GOP);
    archive.setTiles([tile(1), tile(3)]);
    bench.server.denied.add(camera(1));
    archive.command({ kind: "seek", micros: START + 50 * GOP });
    archive.command({ kind: "rate", rate: 0 });
    await bench.run(100);
    archive.command({ kind: "step", direction: 1, tileId: "tile-1" });
    await bench.run(200);
    expect(archive.state()).toMatchObject({ positionMicros: START + 60 * GOP, buffering: false });
  });

  test("only pause where no camera has a picture", async () => {
    for (const index of [1, 2]) bench.server.denied.add(camera(index));
    archive.command({ kind: "seek", micros: START });
    await bench.run(100);
    archive.command({ kind: "step", direction: 1, tileId: "tile-1" });
    const { positionMicros, rate } = archive.state();
    expect(rate).toBe(0);
    await bench.run(1000);
    expect(archive.state()).toMatchObject({ positionMicros, rate: 0, buffering: false });
  });

  test("a key held down while pictures are awaited is not stepped for ever after", async () => {
    await bench.stand(19);
    bench.server.paused = true;
    bench.record(3);
    archive.setTiles([tile(3)]);
    for (let i = 0; i < 200; i++) archive.command({ kind: "step", direction: 1, tileId: "tile-3" });
    await bench.run(200);
    bench.server.resume();
    await bench.run(3000);
    expect(archive.state()).toMatchObject({ positionMicros: START + (19 + 25) * FRAME, buffering: false });
  });
});
