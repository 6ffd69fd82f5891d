import { access, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLog } from "../core/log.ts";
import { segments, storageVolumes } from "../db/schema/index.ts";
import { START } from "../record/testkit/recording.ts";
import { embedded, type TempDatabase } from "../testkit/temp-db.ts";
import { writeIndex } from "./index-writer.ts";
import { recover } from "./recovery.ts";
import { writeSegmentFile } from "./testkit/segment-file.ts";
import { storeOf, volumeRow } from "./testkit/volume-row.ts";

let database: TempDatabase;
let root: string;

beforeAll(async () => {
  database = await embedded.open();
  root = await mkdtemp(join(tmpdir(), "fluxvision-recovery-"));
});
afterAll(async () => {
  await database.close();
  await rm(root, { recursive: true });
});

it("a file that cannot be deleted keeps no other from being found, and is not taken for a new recording", async () => {
  const { orm } = database;
  const volume = volumeRow({ location: root });
  await orm.insert(storageVolumes).values(volume);
  const places = { rows: [volume], store: (id: string) => storeOf([volume], id) };
  await places.store(volume.id).claim();
  const record = (seconds: number, closed = true) =>
    writeSegmentFile(root, volume.id, { startMicros: START + seconds * 1_000_000, seconds: 5, closed, generation: 7 });
  const [stuck, condemned, left] = [await record(0), await record(10), await record(20, false)];
  await writeIndex(
    orm,
    [stuck, condemned].map((segment) => ({ segment, state: "closed" })),
    [],
  );
  await orm.update(segments).set({ state: "deleting" });
  // No call that removes a file removes this.
  await rm(join(root, stuck.path));
  await mkdir(join(root, stuck.path, "within"), { recursive: true });

  // Nobody's recording, though it is called like one.
  await mkdir(join(root, left.path.replace(/-\d+$/, "-99")));

  const report = await recover(orm, places, createLog("silent"));
  expect(report).toMatchObject({ indexed: 1, strange: 1, forgotten: 0 });
  const rows = await orm.select({ path: segments.path, state: segments.state }).from(segments);
  expect(new Map(rows.map(({ path, state }) => [path, state]))).toEqual(
    new Map([
      [stuck.path, "deleting"],
      [left.path, "closed"],
    ]),
  );
  await expect(access(join(root, condemned.path))).rejects.toThrow("ENOENT");
});
