import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { createLog } from "../core/log.ts";
import { cameraEvents, segments } from "../db/schema/index.ts";
import { type Keys, openKeys } from "../keys/open-keys.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { CAMERA, START } from "../record/testkit/recording.ts";
import { FakeMedia } from "../testkit/fake-media.ts";
import { embedded, type TempDatabase } from "../testkit/temp-db.ts";
import { Archive, type ArchivedCamera } from "./archive.ts";
import { writeIndex } from "./index-writer.ts";
import { writeSegmentFile } from "./testkit/segment-file.ts";

const DAY = 86_400_000_000;
const log = createLog("silent");
const GATE: ArchivedCamera = {
  ...{ id: CAMERA, name: "Gate", group: "Plant", enabled: true, username: undefined, password: undefined },
  ...{ transport: "auto", allowUntrustedCertificate: false },
  streams: [{ streamId: 1, role: "main", url: "rtsp://10.0.0.1/" }],
};

describe("retention in the server", () => {
  let database: TempDatabase;
  let keys: Keys;
  let folder: string;
  let clock: SimulatedClock;
  let cameras: ArchivedCamera[];
  let archive: Archive;

  beforeEach(async () => {
    database = await embedded.open();
    const { orm } = database;
    clock = new SimulatedClock(START);
    keys = await openKeys({ orm, rootKey: randomBytes(32), clock, log });
    folder = await mkdtemp(join(tmpdir(), "fluxvision-retention-"));
    cameras = [];
    archive = await Archive.start({
      ...{ orm, clock, log, sealer: keys.sealer, media: new FakeMedia(), storageDir: folder },
      outbound: new OutboundGuard({ ownPorts: () => new Set(), loopback: "any" }),
      cameras: () => cameras,
    });
    await archive.policies.put({ scope: "system", target: "system", policy: { retentionDays: 1 } });
    await archive.policies.put({ scope: "group", target: "Plant", policy: { retentionDays: 30 } });
  });
  afterEach(async () => {
    await archive.close();
    await keys.close();
    await database.close();
    await rm(folder, { recursive: true });
  });

  const volume = () => archive.volumes.list().then(([first]) => first);
  async function record(daysAgo: number): Promise<string> {
    const segment = await writeSegmentFile(folder, (await volume())?.id ?? "", { startMicros: START - daysAgo * DAY });
    await writeIndex(database.orm, [{ segment, state: "closed" }], []);
    return segment.path;
  }
  const left = () => database.orm.$count(segments);

  it("begins when the cameras are known, by the settings of their places", async () => {
    await record(20);
    await record(40);
    // A round by hand deletes nothing either: nobody knows yet whose settings the footage follows.
    expect(await archive.retention.run()).toEqual({ files: 0, bytes: 0 });
    const before = clock.pendingTimers;
    cameras = [GATE];
    await archive.camerasKnown();
    expect(clock.pendingTimers).toBe(before + 2);
    expect((await archive.retention.run()).files).toBe(1);
    expect(await left()).toBe(1);
  });

  it("keeps footage of a camera that nobody knows as long as any place does", async () => {
    cameras = [{ ...GATE, id: randomUUID() }];
    await record(20);
    await record(40);
    await archive.camerasKnown();
    await archive.retention.run();
    expect(await left()).toBe(1);
  });

  it("shows a volume that does not let go of a recording, until it does", async () => {
    cameras = [GATE];
    await archive.camerasKnown();
    const path = await record(40);
    // No file any more: it cannot be unlinked.
    await rm(join(folder, path));
    await mkdir(join(folder, path, "in the way"), { recursive: true });
    await archive.retention.run();
    const shown = await volume();
    expect(["failed", "read-only"]).toContain(shown?.state);
    expect(shown?.stateDetail).toContain("recordings cannot be deleted");
    // A recorder that is well there does not take that back.
    archive.volumes.found(shown?.id ?? "", "failed", "it broke");
    archive.volumes.found(shown?.id ?? "", "ok", undefined);
    expect((await volume())?.stateDetail).toContain("recordings cannot be deleted");
    await rm(join(folder, path), { recursive: true });
    await archive.retention.run();
    expect(await volume()).toMatchObject({ state: "ok", stateDetail: null });
    expect(await left()).toBe(0);
  });

  it("names a clock that leapt on the timeline of what is recorded", async () => {
    cameras = [GATE];
    archive.control.review();
    await archive.camerasKnown();
    await record(20);
    await archive.retention.run();
    clock.stepUtc(micros(100 * DAY));
    clock.advance(millis(1000));
    await archive.retention.run();
    expect(await left()).toBe(1);
    // Nobody waits for it.
    await expect.poll(() => database.orm.$count(cameraEvents)).toBe(1);
    const events = await database.orm.select().from(cameraEvents);
    expect(events).toMatchObject([{ cameraId: CAMERA, kind: "storage", data: { state: "clock" } }]);
    expect(events[0]?.title).toMatch(/^the clock leapt from 2026-11-20T10:00:01.*Z to 2027-02-28T10:00:01/);
  });
});
