import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cameraEvents, recordingGaps, recordingRuns } from "../db/schema/index.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { daysOf, daysWithFootage } from "./calendar.ts";
import { timeline } from "./timeline.ts";

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const START = Date.UTC(2026, 9, 24) * 1000;
const nothingOpen = new Map();

describe.each(databases)("a wall's timeline ($name)", ({ open }) => {
  let database: TempDatabase;
  const [left, right] = [randomUUID(), randomUUID()];

  beforeAll(async () => {
    database = await open();
    const { orm } = database;
    const run = { id: randomUUID(), role: "main" as const };
    await orm.insert(recordingRuns).values([
      // Began before the stretch that is asked for, and touches the next one.
      { ...run, cameraId: left, streamId: 1, startMicros: START - 5 * HOUR, endMicros: START + HOUR },
      { ...run, id: randomUUID(), cameraId: left, streamId: 1, startMicros: START + HOUR, endMicros: START + 2 * HOUR },
      { ...run, cameraId: right, streamId: 2, startMicros: START + 3 * HOUR, endMicros: START + 4 * HOUR },
    ]);
    const gap = { startMicros: START + 2 * HOUR, endMicros: START + 3 * HOUR, reason: "camera-offline", frames: 2 };
    await orm.insert(recordingGaps).values([
      { ...gap, cameraId: left, streamId: 1 },
      { ...gap, cameraId: right, streamId: 2 },
    ]);
    const motion = (cameraId: string, seconds: number) => {
      const startMicros = START + seconds * SECOND;
      return { cameraId, kind: "motion", title: null, startMicros, endMicros: startMicros + 5 * SECOND };
    };
    // The first two lie on both sides of an edge of the grid of ten seconds.
    await orm
      .insert(cameraEvents)
      .values([motion(left, 8), motion(left, 14), motion(left, 60), motion(right, 65), motion(right, 600)]);
  });
  afterAll(() => database.close());

  const ask = (detail?: readonly string[], resolutionMicros = 10 * SECOND) =>
    timeline(database.orm, nothingOpen, {
      cameraIds: [left, right],
      detail,
      startMicros: START,
      endMicros: START + 6 * HOUR,
      resolutionMicros,
      nowMicros: START + 6 * HOUR,
    });

  it("joins what touches, whatever side of the grid it begins on", async () => {
    const { cameras, events, all } = await ask();
    expect(cameras[0]?.recorded).toEqual([[START, START + 2 * HOUR]]);
    expect(all).toEqual([
      [START, START + 2 * HOUR],
      [START + 3 * HOUR, START + 4 * HOUR],
    ]);
    const spans = cameras.map((camera) =>
      camera.events.map((one) => [one.startMicros, one.endMicros, one.count].map((n, at) => (at < 2 ? n - START : n))),
    );
    expect(spans).toEqual([
      [
        [8 * SECOND, 19 * SECOND, 2],
        [60 * SECOND, 65 * SECOND, 1],
      ],
      [
        [65 * SECOND, 70 * SECOND, 1],
        [600 * SECOND, 605 * SECOND, 1],
      ],
    ]);
    expect(events.map((pair) => pair.map((at) => (at - START) / SECOND))).toEqual([
      [8, 19],
      [60, 70],
      [600, 605],
    ]);
  });

  it("lists gaps and events of the cameras of interest; the others' events are in the wall's", async () => {
    const every = await ask();
    const one = await ask([right]);
    const none = await ask([]);
    expect(every.cameras.map(({ gaps }) => gaps.length)).toEqual([1, 1]);
    expect(one.cameras.map(({ gaps, events }) => [gaps.length, events.length])).toEqual([
      [0, 0],
      [1, 2],
    ]);
    expect(none.cameras.flatMap(({ gaps, events }) => [...gaps, ...events])).toEqual([]);
    expect(none.events).toEqual(every.events);
    expect(none.cameras.map(({ recorded }) => recorded)).toEqual(every.cameras.map(({ recorded }) => recorded));
  });

  it("is never finer than a screen", async () => {
    const { resolutionMicros } = await ask([], 1);
    expect(resolutionMicros).toBe(Math.ceil((6 * HOUR) / 100_000));
  });

  it("knows the days with footage by the wall clock, also where one has 25 hours", async () => {
    const days = (zone: string) => daysWithFootage(database.orm, nothingOpen, [left, right], "2026-10", zone);
    expect(await days("UTC")).toEqual([23, 24]);
    expect(await days("Asia/Seoul")).toEqual([24]);
    expect(await days("Pacific/Auckland")).toEqual([24]);
  });
});

describe("days of a month", () => {
  const hours = (zone: string, month: number): number[] =>
    daysOf(2026, month, zone).map(({ from, to }) => (to - from) / HOUR);

  it("have 23 and 25 hours where clocks are changed", () => {
    expect(new Set(hours("Asia/Seoul", 10))).toEqual(new Set([24]));
    expect(hours("Europe/Berlin", 10)[24]).toBe(25);
    expect(hours("Europe/Berlin", 3)[28]).toBe(23);
    expect(hours("Australia/Lord_Howe", 10)[3]).toBe(23.5);
  });

  it("begin at local midnight", () => {
    expect(daysOf(2026, 11, "Asia/Seoul")[0]?.from).toBe(Date.UTC(2026, 9, 31, 15) * 1000);
    expect(daysOf(2026, 2, "Asia/Kolkata")).toHaveLength(28);
    expect(daysOf(2026, 2, "Asia/Kolkata")[0]?.from).toBe(Date.UTC(2026, 0, 31, 18, 30) * 1000);
  });
});
