import { randomUUID } from "node:crypto";
import { daysWithFootage } from "../archive/calendar.ts";
import { findSegments } from "../archive/queries.ts";
import { timeline } from "../archive/timeline.ts";
import { type DatabaseKind, databases } from "../testkit/temp-db.ts";
import { percentile } from "./statistics.ts";
import { DAY, fillMonth } from "./timeline/month.ts";

const CAMERAS = 64;
const DAYS = 30;
const MINUTE = 60_000_000;
/** 2026-11-01 00:00 UTC. */
const START = Date.UTC(2026, 10, 1) * 1000;
const REPEATS = 40;
const AIM_MS = 300;
/** What the page asks for a month that it shows: a CSS pixel. */
const MONTH_RESOLUTION = Math.round(2 ** 41 / 1024);

/**
 * The timeline's answer for a wall of 64 cameras and a month, from an index as large as it then is: a segment a minute,
 * runs, gaps, events and what people marked. On the embedded database and, where there is one, on DATABASE_URL or an
 * installed PostgreSQL.
 */
export async function run(): Promise<object> {
  const found: Record<string, object> = {};
  for (const kind of databases) found[kind.name] = await measureOn(kind);
  return { cameras: CAMERAS, days: DAYS, aimP95Ms: AIM_MS, databases: found };
}

async function measureOn(kind: DatabaseKind): Promise<object> {
  const database = await kind.open();
  try {
    const { orm } = database;
    const cameraIds = Array.from({ length: CAMERAS }, () => randomUUID());
    const rows = await fillMonth(orm, { cameraIds, startMicros: START, days: DAYS });
    const open = new Map();
    const month = { startMicros: START, endMicros: START + DAYS * DAY, resolutionMicros: MONTH_RESOLUTION };
    const day = (index: number) => {
      const startMicros = START + (index % DAYS) * DAY;
      return { startMicros, endMicros: startMicros + DAY, resolutionMicros: MINUTE };
    };
    const one = (index: number): string[] => cameraIds.slice(index % CAMERAS, (index % CAMERAS) + 1);
    // What the page asks: the wall as a whole, and the selected camera with its gaps and events.
    const queries = {
      month: await measure(() => timeline(orm, open, { cameraIds, detail: [], ...month })),
      monthOfOneCamera: await measure((index) => timeline(orm, open, { cameraIds: one(index), ...month })),
      monthEveryMarkOfEveryCamera: await measure(() => timeline(orm, open, { cameraIds, ...month }), 5),
      day: await measure((index) => timeline(orm, open, { cameraIds, detail: [], ...day(index) })),
      dayOfOneCamera: await measure((index) => timeline(orm, open, { cameraIds: one(index), ...day(index) })),
      calendar: await measure(() => daysWithFootage(orm, open, cameraIds, "2026-11", "Asia/Seoul")),
      segmentsOfASeek: await measure((index) => {
        const startMicros = START + ((index * 7919) % (DAYS * 1440)) * MINUTE + 1;
        const range = { startMicros, endMicros: startMicros + 600_000_000, direction: "forward" as const };
        return findSegments(orm, open, { cameraId: one(index)[0] ?? "", ...range, limit: 128 });
      }),
    };
    return { rows, met: queries.month.p95Ms <= AIM_MS, queries };
  } finally {
    await database.close();
  }
}

interface Figures {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of the answer as JSON, whose making is counted in. */
  readonly bytes: number;
}

async function measure(ask: (index: number) => Promise<unknown>, repeats = REPEATS): Promise<Figures> {
  const times: number[] = [];
  let bytes = 0;
  await ask(0);
  for (let index = 0; index < repeats; index++) {
    const startedAt = performance.now();
    bytes = JSON.stringify(await ask(index)).length;
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  return { p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95), bytes };
}
