import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArchiveBench, camera, FRAME, GOP, START, tile } from "../../testkit/archive-bench.ts";
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

describe("one camera", () => {
  beforeEach(() => {
    bench.record(1);
    archive.setTiles([tile(1)]);
  });

  test("nothing is asked before the archive is entered; a seek shows the picture at or before the time", async () => {
    await bench.run(200);
    expect(server.lines).toBe(0);
    expect(archive.state()).toMatchObject({ mode: "live", positionMicros: undefined });
    archive.command({ kind: "seek", micros: START + 33 * FRAME + 39_999 });
    archive.command({ kind: "rate", rate: 0 });
    await bench.run(40);
    expect(bench.shownFrames()).toEqual([33]);
    expect(bench.stats()).toMatchObject({ state: "live", captureMicros: START + 33 * FRAME, role: "sub" });
    expect(archive.state()).toMatchObject({ mode: "archive", positionMicros: START + 33 * FRAME + 39_999, rate: 0 });
  });

  test("the first read brings one GOP, so that its picture comes at once", async () => {
    archive.command({ kind: "seek", micros: START + 33 * FRAME });
    await bench.run(20);
    expect(server.reads()[0]).toMatchObject({
      direction: "forward",
      fromMicros: START + 33 * FRAME,
      maxBytes: 1,
      role: "sub",
    });
  });

  test("plays every picture in order, in real time, over the ends of GOPs", async () => {
    archive.command({ kind: "seek", micros: START });
    await bench.run(2000);
    const played = bench.shownFrames();
    expect(played).toEqual(Array.from({ length: played.length }, (_, i) => i));
    expect(played.length).toBeGreaterThan(45);
    expect(played.length).toBeLessThan(53);
  });

  test.each([0.25, 2, 4])("at %f times", async (rate) => {
    archive.command({ kind: "seek", micros: START });
    archive.command({ kind: "rate", rate });
    await bench.run(2000);
    const last = bench.shownFrames().at(-1) ?? 0;
    expect(Math.abs(last - (rate * 2000) / 40)).toBeLessThan(4 * Math.max(1, rate));
  });

  test("at 16 times only keyframes are asked for, eight a second", async () => {
    archive.command({ kind: "seek", micros: START });
    archive.command({ kind: "rate", rate: 16 });
    await bench.run(1000);
    expect(server.reads().at(-1)).toMatchObject({ keyframesApartMicros: 2_000_000 });
    const played = bench.shownFrames();
    expect(played.every((frame) => frame % 20 === 0)).toBe(true);
    expect(played.length).toBeGreaterThan(4);
    expect(bench.backend.decoded.every((time) => (time - START) % GOP === 0)).toBe(true);
  });

  test("backward every picture is shown, newest first, over the ends of GOPs", async () => {
    await bench.stand(50);
    archive.command({ kind: "rate", rate: -1 });
    await bench.run(1600);
    const played = bench.shownFrames();
    expect(played).toEqual(Array.from({ length: played.length }, (_, i) => 49 - i));
    expect(played.length).toBeGreaterThan(35);
  });

  test("backward at 8 times shows keyframes, newest first", async () => {
    await bench.stand(500);
    archive.command({ kind: "rate", rate: -8 });
    await bench.run(1000);
    const played = bench.shownFrames();
    expect(played).toEqual([...played].sort((a, b) => b - a));
    expect(played.length).toBeGreaterThan(4);
    expect(played.every((frame) => frame % 20 === 0)).toBe(true);
  });

  test("steps are exactly one picture, both ways, over the ends of GOPs", async () => {
    await bench.stand(18);
    for (const direction of [1, 1, 1, -1, -1, -1, -1] as const) {
      archive.command({ kind: "step", direction });
      await bench.run(40);
    }
    expect(bench.shownFrames()).toEqual([19, 20, 21, 20, 19, 18, 17]);
  });

  test("steps that come faster than pictures are all taken", async () => {
    await bench.stand(18);
    server.paused = true;
    for (let i = 0; i < 25; i++) archive.command({ kind: "step", direction: 1 });
    await bench.run(40);
    server.resume();
    await bench.run(300);
    expect(bench.shownFrames().at(-1)).toBe(43);
  });

  test("pictures that a decoder keeps back and B-frames are shown exactly", async () => {
    bench.backend.depth = 3;
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
    await bench.run(200);
    for (const direction of [1, 1, 1, -1, -1, -1] as const) {
      archive.command({ kind: "step", direction });
      await bench.run(200);
    }
    expect(bench.shownFrames(2)).toEqual([4, 5, 6, 7, 6, 5, 4]);
  });

  test("a picture that the decoder swallows is passed over", async () => {
    bench.backend.swallow.add(START + 5 * FRAME);
    await bench.stand(5);
    await bench.run(500);
    expect(bench.stats()).toMatchObject({ state: "live", captureMicros: START + 4 * FRAME });
    bench.forgetDrawn();
    archive.command({ kind: "step", direction: 1 });
    await bench.run(100);
    expect(bench.shownFrames()).toEqual([6]);
  });

  test("the clock waits for pictures, and the page is told", async () => {
    archive.command({ kind: "seek", micros: START });
    await bench.run(400);
    server.paused = true;
    archive.command({ kind: "seek", micros: START + 400 * FRAME });
    await bench.run(1000);
    expect(archive.state()).toMatchObject({ buffering: true, positionMicros: START + 400 * FRAME });
    expect(bench.stats()).toMatchObject({ state: "waiting" });
    server.resume();
    await bench.run(400);
    expect(archive.state().buffering).toBe(false);
    expect(archive.state().positionMicros).toBeGreaterThan(START + 400 * FRAME + 200_000);
  });

  test("scrubbing: the newest wish, keyframes of the sub stream, then exactly", async () => {
    archive.setTiles([tile(1, { width: 1280, height: 720 })]);
    await bench.stand(0);
    server.paused = true;
    for (let i = 1; i <= 50; i++) archive.command({ kind: "seek", micros: START + (100 + i * 7) * FRAME, scrub: true });
    server.resume();
    await bench.run(100);
    const scrubs = server.reads().filter(({ keyframesApartMicros }) => keyframesApartMicros === 1);
    expect(scrubs.length).toBeLessThan(4);
    expect(scrubs.every(({ role, maxBytes }) => role === "sub" && maxBytes === 1)).toBe(true);
    expect(bench.shownFrames().at(-1)).toBe(440);
    archive.command({ kind: "seek", micros: START + 450 * FRAME });
    await bench.run(60);
    expect(bench.shownFrames().at(-1)).toBe(450);
    expect(server.reads().at(-1)).toMatchObject({ role: "main" });
  });

  test("a loop goes round", async () => {
    await bench.stand(0);
    archive.command({ kind: "loop", startMicros: START + 10 * FRAME, endMicros: START + 20 * FRAME });
    archive.command({ kind: "rate", rate: 1 });
    await bench.run(1200);
    const played = bench.shownFrames();
    expect(Math.min(...played)).toBe(10);
    expect(Math.max(...played)).toBe(19);
    expect(played.filter((frame) => frame === 10).length).toBeGreaterThan(2);
    archive.command({ kind: "no-loop" });
    await bench.run(1200);
    expect(Math.max(...bench.shownFrames())).toBeGreaterThan(30);
  });

  test("at the end of the footage the clock stops at its last picture", async () => {
    archive.command({ kind: "seek", micros: START + 590 * FRAME });
    await bench.run(1500);
    expect(bench.shownFrames().at(-1)).toBe(599);
    expect(archive.state()).toMatchObject({ rate: 0, buffering: false });
    expect(bench.stats()).toMatchObject({ state: "live", captureMicros: START + 599 * FRAME });
  });

  test("so it does at high speed, where the last keyframe is not the last picture", async () => {
    archive.command({ kind: "seek", micros: START + 300 * FRAME });
    archive.command({ kind: "rate", rate: 8 });
    await bench.run(3000);
    expect(archive.state()).toMatchObject({ rate: 0, buffering: false });
    expect(bench.stats().state).toBe("live");
    expect(bench.shownFrames().at(-1)).toBeGreaterThanOrEqual(580);
  });

  test("playing decodes every picture once", async () => {
    archive.command({ kind: "seek", micros: START });
    await bench.run(4000);
    expect(bench.backend.decoded).toHaveLength(new Set(bench.backend.decoded).size);
  });

  test("backward it stops at the first", async () => {
    await bench.stand(10);
    archive.command({ kind: "rate", rate: -1 });
    await bench.run(1500);
    expect(bench.shownFrames().at(-1)).toBe(0);
    expect(archive.state()).toMatchObject({ rate: 0 });
  });

  test("permission withdrawn: picture and footage go", async () => {
    await bench.stand(10);
    server.denied.add(camera(1));
    archive.command({ kind: "seek", micros: START + 300 * FRAME });
    await bench.run(100);
    expect(bench.stats()).toMatchObject({ state: "error", reason: "denied" });
    expect(archive.pictureOf(tile(1))).toBeNull();
  });

  test("permission withdrawn while nothing is read: what is here goes at once", async () => {
    await bench.stand(10);
    expect(bench.backend.open).toBeGreaterThan(0);
    server.denied.add(camera(1));
    server.say({ type: "withdrawn", cameraId: camera(1), code: "auth.camera_denied" });
    await bench.run(20);
    expect(bench.stats()).toMatchObject({ state: "error", reason: "denied" });
    expect(archive.pictureOf(tile(1))).toBeNull();
    expect(bench.backend.open).toBe(0);
    const opened = bench.backend.decoded.length;
    archive.command({ kind: "step", direction: 1 });
    await bench.run(400);
    expect(bench.backend.decoded).toHaveLength(opened);
  });

  test("a destroyed key is told", async () => {
    server.revoked.add(camera(1));
    await bench.stand(10);
    expect(bench.stats()).toMatchObject({ state: "error", reason: "key-revoked" });
  });

  test("a key that comes late", async () => {
    server.withholdKeys = true;
    await bench.stand(10);
    expect(bench.stats()).toMatchObject({ state: "waiting", reason: "no-key" });
    server.grantKeys(camera(1));
    await bench.run(40);
    expect(bench.shownFrames()).toEqual([10]);
  });

  test("a lost line comes back and goes on", async () => {
    archive.command({ kind: "seek", micros: START });
    await bench.run(200);
    server.hangUp();
    archive.command({ kind: "seek", micros: START + 400 * FRAME });
    await bench.run(3000);
    expect(server.lines).toBe(2);
    expect(bench.shownFrames().at(-1)).toBeGreaterThan(400);
  });

  test("a hidden wall stands still", async () => {
    archive.command({ kind: "seek", micros: START });
    await bench.run(400);
    archive.setVisible(false);
    const { positionMicros } = archive.state();
    await bench.run(1000);
    expect(archive.state().positionMicros).toBe(positionMicros);
    archive.setVisible(true);
    await bench.run(400);
    expect(archive.state().positionMicros).toBeGreaterThan(positionMicros ?? 0);
  });

  test("back to live: players and their pictures go, nothing is asked any more", async () => {
    await bench.stand(10);
    archive.command({ kind: "live" });
    expect(archive.isLive(tile(1))).toBe(true);
    expect(bench.gone).toEqual([`archive//${camera(1)}`]);
    expect(bench.states.at(-1)).toMatchObject({ mode: "live" });
    const reads = server.reads().length;
    await bench.run(2000);
    expect(server.reads()).toHaveLength(reads);
    expect(bench.clock.pendingTimers).toBeLessThan(3);
  });
});
