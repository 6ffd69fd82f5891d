import { type SQL, sql } from "drizzle-orm";
import type { Orm } from "../db/database.ts";
import type { SegmentFact } from "../ingest/protocol.ts";

/** No zone is farther from UTC. */
const FARTHEST_SECONDS = 26 * 3600;
/** Runs that begin in one hour and end in one are as good as one. */
const HOUR = 3_600_000_000;

/** Days of a month, 1 to 31, on which there is footage, by the wall clock of the time zone. */
export async function daysWithFootage(
  orm: Orm,
  open: ReadonlyMap<string, SegmentFact>,
  cameraIds: readonly string[],
  month: string,
  timeZone: string,
): Promise<number[]> {
  const [year = 1970, number = 1] = month.split("-").map(Number);
  const days = daysOf(year, number, timeZone);
  const asked = new Set(cameraIds);
  const live = [...open.values()].filter(({ cameraId }) => asked.has(cameraId));
  const rows = await orm.execute<{ day: number }>(footageBetween(cameraIds, days));
  const found = new Set(rows.map(({ day }) => Number(day)));
  days.forEach(({ from, to }, index) => {
    if (live.some(({ startMicros, endMicros }) => startMicros < to && endMicros > from)) found.add(index + 1);
  });
  return [...found].sort((a, b) => a - b);
}

export interface Day {
  readonly from: number;
  readonly to: number;
}

/** One pass over the month's runs, then which of the days each of them touches. */
function footageBetween(cameraIds: readonly string[], days: readonly Day[]): SQL {
  const ids = sql.join(
    cameraIds.map((id) => sql`${id}::uuid`),
    sql`, `,
  );
  const rows = sql.join(
    days.map(({ from, to }, index) => sql`(${index + 1}::int, ${from}::bigint, ${to}::bigint)`),
    sql`, `,
  );
  const [start, end] = [days[0]?.from ?? 0, days.at(-1)?.to ?? 0];
  return sql`with runs as materialized (
      select min(start_micros) as s, max(end_micros) as e from recording_runs
      where camera_id = any(array[${ids}]) and end_micros > ${start} and start_micros < ${end}
      group by start_micros / ${HOUR}::bigint, end_micros / ${HOUR}::bigint
    )
    select d.day from (values ${rows}) as d(day, f, t) where exists (select 1 from runs where s < d.t and e > d.f)`;
}

/** Where each day of the month begins and ends, µs UTC: 23, 24 or 25 hours, or whatever the zone has made of it. */
export function daysOf(year: number, month: number, timeZone: string): Day[] {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const startOf = (day: number): number => {
    const midnight = Date.UTC(year, month - 1, day) / 1000;
    const wanted = new Date(midnight * 1000).toISOString().slice(0, 10);
    // The first second whose date is the day's or later: dates never run backward.
    let [before, after] = [midnight - FARTHEST_SECONDS, midnight + FARTHEST_SECONDS];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (format.format(new Date(middle * 1000)) >= wanted) after = middle;
      else before = middle;
    }
    return after * 1_000_000;
  };
  const count = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const starts = Array.from({ length: count + 1 }, (_, index) => startOf(index + 1));
  return starts.slice(0, -1).map((from, index) => ({ from, to: starts[index + 1] ?? from }));
}
