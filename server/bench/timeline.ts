import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { findSegments } from "../archive/queries.ts";
import { daysWithFootage, timeline } from "../archive/timeline.ts";
import type { Orm } from "../db/database.ts";
import { storageVolumes } from "../db/schema/index.ts";
import { databases } from "../testkit/temp-db.ts";
import { percentile } from "./statistics.ts";

const CAMERAS = 64;
const DAYS = 30;
const DAY = 86_400_000_000;
const MINUTE = 60_000_000;
/** 2026-11-01 00:00 UTC. */
const START = Date.UTC(2026, 10, 1) * 1000;
/** Each camera's line is lost so often: a run is what lies between. */
const RUNS_PER_DAY = 12;
const EVENTS_PER_DAY = 150;
const REPEATS = 20;
/** What the page asks for a month that it shows: a CSS pixel. */
const MONTH_RESOLUTION = Math.round(2 ** 41 / 1024);

/**
 * The timeline's answer for a wall of 64 cameras and a month, from an index as large as it then is: a segment a minute of
 * both streams, runs, gaps and events. On DATABASE_URL or an installed PostgreSQL, else on the embedded database.
 */
export async function run(): Promise<object> {
  const kind = databases.at(-1);
  if (!kind) return { skipped: "no database" };
  const database = await kind.open();
  try {
    const { orm } = database;
    const cameraIds = Array.from({ length: CAMERAS }, () => randomUUID());
    await fill(orm, cameraIds);
    const open = new Map();
    const month = { cameraIds, startMicros: START, endMicros: START + DAYS * DAY };
    const figures: Record<string, object> = {};
    figures.month = await measure(() => timeline(orm, open, { ...month, resolutionMicros: MONTH_RESOLUTION }));
    figures.monthOfOneCamera = await measure(() =>
      timeline(orm, open, { ...month, cameraIds: cameraIds.slice(0, 1), resolutionMicros: MONTH_RESOLUTION }),
    );
    figures.day = await measure((index) => {
      const startMicros = START + (index % DAYS) * DAY;
      return timeline(orm, open, {
        cameraIds,
        startMicros,
        endMicros: startMicros + DAY,
        resolutionMicros: 60_000_000,
      });
    });
    figures.calendar = await measure(() => daysWithFootage(orm, open, cameraIds, "2026-11", "Asia/Seoul"));
    figures.segmentsOfASeek = await measure((index) => {
      const startMicros = START + ((index * 7919) % (DAYS * 1440)) * MINUTE + 1;
      const cameraId = cameraIds[index % CAMERAS] ?? "";
      const range = { startMicros, endMicros: startMicros + 600_000_000, direction: "forward" as const };
      return findSegments(orm, open, { cameraId, ...range, limit: 128 });
    });
    return { database: kind.name, cameras: CAMERAS, days: DAYS, rows: await counts(orm), queries: figures };
  } finally {
    await database.close();
  }
}

async function measure(ask: (index: number) => Promise<unknown>): Promise<object> {
  const times: number[] = [];
  let bytes = 0;
  await ask(0);
  for (let index = 0; index < REPEATS; index++) {
    const startedAt = performance.now();
    bytes = JSON.stringify(await ask(index)).length;
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  return { p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95), bytes };
}

async function fill(orm: Orm, cameraIds: readonly string[]): Promise<void> {
  const volume = randomUUID();
  const place = { name: "Recordings", kind: "local", tier: "hot", location: "/recordings" } as const;
  await orm.insert(storageVolumes).values({ id: volume, ...place, reserveBytes: 0, createdAt: new Date(0) });
  const runMicros = DAY / RUNS_PER_DAY;
  for (const [index, cameraId] of cameraIds.entries()) {
    const camera = sql`${cameraId}::uuid`;
    for (const [role, streamId] of [
      ["main", 2 * index + 1],
      ["sub", 2 * index + 2],
    ] as const) {
      await insert(
        orm,
        sql`insert into segments (camera_id, stream_id, role, volume_id, path, run_id, start_micros, end_micros, bytes, frames,
            keyframes, key_id, codec, codec_string, width, height, state)
          select ${camera}, ${streamId}::int, ${role}, ${volume}::uuid, ${`${cameraId}/`} || m || ${`-${streamId}`}, ${volume}::uuid,
            ${START}::bigint + m * ${MINUTE}::bigint, ${START}::bigint + (m + 1) * ${MINUTE}::bigint, 30000000, 900, 30, 1, 1,
            'avc1.640028', 1920, 1080, 'closed'
          from generate_series(0, ${DAYS * 1440 - 1}::bigint) m`,
      );
      await insert(
        orm,
        sql`insert into recording_runs (id, stream_id, camera_id, role, start_micros, end_micros)
          select gen_random_uuid(), ${streamId}::int, ${camera}, ${role}, ${START}::bigint + r * ${runMicros}::bigint,
            ${START}::bigint + (r + 1) * ${runMicros}::bigint - 10000000
          from generate_series(0, ${DAYS * RUNS_PER_DAY - 1}::bigint) r`,
      );
      await insert(
        orm,
        sql`insert into recording_gaps (camera_id, stream_id, start_micros, end_micros, reason, frames)
          select ${camera}, ${streamId}::int, ${START}::bigint + (r + 1) * ${runMicros}::bigint - 10000000,
            ${START}::bigint + (r + 1) * ${runMicros}::bigint, 'camera-offline', 0
          from generate_series(0, ${DAYS * RUNS_PER_DAY - 1}::bigint) r`,
      );
    }
    await insert(
      orm,
      sql`insert into camera_events (camera_id, kind, start_micros, end_micros)
        select ${camera}, case when e % 10 = 0 then 'external' else 'motion' end, at, at + 12000000
        from (select e, ${START}::bigint + (e * ${DAY / EVENTS_PER_DAY}::bigint) + (random() * 200000000)::bigint as at
          from generate_series(0, ${DAYS * EVENTS_PER_DAY - 1}::bigint) e) as events`,
    );
  }
  for (const table of ["segments", "recording_runs", "recording_gaps", "camera_events"]) {
    await orm.execute(sql`vacuum analyze ${sql.identifier(table)}`);
  }
}

async function insert(orm: Orm, statement: SQL): Promise<void> {
  await orm.execute(statement);
}

async function counts(orm: Orm): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const table of ["segments", "recording_runs", "recording_gaps", "camera_events"]) {
    const [row] = await orm.execute<{ n: string }>(sql`select count(*) as n from ${sql.identifier(table)}`);
    found[table] = Number(row?.n ?? 0);
  }
  return found;
}
