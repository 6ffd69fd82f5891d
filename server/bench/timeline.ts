import { randomUUID } from "node:crypto";
import type { Timeline } from "../../shared/api/recording.ts";
import { describeError } from "../../shared/lib/errors.ts";
import { daysWithFootage } from "../archive/calendar.ts";
import { findSegments } from "../archive/queries.ts";
import { timeline } from "../archive/timeline.ts";
import { type DatabaseKind, databases } from "../testkit/temp-db.ts";
import { openChromiumPage } from "./chromium-page.ts";
import { percentile } from "./statistics.ts";
import { DAY, fillMonth } from "./timeline/month.ts";

const CAMERAS = 64;
const DAYS = 30;
const MINUTE = 60_000_000;
/** 2026-11-01 00:00 UTC. */
const START = Date.UTC(2026, 10, 1) * 1000;
const REPEATS = 40;
const WARM_UP = 5;
const AIM_MS = 300;
const CANVAS_WIDTH = 1920;
const FRAMES = 480;
/** What the page asks for a month that it shows: a CSS pixel. */
const MONTH_RESOLUTION = Math.round(2 ** 41 / 1024);

/**
 * The timeline's answer for a wall of 64 cameras and a month, from an index as large as it then is: a segment a minute,
 * runs, gaps, events and what people marked. On the embedded database and, where there is one, on DATABASE_URL or an
 * installed PostgreSQL.
 */
export async function run(): Promise<object> {
  const found: Record<string, object> = {};
  let canvas: object = { skipped: "no database" };
  for (const kind of databases) {
    const { shown, ...figures } = await measureOn(kind);
    found[kind.name] = figures;
    canvas = await measureFrames(shown).catch((error: unknown) => ({ skipped: describeError(error) }));
  }
  return { cameras: CAMERAS, days: DAYS, aimP95Ms: AIM_MS, databases: found, canvas };
}

/** The page's painter with the month's answer, in a real browser. */
async function measureFrames(shown: Timeline): Promise<object> {
  const page = await openChromiumPage("web/testkit/timeline-frames.ts", {});
  try {
    const task = { timeline: shown, width: CANVAS_WIDTH, steps: FRAMES };
    const frames = (await page.call("zoom", task)) as Record<string, number[]>;
    const of = (times: readonly number[] = []): object => {
      const sorted = [...times].sort((a, b) => a - b);
      return { p50Ms: percentile(sorted, 0.5), p95Ms: percentile(sorted, 0.95), maxMs: percentile(sorted, 1) };
    };
    const figures = Object.entries(frames).map(([name, times]) => [name, of(times)]);
    const aimP95Ms = 16;
    return { browser: page.version, width: CANVAS_WIDTH, frames: FRAMES, aimP95Ms, ...Object.fromEntries(figures) };
  } finally {
    await page.close();
  }
}

interface Measured {
  readonly rows: object;
  readonly met: boolean;
  readonly queries: object;
  /** What the page then draws. */
  readonly shown: Timeline;
}

async function measureOn(kind: DatabaseKind): Promise<Measured> {
  const database = await kind.open();
  try {
    const { orm } = database;
    const cameraIds = Array.from({ length: CAMERAS }, () => randomUUID());
    const rows = await fillMonth(orm, { cameraIds, startMicros: START, days: DAYS });
    const open = new Map();
    const nowMicros = START + DAYS * DAY;
    const month = { startMicros: START, endMicros: nowMicros, resolutionMicros: MONTH_RESOLUTION, nowMicros };
    const day = (index: number) => {
      const startMicros = START + (index % DAYS) * DAY;
      return { startMicros, endMicros: startMicros + DAY, resolutionMicros: MINUTE, nowMicros };
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
    const wall = await timeline(orm, open, { cameraIds, detail: cameraIds.slice(0, 1), ...month });
    return { rows, met: queries.month.p95Ms <= AIM_MS, queries, shown: wall };
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
  for (let index = 0; index < WARM_UP; index++) await ask(index);
  for (let index = 0; index < repeats; index++) {
    const startedAt = performance.now();
    bytes = JSON.stringify(await ask(index)).length;
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  return { p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95), bytes };
}
