import { and, desc, eq, gte, lt, lte } from "drizzle-orm";
import { SUITE_IDS, type Suite } from "../../shared/crypto/types.ts";
import type { Orm } from "../db/database.ts";
import { videoDeks } from "../db/schema/index.ts";

export interface VideoKeyFacts {
  readonly id: number;
  readonly cameraId: string;
  readonly utcDay: string;
  readonly suite: Suite;
  readonly masterKey: number;
  readonly createdAt: string;
}

export interface VideoKeyQuery {
  readonly cameraId?: string | undefined;
  readonly fromDay?: string | undefined;
  readonly toDay?: string | undefined;
  /** Keys with smaller numbers. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Video keys without their material, newest first. */
export async function listVideoKeys(orm: Orm, query: VideoKeyQuery): Promise<VideoKeyFacts[]> {
  const { cameraId, fromDay, toDay, before, limit } = query;
  const { id, utcDay, suite, mekId, createdAt } = videoDeks;
  const rows = await orm
    .select({ id, cameraId: videoDeks.cameraId, utcDay, suite, mekId, createdAt })
    .from(videoDeks)
    .where(
      and(
        cameraId === undefined ? undefined : eq(videoDeks.cameraId, cameraId),
        fromDay === undefined ? undefined : gte(utcDay, fromDay),
        toDay === undefined ? undefined : lte(utcDay, toDay),
        before === undefined ? undefined : lt(id, before),
      ),
    )
    .orderBy(desc(id))
    .limit(limit);
  return rows.map(({ suite: number, mekId: masterKey, createdAt: at, ...rest }) => ({
    ...rest,
    suite: suiteName(number),
    masterKey,
    createdAt: at.toISOString(),
  }));
}

function suiteName(number: number): Suite {
  const [name] = Object.entries(SUITE_IDS).find(([, id]) => id === number) ?? [];
  return (name ?? "LEA-256-GCM") as Suite;
}
