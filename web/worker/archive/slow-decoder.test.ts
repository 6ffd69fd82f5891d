import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArchiveBench, FRAME, GOP, START, tile } from "../../testkit/archive-bench.ts";
import type { Archive } from "./archive.ts";

/** Pictures come every 40 ms. */
let bench: ArchiveBench;
let archive: Archive;

beforeEach(async () => {
  bench = await ArchiveBench.create();
  ({ archive } = bench);
  bench.record(1, 60);
});
afterEach(() => expect(bench.close()).toEqual({ frames: 0, timers: 0 }));

function slow(ms: number): void {
  bench.backend.slow = { clock: bench.clock, ms };
}

/** Plays from the beginning; resolves to how far the clock came, µs, in so many ms. */
async function play(rate: number, ms: number): Promise<number> {
  archive.command({ kind: "rate", rate });
  await bench.run(200);
  const from = archive.state().positionMicros ?? 0;
  bench.forgetDrawn();
  await bench.run(ms);
  return (archive.state().positionMicros ?? 0) - from;
}

describe("a decoder that is too slow", () => {
  test.each([
    [1, 60],
    [1, 100],
    [2, 40],
    [4, 30],
    [4, 80],
  ])(
    "at %d times with %d ms per picture the clock keeps its speed, and the pictures stay near it",
    async (rate, ms) => {
      archive.setTiles([tile(1)]);
      await bench.stand(0);
      slow(ms);
      expect(await play(rate, 4000)).toBe(4_000_000 * rate);
      const shown = bench.shownFrames();
      expect(shown).toEqual([...new Set(shown)].sort((a, b) => a - b));
      // Most of what the decoder can do is shown, and the last picture is no older than a GOP.
      expect(shown.length).toBeGreaterThan((4000 / ms) * 0.5);
      const { positionMicros = 0 } = archive.state();
      expect(positionMicros - START - (shown.at(-1) ?? 0) * FRAME).toBeLessThan(GOP + 0.3e6 * rate);
    },
  );

  test("every keyframe is shown in time: the rest of a GOP is what is given up", async () => {
    archive.setTiles([tile(1)]);
    await bench.stand(0);
    slow(70);
    archive.command({ kind: "rate", rate: 1 });
    const late: number[] = [];
    for (let i = 0; i < 215; i++) {
      await bench.run(20);
      const { captureMicros = 0 } = bench.stats();
      if ((captureMicros - START) % GOP === 0) late.push((archive.state().positionMicros ?? 0) - captureMicros);
    }
    expect(Math.min(...late)).toBeLessThan(60_000);
    expect(bench.shownFrames().filter((frame) => frame % 20 === 0)).toEqual([20, 40, 60, 80, 100]);
  });

  test("one that is fast enough shows every picture", async () => {
    archive.setTiles([tile(1)]);
    await bench.stand(0);
    slow(20);
    await play(1, 3000);
    const shown = bench.shownFrames();
    expect(shown).toEqual(Array.from({ length: shown.length }, (_, i) => i + (shown[0] ?? 0)));
  });

  test("backward it goes on with keyframes only, at the clock's speed", async () => {
    archive.setTiles([tile(1)]);
    await bench.stand(900);
    slow(60);
    archive.command({ kind: "rate", rate: -1 });
    await bench.run(4000);
    const from = archive.state().positionMicros ?? 0;
    bench.forgetDrawn();
    await bench.run(4000);
    expect(from - (archive.state().positionMicros ?? 0)).toBe(4_000_000);
    expect(bench.shownFrames().every((frame) => frame % 20 === 0)).toBe(true);
    expect(bench.shownFrames().length).toBeGreaterThanOrEqual(4);
    expect(bench.server.reads().length).toBeLessThan(20);
  });

  test("after a seek the clock waits for the picture as before", async () => {
    archive.setTiles([tile(1)]);
    await bench.stand(0);
    slow(60);
    archive.command({ kind: "seek", micros: START + 119 * FRAME, rate: 1 });
    await bench.run(500);
    expect(archive.state().positionMicros).toBe(START + 119 * FRAME);
    await bench.run(1500);
    expect(archive.state().positionMicros).toBeGreaterThan(START + 119 * FRAME);
    expect(bench.shownFrames()[0]).toBe(119);
  });

  test("one that stands still holds up the clock, so that nothing is missed unseen", async () => {
    archive.setTiles([tile(1)]);
    await bench.stand(0);
    archive.command({ kind: "rate", rate: 1 });
    await bench.run(400);
    slow(1_000_000);
    await bench.run(6000);
    expect(archive.state().buffering).toBe(true);
  });
});

test("a seek with a rate stands at its picture; a read of what is elsewhere is not waited for", async () => {
  archive.setTiles([tile(1)]);
  archive.command({ kind: "seek", micros: START + 100 * FRAME, rate: -1 });
  await bench.run(400);
  bench.server.paused = true;
  archive.command({ kind: "seek", micros: START + 600 * FRAME });
  await bench.run(20);
  const [stale] = bench.server.reads().slice(-1);
  archive.command({ kind: "seek", micros: START + 300 * FRAME, rate: 0 });
  await bench.run(20);
  expect(bench.server.received).toContainEqual({ type: "cancel", requestId: stale?.requestId });
  expect(bench.server.reads().at(-1)).toMatchObject({ fromMicros: START + 300 * FRAME, maxBytes: 1 });
  bench.server.resume();
  await bench.run(100);
  expect(bench.stats().captureMicros).toBe(START + 300 * FRAME);
  expect(archive.state()).toMatchObject({ rate: 0, positionMicros: START + 300 * FRAME });
});
