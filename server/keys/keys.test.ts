import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { createLog } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { ariaOpen, ariaSeal } from "./aria.ts";
import { dayOfEpoch, deriveEpochKey, epochAt, nextDayEpoch } from "./epoch.ts";
import { openKeys } from "./open-keys.ts";
import { loadRootKey } from "./root-key.ts";

const log = createLog("silent");
/** 2026-11-20 23:35 UTC: the next epochs lie on both sides of midnight. */
const LATE_EVENING = micros(Date.UTC(2026, 10, 20, 23, 35) * 1000);

describe("root key file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "fv-root-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("is made once, closed to others, even when many start at once", async () => {
    const file = join(folder, "root.key");
    const loaded = await Promise.all(Array.from({ length: 8 }, () => loadRootKey(file, undefined)));
    expect(new Set(loaded.map(({ key }) => Buffer.from(key).toString("hex"))).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await loadRootKey(file, undefined)).toMatchObject({ origin: "file", exposed: false });
  });

  it("may come from the environment, in hex or base64", async () => {
    const key = new Uint8Array(randomBytes(32));
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      const text = Buffer.from(key).toString(encoding);
      expect(await loadRootKey(join(folder, "none"), text)).toEqual({ key, origin: "environment", exposed: false });
    }
  });

  it("is refused when damaged, and reported when others can read it", async () => {
    const file = join(folder, "root.key");
    await writeFile(file, "c2hvcnQ=\n");
    await expect(loadRootKey(file, undefined)).rejects.toMatchObject({ code: "keys.root_key_unreadable" });
    await writeFile(file, `${randomBytes(32).toString("base64")}\n`, { mode: 0o644 });
    expect(await loadRootKey(file, undefined)).toMatchObject({ exposed: true });
  });
});

describe("ARIA-256-GCM", () => {
  it("opens what it sealed, and nothing else", () => {
    const key = randomBytes(32);
    const sealed = ariaSeal(key, Buffer.from("secret"), "context");
    expect(Buffer.from(ariaOpen(key, sealed, "context")).toString()).toBe("secret");
    expect(() => ariaOpen(key, sealed, "other")).toThrow(/does not open/);
    expect(() => ariaOpen(randomBytes(32), sealed, "context")).toThrow(/does not open/);
    for (let i = 0; i < sealed.length; i++) {
      const changed = Uint8Array.from(sealed, (byte, at) => (at === i ? byte ^ 1 : byte));
      expect(() => ariaOpen(key, changed, "context")).toThrow(/does not open/);
    }
    expect(() => ariaOpen(key, sealed.subarray(0, 27), "context")).toThrow(/too short/);
  });
});

describe("epochs", () => {
  it("lie in one UTC day each", () => {
    const epoch = epochAt(LATE_EVENING);
    expect(dayOfEpoch(epoch)).toBe("2026-11-20");
    expect(dayOfEpoch(nextDayEpoch(epoch) - 1)).toBe("2026-11-20");
    expect(dayOfEpoch(nextDayEpoch(epoch))).toBe("2026-11-21");
  });

  it("have keys that differ by camera, epoch, generation and salt (known answer)", () => {
    const dek = new Uint8Array(32).fill(1);
    const salt = new Uint8Array(16).fill(2);
    const camera = "6f1f6a0e-3b0d-4a38-9d0a-0d6d2d6f7a11";
    const key = deriveEpochKey(dek, salt, 2_983_317, 7, camera);
    expect(Buffer.from(key).toString("hex")).toBe("7f77deecc66c6b65439eb16aa6353445a285d2b9f898167e93b2a7b1b8766456");
    const others = [
      deriveEpochKey(dek, salt, 2_983_318, 7, camera),
      deriveEpochKey(dek, salt, 2_983_317, 8, camera),
      deriveEpochKey(dek, salt, 2_983_317, 7, randomUUID()),
      deriveEpochKey(dek, new Uint8Array(16).fill(3), 2_983_317, 7, camera),
    ];
    expect(new Set([key, ...others].map((bytes) => Buffer.from(bytes).toString("hex"))).size).toBe(5);
  });
});

describe.each(databases)("keys in the database, $name", (kind) => {
  let database: TempDatabase;
  const rootKey = randomBytes(32);
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.close());

  const open = (clock: SimulatedClock, orm: Orm = database.orm) => openKeys({ orm, rootKey, clock, log });

  it("survive a restart, agree between two servers, and refuse another root key", async () => {
    const clock = new SimulatedClock(LATE_EVENING);
    const [first, second] = await Promise.all([open(clock), open(clock)]);
    const generation = (await first.generations.highest()) + 1;
    await first.generations.record(generation);
    const camera = randomUUID();
    const answers = await Promise.all(
      [first, second, await open(clock)].map(({ service }) => service.sealKeys(camera, generation)),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(first.sealer.open("a|1", second.sealer.seal("a|1", "text"))).toBe("text");
    expect(() => first.sealer.open("a|2", second.sealer.seal("a|1", "text"))).toThrow(/does not open/);
    const wrong = openKeys({ orm: database.orm, rootKey: randomBytes(32), clock, log });
    await expect(wrong).rejects.toMatchObject({ code: "keys.wrong_root_key" });
    await Promise.all([first.close(), second.close()]);
  });

  it("give a generation number to one server only", async () => {
    const { generations } = await open(new SimulatedClock(LATE_EVENING));
    const next = (await generations.highest()) + 1;
    const results = await Promise.allSettled([generations.record(next), generations.record(next)]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await generations.highest()).toBe(next);
    await expect(generations.salt(next + 1)).rejects.toMatchObject({ code: "keys.unknown_generation" });
  });

  it("go on over midnight while the database is away", async () => {
    const clock = new SimulatedClock(LATE_EVENING);
    let away = false;
    const orm = new Proxy(database.orm, {
      get: (target, name) => {
        if (away) throw new Error("the database is away");
        return Reflect.get(target, name);
      },
    });
    const keys = await open(clock, orm);
    const { service, generations } = keys;
    const generation = (await generations.highest()) + 1;
    await generations.record(generation);
    const camera = randomUUID();
    await service.sealKeys(camera, generation);
    await service.prefetch();
    away = true;
    const keyIds = [];
    for (let step = 0; step < 8; step++) {
      clock.advance(millis(600_000));
      const [now] = await service.sealKeys(camera, generation);
      expect(now?.epoch).toBe(epochAt(clock.utcMicros()));
      keyIds.push(now?.keyId);
    }
    expect(new Set(keyIds).size).toBe(2);
    // Fails closed once nothing in memory fits.
    clock.advance(millis(24 * 3_600_000));
    await expect(service.sealKeys(camera, generation)).rejects.toThrow("the database is away");
    away = false;
    expect(await service.sealKeys(camera, generation)).toHaveLength(2);
    await keys.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
