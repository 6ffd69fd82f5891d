import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../server/simulator/faults.ts";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { CrashLoop } from "../recording/crash-loop.ts";
import { type ExternalDatabase, externalDatabase } from "../recording/external-database.ts";

/** As many kills per database; CRASH_SEED repeats the moments of a run (as far as moments repeat). */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 3);
const SEED = Number(process.env.CRASH_SEED ?? 7);
/** Flushed at most 1 s late; the rest is what a loaded disk and scheduler add. Frames told are compared without any. */
const FLUSH_MS = 1000;
const LOADED_MS = 2000;
/** Shorter holes are none (README of server/record, R8). */
const GAP_MICROS = 2_000_000;

let simulator: Simulator;
let external: ExternalDatabase | undefined;
beforeAll(async () => {
  simulator = await startSimulator({ cameras: 3 });
  external = await externalDatabase();
});
afterAll(async () => {
  await simulator.close();
  await external?.close();
});

describe.each(["embedded", "PostgreSQL"])("abuse case 18: a server that is killed while it records, %s", (kind) => {
  it(`${ROUNDS} times: nothing told is lost, at most the last second is, and the index is right again`, {
    timeout: 120_000 + ROUNDS * 60_000,
  }, async ({ skip }) => {
    if (kind !== "embedded" && !external) skip("no PostgreSQL here: neither DATABASE_URL nor an installed one");
    const say = (line: string): void => void process.stdout.write(`${kind}: ${line}\n`);
    const loop = new CrashLoop({
      simulator,
      dataDir: await mkdtemp(join(tmpdir(), "fluxvision-crash-")),
      databaseUrl: kind === "embedded" ? undefined : external?.url,
      random: seededRandom(SEED),
      say,
    });
    try {
      await loop.prepare();
      for (let round = 1; round <= ROUNDS; round++) {
        await loop.round();
        if (round % 10 === 0) say(`${round} rounds, ${loop.figures.framesTold} frames told`);
      }
      const { findings, frames, opened, timeline } = await loop.finish();
      const { losses, ...figures } = loop.figures;
      const worst = Math.round(Math.max(0, ...losses));
      say(JSON.stringify({ ...figures, worstLossMs: worst, framesInAll: frames, findings: findings.length }));
      expect(figures.lost).toEqual([]);
      expect(findings).toEqual([]);
      expect(figures.framesTold).toBeGreaterThan(0);
      expect(figures.framesFound).toBeGreaterThanOrEqual(figures.framesTold);
      expect(opened).toBe(frames);
      expect(worst).toBeLessThanOrEqual(FLUSH_MS + LOADED_MS);
      // R8: every hole is named, also those of the kills.
      for (const { cameraId, recorded, gaps } of timeline.cameras) {
        for (const [index, [start]] of recorded.slice(1).entries()) {
          const end = recorded[index]?.[1] ?? start;
          if (start - end <= GAP_MICROS) continue;
          const named = gaps.filter((gap) => gap.startMicros < start && gap.endMicros > end);
          expect(named, `${cameraId}: nothing says why ${end} to ${start} is missing`).not.toEqual([]);
        }
      }
    } finally {
      await loop.close();
    }
  });
});
