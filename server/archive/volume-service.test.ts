import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { createLog } from "../core/log.ts";
import { openKeys } from "../keys/open-keys.ts";
import { embedded, type TempDatabase } from "../testkit/temp-db.ts";
import { VolumeService } from "./volume-service.ts";

let database: TempDatabase;
let root: string;
beforeAll(async () => {
  database = await embedded.open();
  root = await mkdtemp(join(tmpdir(), "fluxvision-volumes-"));
});
afterAll(async () => {
  await database.close();
  await rm(root, { recursive: true });
});

it("a volume that recordings go to is turned off, and left by its recorders, before it is removed", async () => {
  const { orm } = database;
  const clock = new SimulatedClock();
  const keys = await openKeys({ orm, rootKey: new Uint8Array(32).fill(2), clock, log: createLog("silent") });
  const written = new Set<string>();
  const service = new VolumeService({
    ...{ orm, clock, sealer: keys.sealer, random: Math.random, fetch: globalThis.fetch },
    ...{ checkUrl: () => undefined, onChange: () => undefined, onAlarm: () => undefined },
    defaultFolder: join(root, "first"),
    isWritten: (id) => written.has(id),
  });
  await service.start();
  const body = { name: "Second", kind: "local", tier: "hot", location: join(root, "second") } as const;
  const id = await service.create(body);
  const removed = () =>
    service.remove(id).then(
      () => "",
      (error: { code?: string }) => error.code,
    );

  expect(await removed()).toBe("storage.not_off");
  written.add(id);
  await service.update(id, { ...body, enabled: false });
  // The recorder may have begun a file before it heard of this, and tells of it a moment later.
  expect(await removed()).toBe("storage.still_written");
  clock.advance(millis(10_000));
  expect(await removed()).toBe("storage.still_written");
  written.clear();
  expect(await removed()).toBe("");
  expect(service.rows.map(({ name }) => name)).toEqual(["Recordings"]);

  // Nothing is recorded to the other tiers' volumes but by moves, which are rows.
  const warm = await service.create({ name: "NAS", kind: "local", tier: "warm", location: join(root, "warm") });
  await service.remove(warm);
  await service.close();
  await keys.close();
});
