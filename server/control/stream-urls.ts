import { eq, isNotNull, sql } from "drizzle-orm";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { streams } from "../db/schema/index.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";

/** Addresses of streams are secrets: the query of many holds a token, or a name and a password. */
export function sealStreamUrl(sealer: FieldSealer, streamId: number, url: string): string {
  return sealer.seal(context(streamId), url);
}

/** Throws what FieldSealer throws. */
export function openStreamUrl(
  sealer: FieldSealer,
  row: Pick<typeof streams.$inferSelect, "id" | "url" | "urlSealed">,
): string {
  if (row.urlSealed !== null) return sealer.open(context(row.id), row.urlSealed);
  if (row.url === null) throw new FluxError("keys.bad_format", `stream ${row.id} has no address`);
  return row.url;
}

/** Seals what earlier versions left in the open; resolves to how many. Once at start. */
export async function sealOpenStreamUrls(orm: Orm, sealer: FieldSealer): Promise<number> {
  const count = await orm.transaction(async (transaction) => {
    const open = await transaction.select().from(streams).where(isNotNull(streams.url)).for("update");
    for (const row of open) {
      const urlSealed = row.urlSealed ?? sealStreamUrl(sealer, row.id, row.url ?? "");
      await transaction.update(streams).set({ url: null, urlSealed }).where(eq(streams.id, row.id));
    }
    return open.length;
  });
  // An updated row's earlier version stays in the table's file otherwise, and in every backup of it.
  if (count > 0) await orm.execute(sql`vacuum full streams`);
  return count;
}

function context(streamId: number): string {
  return `streams.url_sealed|${streamId}`;
}
