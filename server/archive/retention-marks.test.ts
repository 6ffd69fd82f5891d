import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cameraEvents, recordingGaps } from "../db/schema/index.ts";
import { databases } from "../testkit/temp-db.ts";
import { DAY, NOW, RetentionKit } from "./testkit/retention-kit.ts";

const [A, B] = [randomUUID(), randomUUID()];

describe.each(databases)("gaps and events, $name", (kind) => {
  let kit: RetentionKit;

  beforeAll(async () => {
    kit = await RetentionKit.open(kind);
  });
  afterAll(() => kit.close());
  beforeEach(() => kit.clear());

  async function mark(cameraId: string, daysAgo: number): Promise<void> {
    const range = { cameraId, startMicros: NOW - daysAgo * DAY, endMicros: NOW - daysAgo * DAY + 1_000_000 };
    await kit.database.orm
      .insert(recordingGaps)
      .values({ ...range, streamId: cameraId === A ? 1 : 2, reason: "storage-full" });
    await kit.database.orm.insert(cameraEvents).values({ ...range, kind: "motion" });
  }
  const left = async (): Promise<number[][]> => {
    const { orm } = kit.database;
    const [gaps, events] = [await orm.select().from(recordingGaps), await orm.select().from(cameraEvents)];
    return [gaps, events].map((rows) => rows.map(({ startMicros }) => (NOW - startMicros) / DAY).sort((a, b) => b - a));
  };

  it("go with the footage, and stay where a lock holds it", async () => {
    await kit.record(A, 0, 20);
    for (const day of [15, 9.5, 9, 2]) await mark(A, day);
    await kit.lock(A, 10, 9);
    kit.policy = { retentionDays: 3 };
    await kit.retention().run();
    expect(await kit.left()).toEqual([10, 9, 4, 3, 2, 1]);
    expect(await left()).toEqual([
      [9.5, 9, 2],
      [9.5, 9, 2],
    ]);
  });

  it("go when a lock is over", async () => {
    await mark(A, 9.5);
    await kit.lock(A, 10, 9, { expiresAt: new Date(NOW / 1000 - 1000) });
    await kit.lock(A, 10, 9, { releasedAt: new Date(0) });
    await kit.lock(B, 10, 9);
    kit.policy = { retentionDays: 3 };
    await kit.retention().run();
    expect(await left()).toEqual([[], []]);
  });

  it("go by age where nothing was ever recorded", async () => {
    for (const camera of [A, B]) for (const day of [5, 1]) await mark(camera, day);
    kit.policy = { retentionDays: 3 };
    await kit.retention().run();
    expect(await left()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it("and footage stay while nobody knows by which settings they go", async () => {
    await kit.record(A, 0, 2);
    await mark(B, 50);
    kit.policy = { retentionDays: 1 };
    await kit.retention({ policyOf: () => undefined }).run();
    expect(await kit.left()).toEqual([2, 1]);
    expect(await left()).toEqual([[50], [50]]);
  });
});
