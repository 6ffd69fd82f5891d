import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { Orm } from "../db/database.ts";
import { evidenceLocks } from "../db/schema/index.ts";

/** What a lock may hold: columns of a table, or values. */
export interface LockedRange {
  readonly cameraId: SQLWrapper | string;
  readonly startMicros: SQLWrapper | number;
  readonly endMicros: SQLWrapper | number;
}

/** Rows of `evidence_locks` that hold at a time: neither released nor ended. One clock says so to everybody who asks. */
export function lockHolds(nowMicros: number): SQL {
  const now = new Date(nowMicros / 1000).toISOString();
  return sql`(${evidenceLocks.releasedAt} is null and (${evidenceLocks.expiresAt} is null or ${evidenceLocks.expiresAt} > ${now}))`;
}

/** Of those, the rows that hold a part of the range. */
export function locksOver({ cameraId, startMicros, endMicros }: LockedRange, nowMicros: number): SQL {
  return sql`(${evidenceLocks.cameraId} = ${cameraId} and ${lockHolds(nowMicros)}
    and ${evidenceLocks.startMicros} < ${endMicros} and ${evidenceLocks.endMicros} >= ${startMicros})`;
}

/** An evidence lock holds a part of the range: nothing of it is deleted. */
export function isLocked(range: LockedRange, nowMicros: number): SQL<boolean> {
  return sql<boolean>`exists (select 1 from ${evidenceLocks} where ${locksOver(range, nowMicros)})`;
}

/** Until the transaction ends no lock is set: those being set are waited for, and those that come now wait. */
export async function holdLocks(transaction: Pick<Orm, "execute">): Promise<void> {
  await transaction.execute(sql`lock table ${evidenceLocks} in share mode`);
}
