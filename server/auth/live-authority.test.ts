import { createECDH, createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { videoDeks } from "../db/schema/index.ts";
import { ariaOpen, deriveKey } from "../keys/aria.ts";
import { epochAt } from "../keys/epoch.ts";
import type { Authenticated, WrappedKey } from "../relay/protocol.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { SERVER_PRINCIPAL } from "./policy.ts";

const GENERATION = 1;

/** The browser's half, from the architecture's words. */
class Browser {
  readonly #ecdh = createECDH("prime256v1");
  readonly publicKey = this.#ecdh.generateKeys();

  open(hello: Authenticated, key: WrappedKey): Buffer {
    const serverKey = Buffer.from(hello.publicKey, "base64");
    const info = Buffer.concat([Buffer.from("fluxvision session v1"), this.publicKey, serverKey]);
    const sessionKey = deriveKey(this.#ecdh.computeSecret(serverKey), Buffer.from(hello.salt, "base64"), info);
    const numbers = Buffer.alloc(12);
    numbers.writeUInt32BE(key.keyId, 0);
    numbers.writeUInt32BE(key.generation, 4);
    numbers.writeUInt32BE(key.epoch, 8);
    const aad = Buffer.concat([Buffer.from("fluxvision grant v1"), Buffer.from(key.cameraId), numbers]);
    return Buffer.from(ariaOpen(sessionKey, Buffer.from(key.wrapped, "base64"), aad));
  }
}

describe("live authority", () => {
  let server: TestServer;
  let clock: SimulatedClock;
  let own: string;
  let foreign: string;
  let token: string;
  let connections = 0;
  beforeAll(async () => {
    clock = new SimulatedClock(micros(1_789_990_000_000_000));
    server = await startTestServer({ clock });
    own = (await server.addCamera("own")).id;
    foreign = (await server.addCamera("foreign")).id;
    await server.addUser("viewer", "viewer", [own]);
    ({ accessToken: token } = await server.login("viewer"));
  });
  afterAll(() => server.close());

  async function hello(browser = new Browser()): Promise<{ id: string; browser: Browser; hello: Authenticated }> {
    const id = `c${++connections}`;
    const answer = await server.control.authority.authenticate(id, token, browser.publicKey.toString("base64"));
    return { id, browser, hello: answer };
  }

  it("grants what ingest seals with, for the assigned camera only", async () => {
    const { id, browser, hello: answer } = await hello();
    const sealKeys = await server.keys.service.sealKeys(own, GENERATION);
    const { allowed, keys } = await server.control.authority.authorise(id, [own, foreign, crypto.randomUUID()]);
    expect(allowed).toEqual([own]);
    const epoch = epochAt(clock.utcMicros());
    expect(sealKeys.map((key) => key.epoch)).toEqual([epoch, epoch + 1]);
    expect(keys.map(({ keyId, epoch: of, suite }) => [keyId, of, suite])).toEqual(
      sealKeys.map((key) => [key.keyId, key.epoch, 1]),
    );
    expect(keys.map((key) => browser.open(answer, key))).toEqual(sealKeys.map((key) => Buffer.from(key.key)));
    expect(new Set(sealKeys.map((key) => createHash("sha256").update(key.key).digest("hex"))).size).toBe(2);
  });

  it("binds a grant to its connection, camera and numbers", async () => {
    const [one, two] = [await hello(), await hello()];
    const { keys } = await server.control.authority.authorise(one.id, [own]);
    const [key] = keys;
    if (!key) throw new Error("no key was granted");
    expect(() => two.browser.open(two.hello, key)).toThrow();
    for (const changed of [
      { cameraId: foreign },
      { keyId: key.keyId + 1 },
      { generation: 2 },
      { epoch: key.epoch + 1 },
    ]) {
      expect(() => one.browser.open(one.hello, { ...key, ...changed })).toThrow();
    }
    expect(one.browser.open(one.hello, key)).toHaveLength(32);
  });

  it("hands single keys out for now and the epochs beside it, to who may see the camera", async () => {
    const { id } = await hello();
    const { authority } = server.control;
    const [now] = await server.keys.service.sealKeys(own, GENERATION);
    const [other] = await server.keys.service.sealKeys(foreign, GENERATION);
    if (!now || !other) throw new Error("no seal keys");
    for (const shift of [-1, 0, 1]) {
      expect(await authority.key(id, own, now.keyId, GENERATION, now.epoch + shift)).toMatchObject({
        epoch: now.epoch + shift,
      });
    }
    for (const shift of [-2, 2])
      expect(await authority.key(id, own, now.keyId, GENERATION, now.epoch + shift)).toBeUndefined();
    expect(await authority.key(id, foreign, other.keyId, GENERATION, other.epoch)).toBeUndefined();
    // The right to one camera does not open another's key by naming it.
    expect(await authority.key(id, own, other.keyId, GENERATION, other.epoch)).toBeUndefined();
    expect(await authority.key(id, own, now.keyId, 99, now.epoch)).toBeUndefined();
    expect(await authority.key(id, own, 4711, GENERATION, now.epoch)).toBeUndefined();
  });

  it("refuses bad keys, bad tokens and strangers", async () => {
    const { authority } = server.control;
    const point = new Browser().publicKey;
    const offCurve = Buffer.from(point);
    offCurve[64] = (offCurve[64] ?? 0) ^ 1;
    const compressed = Buffer.concat([Buffer.from([2]), point.subarray(1, 33)]);
    for (const bad of [offCurve, compressed, Buffer.alloc(65), Buffer.alloc(0), Buffer.concat([point, point])]) {
      const attempt = authority.authenticate("bad", token, bad.toString("base64"));
      await expect(attempt).rejects.toMatchObject({ code: "auth.bad_public_key" });
    }
    await expect(authority.authenticate("bad", "no token", point.toString("base64"))).rejects.toMatchObject({
      code: "auth.invalid_token",
    });
    await expect(authority.authorise("bad", [own])).rejects.toMatchObject({ code: "auth.unknown_connection" });
    expect(authority.connections).toBe(connections);
  });

  it("forgets a closed connection, also in the middle of a question", async () => {
    const { id } = await hello();
    const before = server.control.authority.connections;
    const pending = server.control.authority.authorise(id, [own]);
    server.control.authority.viewerClosed(id);
    await expect(pending).rejects.toMatchObject({ code: "auth.unknown_connection" });
    expect(server.control.authority.connections).toBe(before - 1);
  });

  it("forgets a connection that closes before its token is checked", async () => {
    const { authority } = server.control;
    for (const close of [() => authority.viewerClosed("gone"), () => authority.clear()]) {
      const pending = authority.authenticate("gone", token, new Browser().publicKey.toString("base64"));
      close();
      await expect(pending).rejects.toMatchObject({ code: "auth.unknown_connection" });
    }
    expect(authority.connections).toBe(0);
    await expect(authority.authorise("gone", [own])).rejects.toMatchObject({ code: "auth.unknown_connection" });
  });

  it("grants the other cameras' keys when one camera's key does not open", async () => {
    const { id } = await hello();
    const broken = (await server.addCamera("broken")).id;
    const viewer = (await server.control.users.list()).find((user) => user.username === "viewer");
    await server.control.users.update(SERVER_PRINCIPAL, viewer?.id ?? "", { cameraIds: [own, broken] });
    const utcDay = new Date(clock.utcMicros() / 1000).toISOString().slice(0, 10);
    const createdAt = new Date(clock.utcMicros() / 1000);
    const row = { cameraId: broken, utcDay, suite: 1, mekId: 1, wrapped: new Uint8Array(60), createdAt };
    await server.database.orm.insert(videoDeks).values(row);
    const { allowed, keys } = await server.control.authority.authorise(id, [broken, own]);
    expect(allowed).toEqual([broken, own]);
    expect(new Set(keys.map((key) => key.cameraId))).toEqual(new Set([own]));
    await server.control.users.update(SERVER_PRINCIPAL, viewer?.id ?? "", { cameraIds: [own] });
  });

  it("takes a newer token of the same session only", async () => {
    const { id } = await hello();
    const { accessToken: other } = await server.login("viewer");
    await expect(server.control.authority.renew(id, other)).rejects.toMatchObject({ code: "auth.invalid_token" });
    const { tokenExpiresAtMicros } = await server.control.authority.renew(id, token);
    expect(tokenExpiresAtMicros).toBeGreaterThan(clock.utcMicros());
  });

  it("stops at once when a right is taken away, and when the token has expired", async () => {
    const { id } = await hello();
    const viewer = (await server.control.users.list()).find((user) => user.username === "viewer");
    await server.control.users.update(SERVER_PRINCIPAL, viewer?.id ?? "", { cameraIds: [] });
    expect((await server.control.authority.authorise(id, [own])).allowed).toEqual([]);
    clock.advance(millis(15 * 60_000));
    await expect(server.control.authority.authorise(id, [own])).rejects.toMatchObject({ code: "auth.expired" });
  });
});
