import { createECDH, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Camera, Layout } from "../../shared/api/schemas.ts";
import type { DeviceLink, DeviceSession, KioskDevice } from "../../shared/api/tokens.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";

/** What the display's browser does, from the words of the API's document. */
class Display {
  readonly privateKey: KeyObject;
  readonly publicKey: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    this.privateKey = privateKey;
    const point = [Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")];
    this.publicKey = Buffer.concat(point).toString("base64");
  }

  sign(deviceId: string, challenge: string): string {
    const text = Buffer.from(`fluxvision device v1|${deviceId}|${challenge}`);
    return sign("sha256", text, { key: this.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64");
  }
}

describe("wall displays", () => {
  let clock: SimulatedClock;
  let server: TestServer;
  let admin: string;
  let shown: Camera;
  let hidden: Camera;
  let layout: Layout;

  beforeAll(async () => {
    clock = new SimulatedClock(micros(1_789_990_000_000_000));
    server = await startTestServer({ clock });
    shown = await server.addCamera("shown");
    hidden = await server.addCamera("hidden");
    admin = (await server.login("admin")).accessToken;
    layout = await ask<Layout>("POST", "/layouts", { name: "Lobby wall", kind: "2x2", cells: [shown.id, null, null] });
  });
  afterAll(() => server.close());

  async function ask<T>(method: string, path: string, body?: unknown, token = admin): Promise<T> {
    const response = await server.call(method, `/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error((JSON.parse(text) as { error: { code: string } }).error.code);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  const add = (body: object = {}) =>
    ask<DeviceLink>("POST", "/devices", { name: "Lobby", layoutId: layout.id, ...body });

  async function signIn(display: Display, deviceId: string): Promise<DeviceSession> {
    const { challenge } = await ask<{ challenge: string }>("POST", "/devices/challenge", { deviceId });
    const signature = display.sign(deviceId, challenge);
    return ask<DeviceSession>("POST", "/devices/session", { deviceId, challenge, signature });
  }

  async function enrolled(body: object = {}): Promise<{ display: Display; id: string }> {
    const { code } = await add(body);
    const display = new Display();
    const { deviceId } = await ask<{ deviceId: string }>("POST", "/devices/enrol", {
      code,
      publicKey: display.publicKey,
    });
    return { display, id: deviceId };
  }

  async function mediaOf(token: string, address = "192.0.2.10"): Promise<string> {
    const id = `c${crypto.randomUUID()}`;
    const key = createECDH("prime256v1").generateKeys().toString("base64");
    await server.control.authority.authenticate(id, token, key, address);
    return id;
  }

  it("are set up once by their link, and come back after every restart by their key", async () => {
    const { device, code } = await add();
    expect(device).toMatchObject({ state: "waiting", layout: { name: "Lobby wall" } });
    const display = new Display();
    const enrol = { code, publicKey: display.publicKey };
    const { deviceId } = await ask<{ deviceId: string }>("POST", "/devices/enrol", enrol);
    expect(deviceId).toBe(device.id);
    await expect(ask("POST", "/devices/enrol", enrol)).rejects.toThrow("device.bad_code");
    for (let boot = 0; boot < 3; boot++) {
      const session = await signIn(display, deviceId);
      expect(session.layout).toMatchObject({ id: layout.id, cells: [shown.id, null, null] });
      expect(session.user).toMatchObject({ displayName: "Lobby", role: "viewer" });
    }
    await server.control.deviceSessions.close();
    const [listed] = await ask<KioskDevice[]>("GET", "/devices");
    expect(listed).toMatchObject({ state: "active", linkExpiresAt: null });
    expect(listed?.lastSeenAt).not.toBeNull();
    expect(JSON.stringify(listed)).not.toContain(code);
  });

  it("see the cameras of their layout live, and nothing else", async () => {
    const { display, id } = await enrolled();
    const { accessToken: token } = await signIn(display, id);
    const media = await mediaOf(token);
    const { authority } = server.control;
    expect((await authority.authorise(media, [shown.id, hidden.id])).allowed).toEqual([shown.id]);
    expect(await authority.archiveRights(media, shown.id)).toMatchObject({ view: false, hear: false });
    const cameras = await ask<Camera[]>("GET", "/cameras", undefined, token);
    expect(cameras.map((camera) => camera.id)).toEqual([shown.id]);
    expect((await ask<Layout[]>("GET", "/layouts", undefined, token)).map((one) => one.id)).toEqual([layout.id]);
    const other = await ask<Layout>("POST", "/layouts", { name: "Other", kind: "1", cells: [hidden.id] });
    await expect(ask("GET", `/layouts/${other.id}`, undefined, token)).rejects.toThrow("layout.not_found");
    const change = { name: "Mine", kind: "1", cells: [shown.id] };
    await expect(ask("PUT", `/layouts/${layout.id}`, change, token)).rejects.toThrow("auth.forbidden");
    await expect(ask("POST", "/layouts", change, token)).rejects.toThrow("auth.forbidden");
    for (const path of ["/users", "/auth/me", "/tokens", "/devices", "/exports", "/system/stats", "/bookmarks"]) {
      await expect(ask("GET", path, undefined, token), path).rejects.toThrow("auth.forbidden");
    }
  });

  it("are what they are in their networks only, at each use and not just when they sign in", async () => {
    const { display, id } = await enrolled();
    const { accessToken: token } = await signIn(display, id);
    await ask("GET", "/cameras", undefined, token);
    await ask("PATCH", `/devices/${id}`, { networks: ["192.0.2.0/24"] });
    await mediaOf(token);
    await expect(mediaOf(token, "198.51.100.7")).rejects.toMatchObject({ code: "auth.network_refused" });
    const from = async (address: string): Promise<number> => {
      const headers = { "x-forwarded-for": address };
      return (await server.call("GET", "/api/v1/cameras", { token, headers })).status;
    };
    expect([await from("192.0.2.10"), await from("198.51.100.7")]).toEqual([200, 403]);
  });

  it("follow their layout at once", async () => {
    const { display, id } = await enrolled();
    const media = await mediaOf((await signIn(display, id)).accessToken);
    await ask("PUT", `/layouts/${layout.id}`, { name: "Lobby wall", kind: "2x2", cells: [shown.id, hidden.id, null] });
    await expect
      .poll(async () => (await server.control.authority.authorise(media, [hidden.id])).allowed)
      .toEqual([hidden.id]);
    expect(server.media.changedUsers.length).toBeGreaterThan(0);
    await ask("PUT", `/layouts/${layout.id}`, { name: "Lobby wall", kind: "2x2", cells: [shown.id, null, null] });
    await expect.poll(async () => (await server.control.authority.authorise(media, [hidden.id])).allowed).toEqual([]);
  });

  it("show no more than the account that they act for may see", async () => {
    const account = await server.addUser("lobby-account", "api-only", [hidden.id]);
    const { display, id } = await enrolled({ ownerId: account.id });
    const media = await mediaOf((await signIn(display, id)).accessToken);
    expect((await server.control.authority.authorise(media, [shown.id, hidden.id])).allowed).toEqual([]);
  });

  it("need the key: a challenge counts once, for one display, for a minute", async () => {
    const { display, id } = await enrolled();
    const other = await enrolled();
    const challenge = async (deviceId: string) =>
      (await ask<{ challenge: string }>("POST", "/devices/challenge", { deviceId })).challenge;
    const prove = (deviceId: string, text: string, signature: string) =>
      ask("POST", "/devices/session", { deviceId, challenge: text, signature });

    const used = await challenge(id);
    await prove(id, used, display.sign(id, used));
    await expect(prove(id, used, display.sign(id, used))).rejects.toThrow("device.bad_proof");
    const foreign = await challenge(other.id);
    await expect(prove(id, foreign, display.sign(id, foreign))).rejects.toThrow("device.bad_proof");
    const stolen = await challenge(id);
    await expect(prove(id, stolen, other.display.sign(id, stolen))).rejects.toThrow("device.bad_proof");
    const late = await challenge(id);
    clock.advance(millis(61_000));
    await expect(prove(id, late, display.sign(id, late))).rejects.toThrow("device.bad_proof");
    await expect(prove(crypto.randomUUID(), used, display.sign(id, used))).rejects.toThrow("device.bad_proof");
  });

  it("give way to the one that opens a new link", async () => {
    const { display, id } = await enrolled();
    const { accessToken } = await signIn(display, id);
    const { code } = await ask<DeviceLink>("POST", `/devices/${id}/link`, {});
    await expect(signIn(display, id)).resolves.toBeDefined();
    const next = new Display();
    await ask("POST", "/devices/enrol", { code, publicKey: next.publicKey });
    expect(server.media.endedSessions).toContain(`device:${id}`);
    await expect(signIn(display, id)).rejects.toThrow("device.bad_proof");
    await expect(signIn(next, id)).resolves.toBeDefined();
    expect(accessToken).not.toBe("");
  });

  it("that are revoked go dark at once, and their links with them", async () => {
    const { display, id } = await enrolled();
    const { accessToken } = await signIn(display, id);
    const { code } = await ask<DeviceLink>("POST", `/devices/${id}/link`, {});
    await ask("DELETE", `/devices/${id}`);
    expect(server.media.endedSessions).toContain(`device:${id}`);
    await expect(ask("GET", "/cameras", undefined, accessToken)).rejects.toThrow("auth.session_ended");
    await expect(signIn(display, id)).rejects.toThrow("device.bad_proof");
    await expect(ask("POST", "/devices/enrol", { code, publicKey: display.publicKey })).rejects.toThrow(
      "device.bad_code",
    );
    await expect(ask("POST", `/devices/${id}/link`, {})).rejects.toThrow("device.not_found");
  });

  it("open no link after a day, and no key that is none", async () => {
    const { code } = await add();
    const publicKey = Buffer.alloc(65, 4).toString("base64");
    await expect(ask("POST", "/devices/enrol", { code, publicKey })).rejects.toThrow("device.bad_key");
    clock.stepUtc(micros(86_400_001_000));
    admin = (await server.login("admin")).accessToken;
    const display = new Display();
    await expect(ask("POST", "/devices/enrol", { code, publicKey: display.publicKey })).rejects.toThrow(
      "device.bad_code",
    );
  });
});
