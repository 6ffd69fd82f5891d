import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SoundPiece } from "../../engine/worker-protocol.ts";
import { ArchiveBench, camera, FRAME, START, tile } from "../../testkit/archive-bench.ts";

let bench: ArchiveBench;

beforeEach(async () => {
  bench = await ArchiveBench.create();
  bench.recordSound(1, "main", false);
  bench.recordSound(1, "sub", true);
  bench.recordSound(2, "main", true);
  bench.archive.setTiles([tile(1), tile(2)]);
});
afterEach(() => expect(bench.close()).toEqual({ frames: 0, timers: 0 }));

const seconds = (piece: SoundPiece): number => (piece.channels[0]?.length ?? 0) / piece.sampleRate;
const heard = (): SoundPiece[] => bench.sounds.filter((piece) => piece !== undefined);
const soundReads = () => bench.server.reads().filter(({ video }) => video === false);

/** Silence comes after everything that was to be heard before. */
function silent(): boolean {
  return bench.sounds.length === 0 || bench.sounds.at(-1) === undefined;
}

async function play(tileId: string | null = "tile-2", atFrame = 100): Promise<void> {
  bench.archive.command({ kind: "seek", micros: START + atFrame * FRAME });
  bench.archive.command(tileId === null ? { kind: "hear" } : { kind: "hear", tileId });
  await bench.run(3000);
}

describe("the sound of one camera", () => {
  test("is heard when its picture is shown, without a hole", async () => {
    await play();
    const pieces = heard();
    expect(pieces.reduce((sum, piece) => sum + seconds(piece), 0)).toBeGreaterThan(2.5);
    pieces.forEach((piece, index) => {
      const before = pieces[index - 1];
      if (before) expect(piece.micros - before.micros).toBeCloseTo(seconds(before) * 1e6, -3);
    });
    // The clock shows a picture's time now; the sound of that time is due now.
    const position = bench.archive.state().positionMicros ?? 0;
    for (const { atMicros, micros } of pieces) {
      expect(Math.abs(atMicros - micros - (bench.clock.utcMicros() - position))).toBeLessThan(60_000);
    }
    expect(new Set(soundReads().map(({ cameraId }) => cameraId))).toEqual(new Set([camera(2)]));
    expect(pieces.every(({ channels }) => (channels[0]?.[0] ?? 0) > 0.9)).toBe(true);
  });

  test("nobody hears anything unless it is asked for, or at another speed, or standing", async () => {
    await play(null);
    expect(soundReads()).toEqual([]);
    bench.archive.command({ kind: "rate", rate: 2 });
    bench.archive.command({ kind: "hear", tileId: "tile-2" });
    await bench.run(1000);
    bench.archive.command({ kind: "rate", rate: -1 });
    await bench.run(500);
    bench.archive.command({ kind: "rate", rate: 0 });
    await bench.run(500);
    expect(heard()).toEqual([]);
    expect(silent()).toBe(true);
  });

  test("a pause, another speed and live are silence; playing on goes on from there", async () => {
    await play();
    bench.archive.command({ kind: "rate", rate: 0 });
    await bench.run(100);
    expect(silent()).toBe(true);
    const stood = bench.archive.state().positionMicros ?? 0;
    bench.sounds.length = 0;
    bench.archive.command({ kind: "rate", rate: 1 });
    await bench.run(1000);
    expect(Math.abs((heard()[0]?.micros ?? 0) - stood)).toBeLessThan(100_000);
    bench.archive.command({ kind: "rate", rate: 4 });
    await bench.run(100);
    expect(silent()).toBe(true);
    bench.archive.command({ kind: "live" });
    await bench.run(100);
    expect(silent()).toBe(true);
  });

  test("a seek is silence at once, then the sound of there", async () => {
    await play();
    bench.sounds.length = 0;
    const there = START + 400 * FRAME;
    bench.archive.command({ kind: "seek", micros: there });
    await bench.run(1000);
    expect(bench.sounds[0]).toBeUndefined();
    expect(heard().length).toBeGreaterThan(0);
    for (const { micros } of heard()) expect(micros).toBeGreaterThan(there - 100_000);
  });

  test("comes from the other stream where this one has none; another tile is another camera", async () => {
    await play("tile-1");
    expect(heard().length).toBeGreaterThan(0);
    expect(soundReads().slice(0, 2)).toMatchObject([{ role: "main" }, { role: "sub" }]);
    bench.sounds.length = 0;
    bench.archive.command({ kind: "hear", tileId: "tile-2" });
    await bench.run(1000);
    expect(bench.sounds[0]).toBeUndefined();
    expect(heard().length).toBeGreaterThan(0);
    expect(soundReads().at(-1)?.cameraId).toBe(camera(2));
  });

  test("ends with the right to the camera, and with the page being hidden", async () => {
    await play();
    bench.archive.setVisible(false);
    await bench.run(100);
    expect(silent()).toBe(true);
    bench.archive.setVisible(true);
    await bench.run(500);
    expect(silent()).toBe(false);
    bench.server.denied.add(camera(2));
    bench.server.say({ type: "withdrawn", cameraId: camera(2), code: "auth.camera_denied" });
    await bench.run(500);
    expect(silent()).toBe(true);
  });
});
