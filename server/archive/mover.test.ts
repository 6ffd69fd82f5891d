import { createHash } from "node:crypto";
import { readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { effectivePolicy } from "../../shared/recording/policy.ts";
import { createLog } from "../core/log.ts";
import { evidenceLocks, recordingRuns, segmentMoves, segments } from "../db/schema/index.ts";
import { CAMERA } from "../record/testkit/recording.ts";
import { databases } from "../testkit/temp-db.ts";
import { type MoverVolumes, StopHere } from "./mover.ts";
import { MOVE_STEPS, type MoveStep } from "./moves.ts";
import { Retention } from "./retention.ts";
import { startBucketServer } from "./testkit/bucket-server.ts";
import { Tiers } from "./testkit/tiers.ts";

describe.each(databases)("tiers, $name", (kind) => {
  let tiers: Tiers;
  beforeAll(async () => {
    tiers = await Tiers.open(kind);
  });
  afterAll(() => tiers.close());
  beforeEach(async () => {
    tiers.policy = {};
    tiers.fetch = globalThis.fetch;
    const { orm } = tiers.database;
    for (const table of [segmentMoves, segments, recordingRuns, evidenceLocks]) await orm.delete(table);
    for (const tier of ["hot", "warm"] as const)
      await rm(join(tiers.folder(tier), CAMERA), { recursive: true, force: true });
    const bucket = tiers.volumes.store(tiers.ids.cold);
    for await (const page of bucket.list()) for (const { path } of page) await bucket.remove(path);
    await tiers.volumes.look();
  });

  const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  const bytesOf = async (id: string, path: string): Promise<Uint8Array> => {
    const source = await tiers.volumes.store(id).open(path);
    const bytes = await source.readAt(0, source.bytes);
    await source.close();
    return bytes;
  };

  it("move by age, byte for byte; the older to the cold tier at once", async () => {
    const segmentsMade = [await tiers.record(40), await tiers.record(10), await tiers.record(1)];
    const before = await Promise.all(segmentsMade.map(({ path }) => readFile(join(tiers.folder("hot"), path))));
    tiers.policy = { warmAfterDays: 7, coldAfterDays: 30 };
    const mover = tiers.mover();
    expect((await mover.status()).waiting).toMatchObject([
      { tier: "warm", files: 2 },
      { tier: "cold", files: 1 },
    ]);
    await mover.run();
    await mover.run();
    expect(await tiers.places()).toEqual(["cold closed", "warm closed", "hot closed"]);
    const { hot, warm, cold } = await tiers.files();
    expect([hot.length, warm.length, cold.length, await tiers.moves()]).toEqual([1, 1, 1, 0]);
    expect(hash(await bytesOf(tiers.ids.cold, segmentsMade[0]?.path ?? ""))).toBe(hash(before[0] ?? Buffer.alloc(0)));
    const copy = join(tiers.folder("warm"), segmentsMade[1]?.path ?? "");
    expect(hash(await readFile(copy))).toBe(hash(before[1] ?? Buffer.alloc(0)));
    expect((await stat(copy)).mode & 0o777).toBe(0o600);
    expect(await mover.status()).toMatchObject({ moved: { files: expect.any(Number) }, errors: [], moving: [] });
    expect(await tiers.check()).toEqual([]);
    await mover.close();
  });

  it("moves a file of more than 16 MiB to a bucket in parts", async () => {
    const made = await tiers.record(40, { seconds: 4, payload: 200_000 });
    expect(made.bytes).toBeGreaterThan(16 * 1024 * 1024);
    const before = hash(await readFile(join(tiers.folder("hot"), made.path)));
    tiers.policy = { coldAfterDays: 30 };
    const mover = tiers.mover();
    await mover.run();
    expect(await tiers.places()).toEqual(["cold closed"]);
    expect(hash(await bytesOf(tiers.ids.cold, made.path))).toBe(before);
    await mover.close();
  });

  /** What a process that ends at this point leaves, and what the next one makes of it. */
  const crashes = MOVE_STEPS.flatMap((step) => (["warm", "cold"] as const).map((tier) => ({ step, tier })));
  it.each(crashes)("a crash after `$step` to the $tier tier loses and leaves nothing", async ({ step, tier }) => {
    const made = await tiers.record(40);
    const before = hash(await readFile(join(tiers.folder("hot"), made.path)));
    tiers.policy = tier === "warm" ? { warmAfterDays: 7 } : { coldAfterDays: 7 };
    let reached: MoveStep | undefined;
    await tiers
      .mover({
        onStep: async (now) => {
          reached = now;
          if (now === step) throw new StopHere();
        },
      })
      .run();
    expect(reached).toBe(step);
    // In the meantime it can be read where the index says.
    const [row] = await tiers.database.orm.select().from(segments);
    expect(hash(await bytesOf(row?.volumeId ?? "", row?.path ?? ""))).toBe(before);
    if (step !== "done") expect((await tiers.check()).map((finding) => finding.kind)).toContain("unfinished");

    // As at a start: moves are ended first, then files are looked through.
    const next = tiers.mover();
    await next.settle();
    expect(await tiers.recover()).toMatchObject({ indexed: 0, removed: 0, forgotten: 0 });
    expect(await tiers.moves()).toBe(0);
    expect(await tiers.check()).toEqual([]);
    const { hot, warm, cold } = await tiers.files();
    expect(hot.length + warm.length + cold.length).toBe(1);
    await next.run();
    expect(await tiers.places()).toEqual([`${tier} closed`]);
    const [moved] = await tiers.database.orm.select().from(segments);
    expect(hash(await bytesOf(moved?.volumeId ?? "", moved?.path ?? ""))).toBe(before);
    await next.close();
  });

  it.each(["warm", "cold"] as const)(
    "`check --repair` ends what a crash left on the way to the %s tier",
    async (tier) => {
      for (const step of ["copied", "switched"] as const) {
        await tiers.record(step === "copied" ? 40 : 41);
        tiers.policy = tier === "warm" ? { warmAfterDays: 7 } : { coldAfterDays: 7 };
        await tiers
          .mover({
            onStep: async (now) => {
              if (now === step) throw new StopHere();
            },
          })
          .run();
        tiers.policy = {};
        expect((await tiers.check({ repair: true })).every(({ repaired }) => repaired)).toBe(true);
        expect(await tiers.check()).toEqual([]);
        expect(await tiers.moves()).toBe(0);
      }
    },
  );

  it("rebuilds the index of a bucket and of a warm folder from what lies there", async () => {
    await tiers.record(40);
    await tiers.record(10);
    tiers.policy = { warmAfterDays: 7, coldAfterDays: 30 };
    const mover = tiers.mover();
    await mover.run();
    await mover.run();
    await mover.close();
    const rows = (await tiers.database.orm.select().from(segments).orderBy(segments.startMicros)).map(
      ({ id: _, ...row }) => row,
    );
    await tiers.database.orm.delete(segments);
    await tiers.database.orm.delete(recordingRuns);
    expect((await tiers.check({ repair: true })).map((finding) => finding.kind)).toEqual([
      "unknown-file",
      "unknown-file",
    ]);
    const again = await tiers.database.orm.select().from(segments).orderBy(segments.startMicros);
    expect(again.map(({ id: _, ...row }) => row)).toEqual(rows);
    expect(await tiers.check()).toEqual([]);
  });

  it("a bucket that cannot be reached: nothing is concluded from it, and nothing is forgotten", async () => {
    await tiers.record(40);
    tiers.policy = { coldAfterDays: 7 };
    const mover = tiers.mover();
    await mover.run();
    await mover.close();
    tiers.fetch = () => Promise.reject(new TypeError("fetch failed"));
    const findings = await tiers.check({ repair: true });
    expect(findings).toMatchObject([
      { kind: "unreachable", repaired: false, message: expect.stringContaining("1 recordings") },
    ]);
    expect(await tiers.places()).toEqual(["cold closed"]);
  });

  it("an unmounted warm disk: its recordings stay in the index", async () => {
    await tiers.record(40);
    tiers.policy = { warmAfterDays: 7 };
    const mover = tiers.mover();
    await mover.run();
    await mover.close();
    const marker = join(tiers.folder("warm"), ".fluxvision-volume");
    const id = await readFile(marker, "utf8");
    await unlink(marker);
    expect(await tiers.check({ repair: true })).toMatchObject([{ kind: "unreachable" }]);
    expect(await tiers.places()).toEqual(["warm closed"]);
    await writeFile(marker, id);
  });

  it("does not believe a copy that differs, and leaves nothing of it", async () => {
    await tiers.record(40);
    tiers.policy = { coldAfterDays: 7 };
    // One byte changes on the way, as by memory that fails; the store says the ETag of what it got.
    tiers.fetch = async (input, init) => {
      const body = init?.body;
      if (init?.method !== "PUT" || !(body instanceof Uint8Array)) return globalThis.fetch(input, init);
      const changed = Uint8Array.from(body);
      changed[300] = (changed[300] ?? 0) ^ 1;
      return globalThis.fetch(input, { ...init, body: changed });
    };
    const mover = tiers.mover();
    await mover.run();
    expect(await tiers.places()).toEqual(["hot closed"]);
    expect((await tiers.files()).cold).toEqual([]);
    expect(await tiers.moves()).toBe(0);
    const status = await mover.status();
    expect(status.errors).toMatchObject([{ code: "storage.not_verified", volumeId: tiers.ids.cold }]);
    expect(status.paused).toMatchObject([{ volumeId: tiers.ids.cold }]);
    expect((await tiers.volumes.list()).find(({ id }) => id === tiers.ids.cold)).toMatchObject({ state: "failed" });
    tiers.fetch = globalThis.fetch;
    mover.resume();
    await mover.run();
    expect(await tiers.places()).toEqual(["cold closed"]);
    expect((await tiers.volumes.list()).find(({ id }) => id === tiers.ids.cold)).toMatchObject({ state: "ok" });
    await mover.close();
  });

  it("a bucket that is away: told, the warm tier goes on, and it is resumed", async () => {
    await tiers.record(40);
    await tiers.record(10);
    tiers.policy = { warmAfterDays: 7, coldAfterDays: 30 };
    tiers.fetch = () => Promise.reject(new TypeError("fetch failed"));
    await tiers.volumes.look();
    const mover = tiers.mover();
    await mover.run();
    expect(await tiers.places()).toEqual(["warm closed", "warm closed"]);
    expect((await tiers.volumes.list()).find(({ id }) => id === tiers.ids.cold)).toMatchObject({
      state: "failed",
      stateDetail: expect.stringContaining("cannot be reached"),
    });
    tiers.fetch = globalThis.fetch;
    await tiers.volumes.look();
    await mover.run();
    expect(await tiers.places()).toEqual(["cold closed", "warm closed"]);
    await mover.close();
  });

  it("a stop in the middle of a copy undoes it", async () => {
    await tiers.record(40);
    tiers.policy = { coldAfterDays: 7 };
    let arrived: () => void = () => undefined;
    const putting = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    tiers.fetch = (input, init) => {
      if (init?.method !== "PUT") return globalThis.fetch(input, init);
      arrived();
      return new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    };
    const mover = tiers.mover();
    const running = mover.run();
    await putting;
    expect((await mover.status()).moving).toMatchObject([{ toVolumeId: tiers.ids.cold }]);
    expect(await tiers.places()).toEqual(["hot moving"]);
    await mover.close();
    await running;
    expect(await tiers.places()).toEqual(["hot closed"]);
    expect(await tiers.moves()).toBe(0);
  });

  it("a recording that cannot be read is told and left, and the others move", async () => {
    const bad = await tiers.record(41);
    await tiers.record(40);
    await writeFile(join(tiers.folder("hot"), bad.path), "shorter");
    tiers.policy = { warmAfterDays: 7 };
    const mover = tiers.mover();
    await mover.run();
    expect(await tiers.places()).toEqual(["hot closed", "warm closed"]);
    expect((await mover.status()).errors).toMatchObject([{ code: "storage.source_failed", path: bad.path }]);
    await mover.close();
  });

  it("two recordings of the same name keep their own", async () => {
    const first = await tiers.record(40);
    tiers.policy = { warmAfterDays: 7 };
    const mover = tiers.mover();
    await mover.run();
    // Another hot volume had one of that second too.
    const second = await tiers.record(40, { seconds: 1 });
    expect(second.path).toBe(first.path);
    await mover.run();
    const rows = await tiers.database.orm.select().from(segments).orderBy(segments.id);
    expect(rows.map(({ path }) => path)).toEqual([first.path, `${first.path}-1`]);
    expect(rows.map(({ bytes }) => bytes)).toEqual([first.bytes, second.bytes]);
    expect(await tiers.check()).toMatchObject([{ kind: "overlap" }]);
    await mover.close();
  });

  it("a disk that is fuller than allowed is relieved of its oldest, as much as is too much", async () => {
    const made = [];
    for (let days = 5; days > 0; days--) made.push(await tiers.record(days));
    const each = made[0]?.bytes ?? 0;
    // What the disk says is too much goes down with what is moved, as it does on a real one.
    const tooMuch = each + 1;
    let moved = 0;
    const { rows, ids } = { rows: tiers.volumes.rows, ids: tiers.ids };
    const volumes: MoverVolumes = {
      rows,
      store: (id) => tiers.volumes.store(id),
      isWell: (id) => tiers.volumes.isWell(id),
      roomBytes: () => undefined,
      found: () => undefined,
      overfullBytes: ({ id }) => (id === ids.hot ? Math.max(0, tooMuch - moved) : 0),
    };
    const mover = tiers.mover({
      volumes,
      onMoved: () => {
        moved += each;
      },
    });
    await mover.run();
    expect(await tiers.places()).toEqual(["warm closed", "warm closed", "hot closed", "hot closed", "hot closed"]);
    await mover.close();
  });

  it("retention covers every tier, and a lock holds in every tier", async () => {
    await tiers.record(41);
    const locked = await tiers.record(40);
    await tiers.record(10);
    tiers.policy = { warmAfterDays: 7, coldAfterDays: 30 };
    const mover = tiers.mover();
    await mover.run();
    await mover.run();
    await mover.close();
    expect(await tiers.places()).toEqual(["cold closed", "cold closed", "warm closed"]);
    const lock = { id: crypto.randomUUID(), cameraId: CAMERA, reason: "theft", createdByName: "anna" };
    const range = { startMicros: locked.startMicros, endMicros: locked.endMicros };
    await tiers.database.orm.insert(evidenceLocks).values({ ...lock, ...range, createdAt: new Date(0) });
    const retention = new Retention({
      orm: tiers.database.orm,
      clock: tiers.clock,
      log: createLog("silent"),
      policyOf: (id) =>
        effectivePolicy({ id, group: "" }, [{ scope: "system", target: "system", policy: { retentionDays: 5 } }]),
      volumes: tiers.volumes,
      missingBytes: () => 0,
      onStuck: () => undefined,
    });
    // While the bucket is away, nothing of it is deleted, nor marked.
    tiers.fetch = () => Promise.reject(new TypeError("fetch failed"));
    await tiers.volumes.look();
    await retention.run();
    expect(await tiers.places()).toEqual(["cold closed", "cold closed"]);
    tiers.fetch = globalThis.fetch;
    await tiers.volumes.look();
    await retention.run();
    expect(await tiers.places()).toEqual(["cold closed"]);
    expect(await tiers.files()).toMatchObject({ hot: [], warm: [], cold: [locked.path.split("/").at(-1)] });
    await retention.close();
    expect(await tiers.check()).toEqual([]);
  });

  it("a volume whose files are still being moved cannot be forgotten, nor be put elsewhere", async () => {
    await tiers.record(40);
    tiers.policy = { warmAfterDays: 7 };
    await tiers
      .mover({
        onStep: async (now) => {
          if (now === "switched") throw new StopHere();
        },
      })
      .run();
    await expect(tiers.volumes.remove(tiers.ids.hot)).rejects.toMatchObject({ code: "storage.in_use" });
    await expect(tiers.volumes.remove(tiers.ids.warm)).rejects.toMatchObject({ code: "storage.in_use" });
    const mover = tiers.mover();
    await mover.settle();
    await mover.close();
  });
});

describe("a bucket as a volume", () => {
  it("is marked, refuses another server's, and keeps its credentials sealed", async () => {
    const [kind] = databases;
    if (!kind) throw new Error("a database");
    const tiers = await Tiers.open(kind);
    const other = await startBucketServer();
    try {
      const place = { name: "Two", kind: "s3", tier: "cold", location: `${tiers.bucket.location}/site` } as const;
      const keys = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
      await expect(tiers.volumes.create({ ...place, ...keys })).rejects.toMatchObject({ code: "storage.other_volume" });
      await expect(tiers.volumes.create({ ...place, location: other.location })).rejects.toMatchObject({
        code: "storage.no_credentials",
      });
      await expect(tiers.volumes.create({ ...place, ...keys, tier: "hot" })).rejects.toMatchObject({ field: "tier" });
      await expect(
        tiers.volumes.create({ ...place, ...keys, accessKeyId: "stranger", location: other.location }),
      ).rejects.toMatchObject({ code: "storage.denied" });
      const stored = tiers.volumes.byId(tiers.ids.cold);
      expect(stored?.credentialsSealed).toMatch(/^aria256gcm:/);
      expect(JSON.stringify(await tiers.volumes.list())).not.toContain("S3RVER");
      // A change without credentials keeps them.
      await tiers.volumes.update(tiers.ids.cold, { ...place, name: "Renamed" });
      expect(tiers.volumes.byId(tiers.ids.cold)).toMatchObject({
        name: "Renamed",
        credentialsSealed: stored?.credentialsSealed,
      });
      await tiers.volumes.store(tiers.ids.cold).probe();
    } finally {
      await other.close();
      await tiers.close();
    }
  });
});
