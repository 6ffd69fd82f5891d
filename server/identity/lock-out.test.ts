import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { PasswordHasher } from "../auth/password.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";
import { KnownDevices } from "./known-devices.ts";
import { TestBrowser } from "./testkit/browser.ts";

const MINUTE_MS = 60_000;

describe("abuse case 17: guessing passwords", () => {
  let server: TestServer;
  let clock: SimulatedClock;
  beforeAll(async () => {
    clock = new SimulatedClock();
    server = await startTestServer({ clock });
    for (const name of ["joon", "mina"]) await server.addUser(name, "operator");
  });
  afterAll(() => server.close());
  // What the guesses of one test hold back is over before the next.
  afterEach(() => clock.advance(millis(60 * MINUTE_MS)));

  it("never keeps an administrator out of a device that was used before, wherever the guesses come from", async () => {
    const office = new TestBrowser(server, "192.0.2.10");
    await office.signIn("admin");
    // From behind the same address, and from two hundred others.
    const neighbour = new TestBrowser(server, "192.0.2.10");
    for (let i = 0; i < 40; i++) await neighbour.login("admin", `guess ${i}`);
    const heldBackBefore = clock.pendingTimers;
    let answered = 0;
    const guesses = Array.from({ length: 200 }, (_, i) =>
      new TestBrowser(server, `198.51.${i}.1`).login("admin", `guess ${i}`).finally(() => answered++),
    );
    while (clock.pendingTimers < heldBackBefore + 180) await new Promise(setImmediate);
    expect((await neighbour.login("admin", ADMIN_PASSWORD)).status).toBe(429);
    // The clock stands still: this one is not held back.
    expect((await office.login("admin")).status).toBe(200);
    while (answered < guesses.length) {
      clock.advance(millis(1000));
      await new Promise(setImmediate);
    }
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401 || status === 503)).toHaveLength(200);
  });

  it("slows a known device down too, by itself", async () => {
    const thief = new TestBrowser(server, "192.0.2.11");
    const owner = new TestBrowser(server, "192.0.2.12");
    await thief.signIn("admin");
    await owner.signIn("admin");
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await thief.login("admin", "wrong")).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await owner.login("admin")).status).toBe(200);
    clock.advance(millis(MINUTE_MS));
    expect((await thief.login("admin")).status).toBe(200);
  });

  it("waits longer after every failure, up to a minute, and never for good", async () => {
    const guesser = new TestBrowser(server, "192.0.2.13");
    for (let i = 0; i < 4; i++) await guesser.login("joon", "wrong");
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      await guesser.login("joon", "wrong");
      const refused = await guesser.login("joon", "wrong");
      expect(refused.status).toBe(429);
      waits.push(Number(refused.headers.get("retry-after")));
      clock.advance(millis((waits.at(-1) ?? 0) * 1000));
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect((await guesser.login("joon")).status).toBe(200);
  });

  it("lets one address try few names", async () => {
    const sprayer = new TestBrowser(server, "192.0.2.14");
    const statuses = [];
    for (let i = 0; i < 32; i++) statuses.push((await sprayer.login(`user${i}`, "Winter2024!!")).status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    // Its neighbour in the same IPv6 network is the same guesser; one in another is not.
    const six = new TestBrowser(server, "2001:db8:1:1::1");
    for (let i = 0; i < 31; i++) await six.login(`user${i}`, "Winter2024!!");
    expect((await new TestBrowser(server, "2001:db8:1:1::ffff").login("user99", "x")).status).toBe(429);
    expect((await new TestBrowser(server, "2001:db8:1:2::1").login("user99", "x")).status).toBe(401);
  });

  it("believes no device cookie that is invented or another user's", async () => {
    const mina = new TestBrowser(server, "192.0.2.15");
    await mina.signIn("mina");
    const cookie = mina.cookie("__Host-fluxvision_devices") ?? "";
    const devices = new KnownDevices(new Uint8Array(32));
    expect(cookie).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
    expect(devices.deviceOf(cookie, "any")).toBeUndefined();
    // Mina's device is no device of Joon's: after five failures it waits like any other.
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await mina.login("joon", "wrong")).status);
    expect(statuses.at(-1)).toBe(429);
  });
});

it("a known device goes before the queue of guesses", async () => {
  const hasher = new PasswordHasher(2000);
  const stored = await hasher.hash("right");
  const order: string[] = [];
  const guesses = Array.from({ length: 52 }, (_, i) =>
    hasher.verify(`guess ${i}`, stored).then(() => order.push("guess")),
  );
  await expect(hasher.verify("one more", stored)).rejects.toMatchObject({ code: "auth.busy" });
  const own = hasher.verify("right", stored, { urgent: true }).then((ok) => order.push(ok ? "own" : "refused"));
  await Promise.all([...guesses, own]);
  expect(order.indexOf("own")).toBeGreaterThan(-1);
  expect(order.indexOf("own")).toBeLessThan(6);
});

it("takes as much work for a user that does not exist, or has no password, as for one that does", async () => {
  const checked: (string | undefined)[] = [];
  class CountingHasher extends PasswordHasher {
    override verify(password: string, stored: string | undefined, options?: { urgent?: boolean }): Promise<boolean> {
      checked.push(stored);
      return super.verify(password, stored, options);
    }
  }
  const hasher = new CountingHasher(1000);
  const stored = await hasher.hash("right");
  expect(await hasher.verify("right", stored)).toBe(true);
  expect(await hasher.verify("right", undefined)).toBe(false);
  expect(await hasher.verify("right", "!")).toBe(false);
  // The decoy has the same cost as a real hash.
  expect(hasher.needsRehash(stored)).toBe(false);
  expect(checked).toHaveLength(3);
});

describe("known devices", () => {
  const devices = new KnownDevices(new Uint8Array(32).fill(7));

  it("names the device for its user only, and stays the same device", () => {
    const cookie = devices.remember(undefined, "mina");
    const id = devices.deviceOf(cookie, "mina");
    expect(id).toBeDefined();
    expect(devices.deviceOf(cookie, "joon")).toBeUndefined();
    const both = devices.remember(cookie, "joon");
    expect(devices.deviceOf(both, "mina")).toBe(id);
    expect(devices.deviceOf(devices.remember(both, "mina"), "mina")).toBe(id);
  });

  it("holds six users and no more", () => {
    let cookie: string | undefined;
    for (let i = 0; i < 9; i++) cookie = devices.remember(cookie, `user ${i}`);
    expect(cookie?.split("~")).toHaveLength(6);
    expect(devices.deviceOf(cookie, "user 0")).toBeUndefined();
    expect(devices.deviceOf(cookie, "user 8")).toBeDefined();
  });

  it("is not put off by garbage", () => {
    for (const garbage of ["", "~~~", "a.b", "x".repeat(5000), `${"A".repeat(22)}.${"A".repeat(43)}`]) {
      expect(devices.deviceOf(garbage, "mina")).toBeUndefined();
    }
  });
});
