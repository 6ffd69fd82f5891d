import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MARK_KINDS } from "../../shared/api/timeline-marks.ts";
import { bookmarks, cameraEvents, recordingGaps } from "../db/schema/index.ts";
import type { GapFact } from "../ingest/protocol.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { type MarkQuery, nearestMark } from "./timeline-marks.ts";

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const NOW = Date.UTC(2026, 9, 24) * 1000;
/** Less than nine minutes apart: a timeline of three months shows them as one. */
const BURST = Array.from({ length: 20 }, (_, at) => NOW - 5 * DAY + at * 500 * SECOND);

describe.each(databases)("the nearest mark ($name)", ({ open }) => {
  let database: TempDatabase;
  const [busy, quiet, still] = [randomUUID(), randomUUID(), randomUUID()];

  beforeAll(async () => {
    database = await open();
    const { orm } = database;
    const event = (cameraId: string, startMicros: number) => {
      return { cameraId, kind: "motion", title: null, startMicros, endMicros: startMicros + 600 * SECOND };
    };
    await orm.insert(cameraEvents).values([...BURST.map((at) => event(busy, at)), event(quiet, NOW - 90 * DAY)]);
    const gap = (streamId: number, startMicros: number, reason = "camera-offline") => {
      return { cameraId: quiet, streamId, reason, startMicros, endMicros: startMicros + 60 * SECOND, frames: 0 };
    };
    await orm.insert(recordingGaps).values([
      // Both streams of the camera were away, and the second of them noticed it first.
      ...[gap(1, NOW - 2 * DAY), gap(2, NOW - 2 * DAY - 40_000)],
      ...[gap(2, NOW - DAY, "frames-lost"), gap(1, NOW - DAY + SECOND)],
    ]);
    const marked = { title: "Van", tags: [], colour: "blue", createdByName: "admin" };
    const times = { createdAt: new Date(NOW / 1000), updatedAt: new Date(NOW / 1000) };
    const bookmark = (startMicros: number) => {
      return { id: randomUUID(), cameraId: quiet, ...marked, ...times, startMicros, endMicros: startMicros + SECOND };
    };
    await orm.insert(bookmarks).values([bookmark(NOW - 3 * DAY), bookmark(NOW + DAY)]);
  });
  afterAll(() => database.close());

  const ask = (change: Partial<MarkQuery>, lasting: readonly GapFact[] = []) =>
    nearestMark(database.orm, lasting, {
      ...{ cameraIds: [busy, quiet, still], kinds: MARK_KINDS, direction: "previous", fromMicros: NOW, nowMicros: NOW },
      ...change,
    });
  /** Every mark in a direction, in days before now. */
  const walk = async (change: Partial<MarkQuery>): Promise<[string, number][]> => {
    const found: [string, number][] = [];
    let fromMicros = change.fromMicros ?? NOW;
    for (;;) {
      const mark = await ask({ ...change, fromMicros });
      if (mark === undefined) return found;
      found.push([mark.kind, mark.startMicros]);
      fromMicros = mark.startMicros;
    }
  };

  it("passes over nothing of a burst, in either direction, however long each event lasts", async () => {
    const cameraIds = [busy];
    const every = BURST.map((at) => ["event", at]);
    expect(await walk({ cameraIds })).toEqual([...every].reverse());
    expect(await walk({ cameraIds, direction: "next", fromMicros: NOW - 100 * DAY })).toEqual(every);
    expect(await walk({ cameraIds, direction: "next", fromMicros: (BURST[3] ?? 0) + SECOND })).toEqual(every.slice(4));
  });

  it("knows events, gaps and bookmarks; a gap of two streams once; none that is to come", async () => {
    const found = [
      ["event", NOW - 90 * DAY],
      ["bookmark", NOW - 3 * DAY],
      ["gap", NOW - 2 * DAY],
      ["gap", NOW - DAY],
      ["gap", NOW - DAY + SECOND],
    ];
    const cameraIds = [quiet];
    expect(await walk({ cameraIds, direction: "next", fromMicros: 0 })).toEqual(found);
    expect(await walk({ cameraIds })).toEqual([...found].reverse());
    expect(await walk({ cameraIds, kinds: ["bookmark"] })).toEqual([["bookmark", NOW - 3 * DAY]]);
    expect(await walk({ cameraIds: [still] })).toEqual([]);
  });

  it("is the nearest of all cameras asked for, with its camera and its end", async () => {
    const startMicros = BURST.at(-1) ?? 0;
    expect(await ask({ kinds: ["event"] })).toEqual({
      ...{ kind: "event", cameraId: busy, startMicros, endMicros: startMicros + 600 * SECOND },
    });
    expect(await ask({ kinds: ["event"], fromMicros: NOW - 6 * DAY })).toMatchObject({ cameraId: quiet });
  });

  it("goes to a gap that lasts, also before the database knows of it", async () => {
    const gap = (streamId: number, startMicros: number, cameraId = quiet): GapFact => {
      const about = { cameraId, streamId, reason: "camera-offline", detail: undefined, frames: 0, open: true } as const;
      return { ...about, startMicros, endMicros: NOW };
    };
    const told = { kind: "gap", cameraId: quiet, startMicros: NOW - 60 * SECOND, endMicros: NOW };
    const lasting = [gap(2, NOW - 61 * SECOND), gap(1, NOW - 60 * SECOND)];
    expect(await ask({}, lasting)).toEqual(told);
    expect(await ask({ direction: "next", fromMicros: NOW - 3600 * SECOND }, lasting)).toEqual(told);
    expect(await ask({ direction: "next", fromMicros: NOW - 60 * SECOND }, lasting)).toBeUndefined();
    expect(await ask({ kinds: ["event"] }, lasting)).toMatchObject({ kind: "event" });
    expect(await ask({ cameraIds: [busy] }, lasting)).toMatchObject({ kind: "event", cameraId: busy });
    // The row of the same gap ends where it was known to.
    const written = await ask({ fromMicros: NOW - DAY + 2 * SECOND }, [gap(1, NOW - DAY + SECOND)]);
    expect(written).toMatchObject({ startMicros: NOW - DAY + SECOND, endMicros: NOW });
  });
});
