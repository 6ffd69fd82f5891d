import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { asc } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { DEFAULT_POLICY, effectivePolicy } from "../../shared/recording/policy.ts";
import { createLog } from "../core/log.ts";
import { evidenceLocks, recordingRuns, segments, storageVolumes } from "../db/schema/index.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { writeIndex } from "./index-writer.ts";
import { Retention } from "./retention.ts";
import { storeOf, volumeRow } from "./testkit/volume-row.ts";
import type { VolumeRow } from "./volume-service.ts";

const DAY = 86_400 * 1_000_000;
const NOW = micros(Date.UTC(2026, 10, 20) * 1000);
const [A, B] = [randomUUID(), randomUUID()];

describe.each(databases)("retention, $name", (kind) => {
  let database: TempDatabase;
  let root: string;
  let volume: VolumeRow;
  const clock = new SimulatedClock(NOW);
  const settings = new Map<string, object>();
  let missing = 0;
  let stuck = 0;
  let retention: Retention;

  beforeAll(async () => {
    database = await kind.open();
    root = await mkdtemp(join(tmpdir(), "fluxvision-retention-"));
    volume = volumeRow({ name: "v", location: root });
    await database.orm.insert(storageVolumes).values(volume);
    retention = new Retention({
      orm: database.orm,
      clock,
      log: createLog("silent"),
      policyOf: (id) => {
        const own = settings.get(id);
        const system = settings.get("system");
        return effectivePolicy({ id, group: "" }, [
          ...(system ? [{ scope: "system" as const, target: "system", policy: system }] : []),
          ...(own ? [{ scope: "camera" as const, target: id, policy: own }] : []),
        ]);
      },
      volumes: { rows: [volume], isWell: () => true, store: (id) => storeOf([volume], id) },
      missingBytes: () => missing,
      onStuck: () => {
        stuck++;
      },
    });
  });
  afterAll(async () => {
    await retention.close();
    await database.close();
    await rm(root, { recursive: true });
  });
  beforeEach(async () => {
    for (const table of [segments, recordingRuns, evidenceLocks]) await database.orm.delete(table);
    settings.clear();
    missing = 0;
    stuck = 0;
  });

  /** A file a day of 1000 bytes, `days` of them, the last one ending now; one run. */
  async function record(cameraId: string, days: number, streamId = 1): Promise<void> {
    const runId = randomUUID();
    for (let day = days; day > 0; day--) {
      const startMicros = NOW - day * DAY;
      const path = `${cameraId}/day/${startMicros / 1e6}-${streamId}`;
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), "x");
      const counts = { bytes: 1000, frames: 1, keyframes: 1, audioFrames: 0, keyId: 1, codec: 1 };
      const format = { codecString: "avc1", width: 1, height: 1, role: "main" as const };
      const range = { startMicros, endMicros: startMicros + DAY };
      const segment = { volumeId: volume.id, path, cameraId, streamId, runId, ...range, ...counts, ...format };
      await writeIndex(database.orm, [{ segment, state: "closed" }], []);
    }
  }
  const left = async (cameraId: string): Promise<number[]> => {
    const rows = await database.orm.select().from(segments).orderBy(asc(segments.startMicros));
    for (const { path } of rows) expect(existsSync(join(root, path))).toBe(true);
    return rows.filter((row) => row.cameraId === cameraId).map((row) => (NOW - row.startMicros) / DAY);
  };
  const lock = async (cameraId: string, daysAgo: number, change: object = {}): Promise<void> => {
    const startMicros = NOW - daysAgo * DAY + 3_600_000_000;
    const row = { id: randomUUID(), cameraId, startMicros, endMicros: startMicros + 60_000_000, reason: "case" };
    await database.orm.insert(evidenceLocks).values({ ...row, createdByName: "x", createdAt: new Date(), ...change });
  };

  it("deletes what is older than its camera's days, by default 30", async () => {
    await record(A, 33);
    await record(B, 33, 2);
    settings.set(B, { retentionDays: 5 });
    expect(DEFAULT_POLICY.retentionDays).toBe(30);
    const report = await retention.run();
    expect(report.files).toBe(2 + 27);
    expect((await left(A))[0]).toBe(31);
    expect((await left(B))[0]).toBe(6);
    const runs = await database.orm.select().from(recordingRuns);
    expect(runs.map(({ startMicros }) => (NOW - startMicros) / DAY).sort((a, b) => a - b)).toEqual([6, 31]);
  });

  it("abuse case 20: keeps what an evidence lock covers, whatever else says, until it is released or ends", async () => {
    await record(A, 20);
    settings.set(A, { retentionDays: 3, maxBytes: 1_000_000 });
    await lock(A, 12);
    await lock(A, 15, { releasedAt: new Date() });
    await lock(A, 16, { expiresAt: new Date(NOW / 1000 - 1000) });
    await lock(B, 18);
    await retention.run();
    expect(await left(A)).toEqual([12, 4, 3, 2, 1]);
    // What was one run is two, with a hole between them.
    const runs = await database.orm.select().from(recordingRuns).orderBy(asc(recordingRuns.startMicros));
    expect(runs.map(({ startMicros, endMicros }) => [(NOW - startMicros) / DAY, (NOW - endMicros) / DAY])).toEqual([
      [12, 11],
      [4, 0],
    ]);
  });

  it("counts a size together for all cameras that have it from the same place", async () => {
    await record(A, 6);
    await record(B, 6, 2);
    settings.set("system", { maxBytes: 7000 });
    await retention.run();
    expect([...(await left(A)), ...(await left(B))].sort((a, b) => a - b)).toEqual([1, 1, 2, 2, 3, 3, 4]);
    settings.set(B, { maxBytes: 1000 });
    await retention.run();
    expect(await left(B)).toEqual([1]);
    expect((await left(A)).length).toBeGreaterThanOrEqual(3);
  });

  it("keeps the reserve free, but not at the cost of the guaranteed days", async () => {
    await record(A, 6);
    await record(B, 6, 2);
    settings.set(A, { minimumDays: 4 });
    missing = 4500;
    await retention.run();
    expect(await left(A)).toEqual([5, 4, 3, 2, 1]);
    expect(await left(B)).toEqual([2, 1]);
    expect(stuck).toBe(0);
    missing = 1_000_000;
    await retention.run();
    expect(await left(A)).toEqual([5, 4, 3, 2, 1]);
    // What ends now is not older than no days at all.
    expect(await left(B)).toEqual([1]);
    expect(stuck).toBe(1);
  });

  it("runs by itself, and closes", async () => {
    await record(A, 40);
    retention.start();
    clock.advance(millis(60_000));
    await retention.run();
    expect((await left(A)).length).toBe(30);
    await retention.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
