import { randomBytes, randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros } from "../../shared/lib/time.ts";
import type { Orm } from "../db/database.ts";
import { evidenceLocks, videoDeks } from "../db/schema/index.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { KeyRevocation } from "./key-revocation.ts";
import { MasterKeys } from "./master-keys.ts";
import { VideoKeys } from "./video-keys.ts";

const clock = new SimulatedClock(micros(Date.UTC(2026, 10, 20, 8) * 1000));
const YESTERDAY = "2026-11-19";

describe.each(databases)("video keys that are destroyed, $name", (kind) => {
  let database: TempDatabase;
  let masterKeys: MasterKeys;
  let keys: VideoKeys;
  const camera = randomUUID();
  const revoke = (of: VideoKeys) => {
    const revocation = new KeyRevocation(database.orm, of, clock);
    return revocation.revoke({
      ...{ cameraId: camera, fromDay: YESTERDAY, toDay: YESTERDAY },
      ...{ reason: "order", byName: "admin" },
    });
  };

  beforeAll(async () => {
    database = await kind.open();
    masterKeys = await MasterKeys.open(database.orm, new Uint8Array(randomBytes(32)), clock);
    keys = new VideoKeys(database.orm, masterKeys, clock, "LEA-256-GCM");
  });
  afterAll(() => database.close());

  it("stay while a lock on their footage is being set", async () => {
    const { orm } = database;
    await keys.ensure([camera], YESTERDAY);
    const startMicros = Date.parse(YESTERDAY) * 1000 + 3_600_000_000;
    const lock = { id: randomUUID(), cameraId: camera, reason: "case", createdByName: "x", createdAt: new Date(0) };
    let settled = false;
    let revoking: Promise<unknown> | undefined;
    await orm.transaction(async (transaction) => {
      await transaction.insert(evidenceLocks).values({ ...lock, startMicros, endMicros: startMicros + 1 });
      revoking = revoke(keys)
        .catch((error: unknown) => error)
        .finally(() => {
          settled = true;
        });
      // The embedded database does one transaction at a time: there it waits before its first statement.
      if (kind.name === "embedded") return;
      const waiting = async () => (await transaction.execute(sql`select 1 from pg_locks where not granted`)).length;
      await expect.poll(async () => settled || (await waiting()) > 0).toBe(true);
    });
    expect(await revoking).toMatchObject({ code: "keys.locked" });
    expect(await orm.$count(videoDeks)).toBe(1);
    await orm.update(evidenceLocks).set({ releasedAt: new Date(0) });
  });

  it("do not come back into memory by a read that was under way", async () => {
    const id = keys.cached(camera, YESTERDAY)?.id ?? 0;
    const answer = heldBack(database.orm);
    const playback = new VideoKeys(answer.orm, masterKeys, clock, "LEA-256-GCM");
    const found = playback.byId(id);
    await answer.isThere;
    expect(await revoke(playback)).toEqual([id]);
    answer.letGo();
    await expect(found).rejects.toMatchObject({ code: "keys.revoked" });
    await expect(playback.byId(id)).rejects.toMatchObject({ code: "keys.revoked" });
    expect(playback.cached(camera, YESTERDAY)).toBeUndefined();
  });

  it("are overwritten in memory; what was given out before is its holder's", async () => {
    const other = randomUUID();
    await keys.ensure([other], YESTERDAY);
    const inMemory = keys.cached(other, YESTERDAY);
    if (!inMemory) throw new Error("no key");
    const given = await keys.byId(inMemory.id);
    expect(given).toEqual(inMemory);
    keys.forget([inMemory.id]);
    expect(inMemory.dek.every((byte) => byte === 0)).toBe(true);
    expect(given.dek.every((byte) => byte === 0)).toBe(false);
    expect(await keys.byId(inMemory.id)).toEqual(given);
  });
});

/** The first answer to a query is there, and is given only when it is let go. */
function heldBack(orm: Orm): { readonly orm: Orm; readonly isThere: Promise<void>; readonly letGo: () => void } {
  let there = (): void => undefined;
  let letGo = (): void => undefined;
  const isThere = new Promise<void>((done) => {
    there = done;
  });
  const goOn = new Promise<void>((done) => {
    letGo = done;
  });
  const select = () => ({
    from: (table: typeof videoDeks) => ({
      where: async (condition: SQL) => {
        const rows = await orm.select().from(table).where(condition);
        there();
        await goOn;
        return rows;
      },
    }),
  });
  const held = new Proxy(orm, { get: (target, name) => (name === "select" ? select : Reflect.get(target, name)) });
  return { orm: held, isThere, letGo };
}
