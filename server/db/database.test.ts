import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { createLog } from "../core/log.ts";
import { databases } from "../testkit/temp-db.ts";
import { openDatabase } from "./database.ts";
import { settings } from "./schema/index.ts";

describe.each(databases)("$name database", ({ open }) => {
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

describe("embedded database", () => {
  it("keeps what was written when it is closed and opened again", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "fv-db-"));
    const options = { url: undefined, dataDir, clock: systemClock(), log: createLog("silent") };
    try {
      const first = await openDatabase(options);
      await first.orm.insert(settings).values({ name: "a", value: "1", updatedAt: new Date() });
      await first.close();
      const second = await openDatabase(options);
      expect((await second.orm.select().from(settings)).map((row) => row.value)).toEqual(["1"]);
      await second.close();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
