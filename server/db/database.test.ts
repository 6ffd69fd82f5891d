import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { createLog } from "../core/log.ts";
import { databases } from "../testkit/temp-db.ts";
import { openDatabase } from "./database.ts";
import { settings } from "./schema/index.ts";

/** Creating a cluster is a second of CPU; on a busy machine that is many seconds. */
const timeout = 120_000;

describe.each(databases)("$name database", { timeout }, ({ open }) => {
  it("has the schema and answers", async () => {
    const database = await open();
    try {
      await database.ping();
      await database.orm.insert(settings).values({ name: "a", value: "1", updatedAt: new Date(0) });
      expect(await database.orm.select().from(settings)).toEqual([{ name: "a", value: "1", updatedAt: new Date(0) }]);
    } finally {
      await database.close();
    }
  });
});

describe("embedded database", { timeout }, () => {
  it("keeps what was written over a restart, and is refused once a newer version has been at it", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "fv-db-"));
    const options = { url: undefined, dataDir, clock: systemClock(), log: createLog("silent") };
    try {
      const first = await openDatabase(options);
      await first.orm.insert(settings).values({ name: "a", value: "1", updatedAt: new Date() });
      await first.close();
      const second = await openDatabase(options);
      expect((await second.orm.select().from(settings)).map((row) => row.value)).toEqual(["1"]);
      await second.orm.execute("update drizzle.__drizzle_migrations set created_at = created_at + 1");
      await second.close();
      await expect(openDatabase(options)).rejects.toMatchObject({ code: "database.newer" });
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
