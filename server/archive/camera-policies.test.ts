import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ScopedPolicy } from "../../shared/api/recording.ts";
import { millis } from "../../shared/lib/time.ts";
import { CameraStore } from "../control/camera-store.ts";
import { createLog } from "../core/log.ts";
import { removedCameras } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { type Keys, openKeys } from "../keys/open-keys.ts";
import { databases } from "../testkit/temp-db.ts";
import { CameraPolicies } from "./camera-policies.ts";
import { DAY, NOW, RetentionKit } from "./testkit/retention-kit.ts";

const DAYS = { system: 5, Plant: 365, "Plant/Gate": 90 };

describe.each(databases)("settings of cameras that are gone, $name", (kind) => {
  let kit: RetentionKit;
  let keys: Keys;
  let store: CameraStore;
  let all: ScopedPolicy[];
  let cameras: { readonly id: string; readonly group: string }[];
  let policies: CameraPolicies;

  beforeAll(async () => {
    kit = await RetentionKit.open(kind);
    const { orm } = kit.database;
    keys = await openKeys({ orm, rootKey: Buffer.alloc(32, 1), clock: kit.clock, log: createLog("silent") });
    store = new CameraStore(orm, keys.sealer);
  });
  afterAll(async () => {
    await keys.close();
    await kit.close();
  });
  beforeEach(async () => {
    await kit.clear();
    await kit.database.orm.delete(removedCameras);
    cameras = [];
    all = Object.entries(DAYS).map(([target, retentionDays]) => {
      return { scope: target === "system" ? "system" : "group", target, policy: { retentionDays, coldAfterDays: 2 } };
    });
    policies = new CameraPolicies({
      orm: kit.database.orm,
      clock: kit.clock,
      cameras: () => cameras,
      policies: {
        get all() {
          return all;
        },
      },
    });
  });

  async function add(group: string, id: string = randomUUID()): Promise<string> {
    const createdAt = toDate(NOW);
    const fields = { name: "Gate", enabled: true, transport: "auto", allowUntrustedCertificate: false } as const;
    const values = { id, group, ...fields, username: undefined, password: undefined, createdAt, urls: new Map() };
    await store.put(values, createdAt);
    cameras.push({ id, group });
    return id;
  }
  async function remove(id: string): Promise<void> {
    await store.remove(id, toDate(kit.clock.utcMicros()));
    cameras = cameras.filter((camera) => camera.id !== id);
  }
  const retain = async (): Promise<void> => {
    await kit.retention({ policyOf: (id) => policies.of(id), prepare: () => policies.load() }).run();
  };
  const daysOf = (id: string): number | null | undefined => policies.of(id)?.retentionDays.value;

  it("are those of the place where the camera was: its recordings do not go with it", async () => {
    const id = await add("Plant/Gate");
    await kit.record(id, 0, 40);
    await retain();
    await remove(id);
    await retain();
    expect((await kit.left()).length).toBe(40);
    expect(policies.of(id)).toMatchObject({ retentionDays: { value: 90, from: "group:Plant/Gate" } });
    // What the place is given later holds for it too, and what was said of the camera alone still does.
    all = all.map((one) => (one.target === "Plant/Gate" ? { ...one, policy: { retentionDays: 20 } } : one));
    await retain();
    expect((await kit.left())[0]).toBe(21);
    all = [...all, { scope: "camera", target: id, policy: { retentionDays: 10 } }];
    await retain();
    expect((await kit.left())[0]).toBe(11);
  });

  it("are those of its new place when it is brought back", async () => {
    const id = await add("Plant");
    await remove(id);
    await policies.load();
    expect(daysOf(id)).toBe(365);
    await add("", id);
    await policies.load();
    expect(daysOf(id)).toBe(5);
    expect(await kit.database.orm.$count(removedCameras)).toBe(0);
  });

  it("are not known before the cameras are", async () => {
    const id = await add("");
    expect(policies.of(id)).toBeUndefined();
    await policies.load();
    expect(daysOf(id)).toBe(5);
  });

  it("keep the longest where nobody ever knew the camera, and let nothing of it go by size or to another tier", async () => {
    await policies.load();
    const id = randomUUID();
    all = [
      ...all,
      { scope: "camera", target: randomUUID(), policy: { retentionDays: 400, minimumDays: 7, maxBytes: 1 } },
    ];
    all = all.map((one) => (one.scope === "system" ? { ...one, policy: { ...one.policy, maxBytes: 1000 } } : one));
    expect(policies.of(id)).toMatchObject({
      cameraId: id,
      retentionDays: { value: 400, from: "camera" },
      minimumDays: { value: 7 },
      maxBytes: { value: null },
      warmAfterDays: { value: null },
      coldAfterDays: { value: null },
    });
    all = [...all, { scope: "camera", target: id, policy: { retentionDays: 3 } }];
    expect(daysOf(id)).toBe(3);
  });

  it("are forgotten with the last of its recordings, and not before", async () => {
    const [id, none] = [await add("Plant"), await add("Plant")];
    await kit.record(id, 0, 2);
    await remove(id);
    await remove(none);
    await policies.load();
    expect(await kit.database.orm.$count(removedCameras)).toBe(2);
    kit.clock.advance(millis((2 * DAY) / 1000));
    await policies.load();
    const left = await kit.database.orm.select().from(removedCameras);
    expect(left).toMatchObject([{ cameraId: id, groupPath: "Plant" }]);
  });
});
