import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { createLog } from "../core/log.ts";
import { recordingGaps, recordingRuns, segments, storageVolumes } from "../db/schema/index.ts";
import type { GapFact, SegmentFact } from "../ingest/protocol.ts";
import { CAMERA, START } from "../record/testkit/recording.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { IndexWriter } from "./index-writer.ts";
import { volumeRow } from "./testkit/volume-row.ts";

const SECOND = 1_000_000;
const log = createLog("silent");
const volume = volumeRow({ location: "/recordings" });
const volumeId = volume.id;

function fact(volumeId: string, change: Partial<SegmentFact> = {}): SegmentFact {
  const startMicros = change.startMicros ?? START;
  const facts = { cameraId: CAMERA, streamId: 1, role: "main", runId: randomUUID(), keyId: 1, codec: 1 } as const;
  const format = { codecString: "avc1.640028", width: 640, height: 360 };
  const counts = { bytes: 1000, frames: 250, keyframes: 10, audioFrames: 0 };
  const path = `${CAMERA}/20261120/${Math.floor(startMicros / SECOND)}-1`;
  const range = { startMicros, endMicros: startMicros + 10 * SECOND };
  return { volumeId, path, ...facts, ...format, ...counts, ...range, ...change };
}

describe.each(databases)("the index, $name", (kind) => {
  let database: TempDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await database.orm.insert(storageVolumes).values(volume);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    for (const table of [segments, recordingRuns, recordingGaps]) await database.orm.delete(table);
  });

  it("is written in batches, knows open segments' progress, and can be written twice", async () => {
    const clock = new SimulatedClock();
    const index = new IndexWriter(database.orm, clock, log);
    const runId = randomUUID();
    const first = fact(volumeId, { runId });
    index.take({ type: "segment-opened", segment: { ...first, endMicros: START + SECOND } });
    await index.write();
    index.take({ type: "segment-grown", segment: { ...first, endMicros: START + 5 * SECOND, bytes: 500 } });
    expect([...index.open.values()]).toMatchObject([{ bytes: 500 }]);
    const second = fact(volumeId, { runId, startMicros: START + 10 * SECOND });
    for (const segment of [first, second]) index.take({ type: "segment-closed", segment });
    index.take({ type: "segment-closed", segment: first });
    // Closed, and not in the index yet: known all the same.
    expect([...index.open.values()].map(({ endMicros }) => endMicros)).toEqual([
      START + 10 * SECOND,
      START + 20 * SECOND,
    ]);
    await index.close();
    expect(index.open.size).toBe(0);
    const { orm } = database;
    const rows = await orm.select().from(segments).orderBy(segments.startMicros);
    expect(rows).toMatchObject([
      { state: "closed", bytes: 1000 },
      { state: "closed", startMicros: START + 10 * SECOND },
    ]);
    expect(await orm.select().from(recordingRuns)).toMatchObject([
      { id: runId, startMicros: START, endMicros: START + 20 * SECOND },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits while the database is away, and loses nothing (R7)", async () => {
    let away = true;
    const orm = new Proxy(database.orm, {
      get: (target, name) => {
        if (away && name === "transaction") throw new Error("the database is away");
        return Reflect.get(target, name);
      },
    });
    const clock = new SimulatedClock();
    const index = new IndexWriter(orm, clock, log);
    for (let i = 0; i < 5; i++) {
      index.take({ type: "segment-closed", segment: fact(volumeId, { startMicros: START + i * 10 * SECOND }) });
      await index.write();
    }
    expect(index.waiting).toBe(5);
    away = false;
    await index.close();
    expect(index.waiting).toBe(0);
    expect(await database.orm.$count(segments)).toBe(5);
  });

  it("leaves out what the database refuses, and keeps everything else", async () => {
    const index = new IndexWriter(database.orm, new SimulatedClock(), log);
    const gone = randomUUID();
    for (let i = 0; i < 9; i++) {
      const segment = fact(i === 4 ? gone : volumeId, { startMicros: START + i * 10 * SECOND });
      index.take({ type: i === 7 ? "segment-opened" : "segment-closed", segment });
    }
    const gap: GapFact = {
      ...{ cameraId: CAMERA, streamId: 1, startMicros: START, endMicros: START + SECOND },
      ...{ reason: "camera-offline", detail: undefined, frames: 3 },
    };
    index.takeGap(gap);
    index.takeGap({ ...gap, cameraId: "no camera at all", startMicros: START + SECOND });
    expect(index.names(gone)).toBe(true);
    await index.write();
    expect(index).toMatchObject({ waiting: 0, refused: 2 });
    expect(await database.orm.$count(segments)).toBe(8);
    expect(await database.orm.$count(recordingGaps)).toBe(1);
    // What is being written goes on to be known; what was refused is done with.
    expect(index.names(volumeId)).toBe(true);
    expect(index.names(gone)).toBe(false);
    const last = fact(volumeId, { startMicros: START + 70 * SECOND });
    index.take({ type: "segment-closed", segment: last });
    await index.close();
    expect(index.names(volumeId)).toBe(false);
    expect(index.refused).toBe(2);
  });
});
