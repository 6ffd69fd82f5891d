import { randomBytes, randomUUID } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeyInventory } from "../../shared/api/keys.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { volumeRow } from "../archive/testkit/volume-row.ts";
import { createLog } from "../core/log.ts";
import { evidenceLocks, meks, segments, settings, storageVolumes, videoDeks } from "../db/schema/index.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { ADMIN_PASSWORD, startTestServer } from "../testkit/test-server.ts";
import { dayOfEpoch, epochAt } from "./epoch.ts";
import { type Keys, openKeys } from "./open-keys.ts";

const log = createLog("silent");
const MORNING = micros(Date.UTC(2026, 10, 20, 8) * 1000);
const DAY_MS = 86_400_000;
const DAY_MICROS = DAY_MS * 1000;

describe.each(databases)("keys over time, $name", (kind) => {
  let database: TempDatabase;
  let clock: SimulatedClock;
  let keys: Keys;
  const rootKey = new Uint8Array(randomBytes(32));
  const camera = randomUUID();

  beforeAll(async () => {
    database = await kind.open();
    clock = new SimulatedClock(MORNING);
    keys = await openKeys({ orm: database.orm, rootKey, clock, log });
    await keys.generations.record(1);
  });
  afterAll(async () => {
    await keys.close();
    await database.close();
  });

  const keyNow = async (of = keys) => {
    const [now] = await of.service.viewKeys(camera, 1);
    if (!now) throw new Error("no key");
    return now;
  };

  it("a new master key takes over what the old one wrapped, and opens the same keys", async () => {
    const { orm } = database;
    const before = await keyNow();
    await orm.insert(settings).values({
      name: "test.secret",
      value: keys.sealer.seal("test.secret", "hush"),
      updatedAt: new Date(),
    });
    const first = keys.masterKeys.currentId;
    const second = await keys.rotation.rotate();
    await keys.rotation.settled();
    expect(second).not.toBe(first);
    expect(keys.rotation.progress).toMatchObject({ running: false, failed: undefined });
    expect(keys.rotation.progress.done).toBe(keys.rotation.progress.total);
    expect(await orm.$count(videoDeks, eq(videoDeks.mekId, first))).toBe(0);
    const [old] = await orm.select().from(meks).where(eq(meks.id, first));
    expect(old?.retiredAt).not.toBeNull();

    // A server that starts afterwards, with nothing in memory.
    const fresh = await openKeys({ orm, rootKey, clock, log });
    expect(fresh.masterKeys.currentId).toBe(second);
    expect(await fresh.service.epochKey(camera, before.keyId, 1, before.epoch)).toEqual(before);
    const [row] = await orm.select().from(settings).where(eq(settings.name, "test.secret"));
    expect(row?.value).toMatch(new RegExp(`^aria256gcm:${second}:`));
    expect(fresh.sealer.open("test.secret", row?.value ?? "")).toBe("hush");
    await fresh.close();
  });

  it("a rotation that was cut off goes on at the next start", async () => {
    // What a crash right after the new key leaves: the new key is there, nothing is wrapped with it.
    const before = await keyNow();
    const first = keys.masterKeys.currentId;
    const second = await keys.masterKeys.renew();
    const next = await openKeys({ orm: database.orm, rootKey, clock, log });
    await next.rotation.look();
    expect(await database.orm.$count(videoDeks, eq(videoDeks.mekId, first))).toBe(0);
    expect((await next.masterKeys.list()).find(({ id }) => id === second)?.retiredAt).toBeNull();
    expect((await keyNow(next)).key).toEqual(before.key);
    await next.close();
  });

  it("is renewed after a year, not before", async () => {
    const own = new SimulatedClock(micros(MORNING + 200 * DAY_MS * 1000));
    const young = await openKeys({ orm: database.orm, rootKey, clock: own, log });
    const { currentId } = young.masterKeys;
    await young.rotation.look();
    expect(young.masterKeys.currentId).toBe(currentId);
    own.advance(millis(170 * DAY_MS));
    await young.rotation.look();
    await young.rotation.settled();
    expect(young.masterKeys.currentId).not.toBe(currentId);
    await young.close();
    keys = await openKeys({ orm: database.orm, rootKey, clock, log });
  });

  it("a destroyed key is gone from memory and from the database's files, and says so", async () => {
    const { orm } = database;
    const key = await keyNow();
    const [row] = await orm.select().from(videoDeks).where(eq(videoDeks.id, key.keyId));
    const day = dayOfEpoch(key.epoch);
    const revoke = (toDay: string) =>
      keys.revocation.revoke({ cameraId: camera, fromDay: day, toDay, reason: "court order", byName: "admin" });
    await expect(revoke(day)).rejects.toMatchObject({ code: "keys.in_use" });
    clock.advance(millis(DAY_MS));
    await keyNow();

    const lock = { id: randomUUID(), cameraId: camera, reason: "case", createdByName: "x", createdAt: new Date() };
    const startMicros = Date.parse(day) * 1000 + 3_600_000_000;
    await orm.insert(evidenceLocks).values({ ...lock, startMicros, endMicros: startMicros + 1 });
    await expect(revoke(day)).rejects.toMatchObject({ code: "keys.locked" });
    await orm.update(evidenceLocks).set({ releasedAt: new Date() });

    // The first picture after midnight needs the keyframe before it; the last before it was sealed after midnight.
    const [first, next] = [Date.parse(day) * 1000, Date.parse(day) * 1000 + DAY_MICROS];
    const near = [
      { startMicros: next + 200_000, endMicros: next + 60_000_000 },
      { startMicros: first - 60_000_000, endMicros: first - 40_000 },
    ];
    for (const range of near) {
      await orm.insert(evidenceLocks).values({ ...lock, id: randomUUID(), ...range });
      await expect(revoke(day)).rejects.toMatchObject({ code: "keys.locked" });
      await orm.update(evidenceLocks).set({ releasedAt: new Date() });
    }

    // A GOP of minutes, or a clock that was set: the segment says which key it begins with.
    const volume = volumeRow({ location: "/nowhere" });
    await orm.insert(storageVolumes).values(volume);
    const times = { startMicros: next - 1_000_000, endMicros: next + 400_000_000 };
    const of = {
      cameraId: camera,
      streamId: 1,
      role: "main",
      runId: randomUUID(),
      keyId: key.keyId,
      codec: 1,
    } as const;
    const counts = { bytes: 1, frames: 1, keyframes: 1, audioFrames: 0, codecString: "avc1", width: 1, height: 1 };
    await orm.insert(segments).values({ volumeId: volume.id, path: "a", ...times, ...of, ...counts, state: "closed" });
    const late = { startMicros: next + 300_000_000, endMicros: next + 300_000_001 };
    await orm.insert(evidenceLocks).values({ ...lock, id: randomUUID(), ...late });
    await expect(revoke(day)).rejects.toMatchObject({ code: "keys.locked" });
    await orm.update(evidenceLocks).set({ releasedAt: new Date() });

    expect(await revoke(day)).toEqual([key.keyId]);
    await expect(keys.service.epochKey(camera, key.keyId, 1, key.epoch)).rejects.toMatchObject({
      code: "keys.revoked",
    });
    const [file] = await orm.execute<{ bytes: string }>(
      sql`select encode(pg_read_binary_file(pg_relation_filepath('video_deks')), 'hex') as bytes`,
    );
    const wrapped = Buffer.from(row?.wrapped ?? []).toString("hex");
    expect(wrapped).toHaveLength(120);
    expect(file?.bytes.includes(wrapped)).toBe(false);
    // The next day's key is another one and stays.
    const later = await keyNow();
    expect(later.keyId).not.toBe(key.keyId);
    expect(epochAt(clock.utcMicros())).toBe(later.epoch);
  });
});

describe("the routes", () => {
  it("list keys without key material, rotate, and destroy only with the caller's password", async () => {
    const server = await startTestServer();
    const camera = await server.addCamera("Gate");
    const { accessToken: token } = await server.login("admin");
    await server.keys.service.viewKeys(camera.id, 1);
    const read = async () => (await (await server.call("GET", "/api/v1/keys", { token })).json()) as KeyInventory;
    const first = await read();
    expect(first.masterKeys).toHaveLength(1);
    expect(first.videoKeys.total).toBeGreaterThan(0);
    expect((await server.call("POST", "/api/v1/keys/rotate", { token, body: {} })).status).toBe(202);
    await server.keys.rotation.settled();
    const second = await read();
    expect(second.masterKeys.map(({ current }) => current)).toEqual([false, true]);
    expect(second.masterKeys[0]?.videoKeys).toBe(0);
    expect(second.masterKeys[1]?.videoKeys).toBe(second.videoKeys.total);

    const body = { cameraId: camera.id, fromDay: "2026-01-01", toDay: "2026-01-02", reason: "order" };
    const wrong = await server.call("POST", "/api/v1/keys/revoke", { token, body: { ...body, password: "guess" } });
    expect(wrong.status).toBe(403);
    const right = await server.call("POST", "/api/v1/keys/revoke", {
      token,
      body: { ...body, password: ADMIN_PASSWORD },
    });
    expect(await right.json()).toEqual({ keys: 0 });
    await server.close();
  });
});
