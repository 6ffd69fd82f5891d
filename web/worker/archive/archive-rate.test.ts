import { expect, test } from "vitest";
import { TokenBucket } from "../../../shared/lib/token-bucket.ts";
import { SERVER_TAKES } from "../../../shared/wire/playback-messages.ts";
import { ArchiveBench, START } from "../../testkit/archive-bench.ts";

const TILES = 16;
const cameraId = (index: number): string => `11111111-2222-4333-8444-${String(index).padStart(12, "0")}`;

/** A large wall, and the server's limit on it. */
async function largeWall(): Promise<{ bench: ArchiveBench; refused: () => number }> {
  const bench = await ArchiveBench.create();
  const place = { x: 0, y: 0, width: 320, height: 180, fit: "contain" } as const;
  for (let index = 1; index <= TILES; index++) {
    const footage = { fromMicros: START, gops: 60, framesPerGop: 2, intervalMicros: 2_500_000 };
    bench.server.record(cameraId(index), footage);
  }
  bench.archive.setTiles(
    Array.from({ length: TILES }, (_, at) => ({ tileId: `tile-${at}`, cameraId: cameraId(at + 1), ...place })),
  );
  bench.archive.command({ kind: "seek", micros: START });
  bench.archive.command({ kind: "rate", rate: 0 });
  await bench.run(300);
  const bucket = new TokenBucket(SERVER_TAKES.perSecond, SERVER_TAKES.burst, bench.clock);
  let seen = bench.server.received.length;
  let refused = 0;
  return {
    bench,
    refused: () => {
      for (; seen < bench.server.received.length; seen++) if (!bucket.take()) refused++;
      return refused;
    },
  };
}

const captured = (bench: ArchiveBench): Set<number | undefined> =>
  new Set([...bench.archive.sources()].map(({ drawnMicros }) => drawnMicros));

test("scrubbing sixteen tiles keeps within what the server takes, and ends with the picture of the place", async () => {
  const { bench, refused } = await largeWall();
  for (let i = 0; i < 180; i++) {
    bench.archive.command({ kind: "seek", micros: START + i * 700_000, scrub: true });
    await bench.run(16, 16);
    expect(refused()).toBe(0);
  }
  bench.archive.command({ kind: "seek", micros: START + 100_000_000 });
  await bench.run(2000, 50);
  expect(refused()).toBe(0);
  expect(captured(bench)).toEqual(new Set([START + 100_000_000]));
  expect(bench.close()).toEqual({ frames: 0, timers: 0 });
});

test("nor does a key that is held down, with a server that is slow to answer", async () => {
  const { bench, refused } = await largeWall();
  bench.server.paused = true;
  for (let i = 0; i < 90; i++) {
    bench.archive.command({ kind: "seek", micros: START + (i % 10) * 10_000_000 + 20_000_000 });
    await bench.run(33, 33);
    expect(refused()).toBe(0);
  }
  bench.server.resume();
  await bench.run(2000, 50);
  expect(refused()).toBe(0);
  expect(captured(bench)).toEqual(new Set([START + 110_000_000]));
  expect(bench.close()).toEqual({ frames: 0, timers: 0 });
});
