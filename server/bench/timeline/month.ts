import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import type { Orm } from "../../db/database.ts";
import { storageVolumes } from "../../db/schema/index.ts";

export const DAY = 86_400_000_000;
const MINUTE = 60_000_000;
/** Of the product as it is installed. */
const SEGMENT_MICROS = MINUTE;
/** Each camera's line is lost so often, for ten seconds: a run is what lies between. */
const RUNS_PER_DAY = 12;
const LOST_MICROS = 10_000_000;
const EVENTS_PER_DAY = 150;
const BOOKMARKS_PER_DAY = 2;

export interface Month {
  readonly cameraIds: readonly string[];
  readonly startMicros: number;
  readonly days: number;
}

const TABLES = ["segments", "recording_runs", "recording_gaps", "camera_events", "bookmarks", "evidence_locks"];

/** Rows as a month of recording leaves them: the index, what was lost, what happened, what people marked. */
export async function fillMonth(orm: Orm, month: Month): Promise<Record<string, number>> {
  const volume = randomUUID();
  const place = { name: "Recordings", kind: "local", tier: "hot", location: "/recordings" } as const;
  await orm.insert(storageVolumes).values({ id: volume, ...place, reserveBytes: 0, createdAt: new Date(0) });
  for (const [index, cameraId] of month.cameraIds.entries()) {
    for (const statement of rowsOf(month, cameraId, index, volume)) await orm.execute(statement);
  }
  const counts: Record<string, number> = {};
  for (const table of TABLES) {
    await orm.execute(sql`vacuum analyze ${sql.identifier(table)}`);
    const [row] = await orm.execute<{ n: string }>(sql`select count(*) as n from ${sql.identifier(table)}`);
    counts[table] = Number(row?.n ?? 0);
  }
  // Millions of rows at once are not how a month comes about: what they leave to be written is not measured. Not every
  // account of a database may ask for it.
  await orm.execute(sql`checkpoint`).catch(() => undefined);
  return counts;
}

function rowsOf({ startMicros, days }: Month, cameraId: string, index: number, volume: string): SQL[] {
  const camera = sql`${cameraId}::uuid`;
  const start = sql`${startMicros}::bigint`;
  const run = sql`${DAY / RUNS_PER_DAY}::bigint`;
  const runs = sql`generate_series(0, ${days * RUNS_PER_DAY - 1}::bigint) r`;
  const series = (perDay: number, every: number): SQL =>
    sql`(select e, ${start} + e * ${DAY / perDay}::bigint + (random() * ${every})::bigint as at
      from generate_series(0, ${days * perDay - 1}::bigint) e) as marks`;
  const streams = (["main", "sub"] as const).flatMap((role, at) => {
    const streamId = sql`${2 * index + 1 + at}::int`;
    return [
      sql`insert into recording_runs (id, stream_id, camera_id, role, start_micros, end_micros)
        select gen_random_uuid(), ${streamId}, ${camera}, ${role}, ${start} + r * ${run},
          ${start} + (r + 1) * ${run} - ${LOST_MICROS}::bigint from ${runs}`,
      sql`insert into recording_gaps (camera_id, stream_id, start_micros, end_micros, reason, frames)
        select ${camera}, ${streamId}, ${start} + (r + 1) * ${run} - ${LOST_MICROS}::bigint, ${start} + (r + 1) * ${run},
          'camera-offline', 0 from ${runs}`,
    ];
  });
  return [
    ...streams,
    sql`insert into segments (camera_id, stream_id, role, volume_id, path, run_id, start_micros, end_micros, bytes, frames,
        keyframes, key_id, codec, codec_string, width, height, state)
      select ${camera}, ${2 * index + 1}::int, 'main', ${volume}::uuid, ${`${cameraId}/`} || m, ${volume}::uuid,
        ${start} + m * ${SEGMENT_MICROS}::bigint, ${start} + (m + 1) * ${SEGMENT_MICROS}::bigint, 30000000, 900, 30, 1, 1,
        'avc1.640028', 1920, 1080, 'closed'
      from generate_series(0, ${(days * DAY) / SEGMENT_MICROS - 1}::bigint) m`,
    sql`insert into camera_events (camera_id, kind, start_micros, end_micros)
      select ${camera}, case when e % 10 = 0 then 'external' else 'motion' end, at, at + 12000000
      from ${series(EVENTS_PER_DAY, 200_000_000)}`,
    sql`insert into bookmarks (id, camera_id, start_micros, end_micros, title, tags, colour, created_by_name, created_at,
        updated_at)
      select gen_random_uuid(), ${camera}, at, at + 60000000, 'Bookmark ' || e, '{gate}', 'blue', 'operator', now(), now()
      from ${series(BOOKMARKS_PER_DAY, 3_600_000_000)}`,
    sql`insert into evidence_locks (id, camera_id, start_micros, end_micros, reason, created_by_name, created_at)
      select gen_random_uuid(), ${camera}, at, at + 600000000, 'case', 'operator', now()
      from ${series(BOOKMARKS_PER_DAY, 3_600_000_000)}`,
  ];
}
