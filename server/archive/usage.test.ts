import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { evidenceLocks, segments, storageVolumes } from "../db/schema/index.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { volumeRow } from "./testkit/volume-row.ts";
import { ArchiveUsage } from "./usage.ts";

const HOUR = 3_600_000_000;
const NOW = micros(Date.UTC(2026, 10, 20) * 1000);
const [A, B] = [randomUUID(), randomUUID()];

describe.each(databases)("usage, $name", (kind) => {
  let database: TempDatabase;
  const clock = new SimulatedClock(NOW);
  const volume = volumeRow({ name: "v", location: "/nowhere" });

  const add = async (cameraId: string, role: "main" | "sub", startMicros: number, bytes: number): Promise<void> => {
    const streamId = role === "main" ? 1 : 2;
    const path = `${cameraId}/20261120/${startMicros}-${streamId}`;
    const facts = { frames: 1, keyframes: 1, keyId: 1, codec: 1, codecString: "avc1", width: 1, height: 1 };
    const range = { startMicros, endMicros: startMicros + 100_000_000 };
    const place = { cameraId, streamId, role, volumeId: volume.id, path, runId: randomUUID() };
    await database.orm.insert(segments).values({ ...place, ...range, ...facts, bytes, state: "closed" });
  };

  beforeAll(async () => {
    database = await kind.open();
    await database.orm.insert(storageVolumes).values(volume);
    await add(A, "main", NOW - 48 * HOUR, 1000);
    await add(A, "main", NOW - 2 * HOUR, 200);
    await add(A, "main", NOW - HOUR / 2, 30);
    await add(A, "sub", NOW - HOUR / 2, 4);
    await add(B, "main", NOW - HOUR / 2, 50_000);
  });
  afterAll(() => database.close());

  it("is counted by camera, stream and volume, with the last hour and day", async () => {
    const usage = new ArchiveUsage(database.orm, clock);
    const { cameras, volumes } = await usage.read();
    const main = cameras.find(({ cameraId, role }) => cameraId === A && role === "main");
    expect(main).toMatchObject({ bytes: 1230, bytesLastDay: 230, secondsLastDay: 200, firstMicros: NOW - 48 * HOUR });
    expect(cameras).toHaveLength(3);
    expect(volumes).toMatchObject([
      { volumeId: volume.id, bytes: 51_234, bytesLastDay: 50_234, bytesLastHour: 50_034, lockedBytes: 0 },
    ]);
  });

  it("counts what locks hold, once, and anew after a minute only", async () => {
    const usage = new ArchiveUsage(database.orm, clock);
    expect((await usage.read()).volumes[0]?.lockedBytes).toBe(0);
    const lock = { cameraId: A, startMicros: NOW - 3 * HOUR, endMicros: NOW, reason: "r" };
    const by = { createdByName: "x", createdAt: new Date(NOW / 1000) };
    for (const id of [randomUUID(), randomUUID()])
      await database.orm.insert(evidenceLocks).values({ id, ...lock, ...by });
    expect((await usage.read()).volumes[0]?.lockedBytes).toBe(0);
    await clock.advance(millis(61_000));
    expect((await usage.read()).volumes[0]?.lockedBytes).toBe(234);
  });
});
