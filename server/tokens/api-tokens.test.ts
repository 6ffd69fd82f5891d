import { createECDH } from "node:crypto";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Camera, User } from "../../shared/api/schemas.ts";
import type { ApiToken, CreatedToken, CreateToken } from "../../shared/api/tokens.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { apiTokens, auditEntries } from "../db/schema/index.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { createToken } from "./token-text.ts";

const DAY_MS = 86_400_000;
const publicKey = createECDH("prime256v1").generateKeys().toString("base64");

describe("API tokens", () => {
  let clock: SimulatedClock;
  let server: TestServer;
  let own: Camera;
  let foreign: Camera;
  let viewer: User;
  let connections = 0;
  const sessions = new Map<string, string>();

  beforeAll(async () => {
    clock = new SimulatedClock(micros(1_789_990_000_000_000));
    server = await startTestServer({ clock });
    own = await server.addCamera("own");
    foreign = await server.addCamera("foreign");
    viewer = await server.addUser("viewer", "viewer", [own.id]);
    await server.addUser("operator", "operator");
    for (const name of ["admin", "viewer", "operator"]) sessions.set(name, (await server.login(name)).accessToken);
  });
  afterAll(() => server.close());

  async function make(as: string, body: Partial<CreateToken> = {}): Promise<CreatedToken> {
    const response = await server.call("POST", "/api/v1/tokens", {
      token: sessions.get(as),
      body: { name: "integration", permissions: ["live.view"], days: 30, ...body },
    });
    expect(response.status, await response.clone().text()).toBe(201);
    return (await response.json()) as CreatedToken;
  }

  const get = (path: string, token: string, ip = "192.0.2.10") =>
    server.call("GET", `/api/v1${path}`, { token, headers: { "x-forwarded-for": ip } });

  async function codeOf(response: Response): Promise<string> {
    return ((await response.json()) as { error: { code: string } }).error.code;
  }

  async function connect(token: string, address = "192.0.2.10"): Promise<string> {
    const id = `c${++connections}`;
    await server.control.authority.authenticate(id, token, publicKey, address);
    return id;
  }

  it("are told once, kept as a hash, and act for their owner", async () => {
    const { token, secret } = await make("viewer");
    expect(secret).toMatch(/^fvt_[\w-]{43}$/);
    expect(secret.startsWith(token.hint)).toBe(true);
    const [row] = await server.database.orm.select().from(apiTokens).where(eq(apiTokens.id, token.id));
    expect(JSON.stringify(row)).not.toContain(secret);
    expect(row?.tokenHash.byteLength).toBe(32);
    const cameras = (await (await get("/cameras", secret)).json()) as Camera[];
    expect(cameras.map(({ id }) => id)).toEqual([own.id]);
    const list = (await (await get("/tokens", sessions.get("viewer") ?? "")).json()) as ApiToken[];
    expect(JSON.stringify(list)).not.toContain(secret);
    const entries = JSON.stringify(await server.database.orm.select().from(auditEntries));
    expect(entries).toContain("token.create");
    expect(entries).not.toContain(secret);
  });

  it("are never wider than their owner is now", async () => {
    const { secret } = await make("operator", { permissions: ["live.view", "archive.export"] });
    expect((await get("/exports", secret)).status).toBe(200);
    const users = (await (await get("/users", sessions.get("admin") ?? "")).json()) as User[];
    const operator = users.find(({ username }) => username === "operator");
    const change = (body: object) =>
      server.call("PATCH", `/api/v1/users/${operator?.id}`, { token: sessions.get("admin"), body });
    expect((await change({ role: "viewer", cameraIds: [own.id] })).status).toBe(200);
    expect(await codeOf(await get("/exports", secret))).toBe("auth.forbidden");
    const cameras = (await (await get("/cameras", secret)).json()) as Camera[];
    expect(cameras.map(({ id }) => id)).toEqual([own.id]);
    expect((await change({ role: "operator" })).status).toBe(200);
    expect((await get("/exports", secret)).status).toBe(200);
  });

  it("do only what they list, on the cameras that they list", async () => {
    const { secret } = await make("admin", { permissions: ["live.view"], cameraIds: [own.id] });
    expect(await codeOf(await get("/exports", secret))).toBe("auth.forbidden");
    expect(await codeOf(await get("/users", secret))).toBe("auth.forbidden");
    expect(await codeOf(await get(`/cameras/${foreign.id}`, secret))).toBe("camera.not_found");
    expect((await get(`/cameras/${own.id}`, secret)).status).toBe(200);
    const id = await connect(secret);
    const { allowed } = await server.control.authority.authorise(id, [own.id, foreign.id]);
    expect(allowed).toEqual([own.id]);
  });

  it("make no tokens, change no accounts and are given no right to do so", async () => {
    const { secret } = await make("admin", { permissions: ["live.view", "camera.manage"] });
    for (const [method, path] of [
      ["GET", "/tokens"],
      ["POST", "/tokens"],
      ["GET", "/auth/me"],
      ["POST", "/auth/password"],
      ["POST", "/users"],
      ["GET", "/devices"],
    ] as const) {
      const response = await server.call(method, `/api/v1${path}`, {
        token: secret,
        ...(method === "POST" ? { body: {} } : {}),
      });
      expect([path, await codeOf(response)]).toEqual([path, "auth.forbidden"]);
    }
    for (const permission of ["user.manage", "token.manage", "key.manage", "system.manage"]) {
      const body = { name: "x", permissions: [permission], days: 1 };
      const response = await server.call("POST", "/api/v1/tokens", { token: sessions.get("admin"), body });
      expect([permission, await codeOf(response)]).toEqual([permission, "request.invalid"]);
    }
  });

  it("are refused where they ask for what the owner does not have, or for somebody else", async () => {
    const ask = async (as: string, body: object) => {
      const full = { name: "x", permissions: ["live.view"], days: 1, ...body };
      return codeOf(await server.call("POST", "/api/v1/tokens", { token: sessions.get(as), body: full }));
    };
    expect(await ask("viewer", { permissions: ["archive.export"] })).toBe("token.too_wide");
    expect(await ask("viewer", { cameraIds: [foreign.id] })).toBe("token.too_wide");
    expect(await ask("admin", { cameraIds: [crypto.randomUUID()] })).toBe("token.too_wide");
    expect(await ask("admin", { ownerId: viewer.id })).toBe("token.bad_owner");
    expect(await ask("viewer", { ownerId: crypto.randomUUID() })).toBe("auth.forbidden");
    expect(await ask("viewer", { networks: ["10.0.0.0/33"] })).toBe("token.bad_network");
    expect(await ask("viewer", { days: 366 })).toBe("request.invalid");
  });

  it("of a service account work, and nobody signs in to it", async () => {
    const account = await server.addUser("robot", "api-only", [own.id]);
    const { token, secret } = await make("admin", { ownerId: account.id });
    expect(token.owner.username).toBe("robot");
    expect((await get("/cameras", secret)).status).toBe(200);
    await expect(server.login("robot")).rejects.toThrow();
  });

  it("hold in their networks only, by REST and in media", async () => {
    const { secret } = await make("viewer", { networks: ["10.20.0.0/16", "2001:db8::/32"] });
    expect((await get("/cameras", secret, "10.20.3.4")).status).toBe(200);
    expect((await get("/cameras", secret, "2001:db8::7")).status).toBe(200);
    expect(await codeOf(await get("/cameras", secret, "10.21.0.1"))).toBe("auth.network_refused");
    await expect(connect(secret, "10.21.0.1")).rejects.toMatchObject({ code: "auth.network_refused" });
    await expect(connect(secret, "webtransport")).rejects.toMatchObject({ code: "auth.network_refused" });
    await expect(connect(secret, "10.20.0.1")).resolves.toBeTypeOf("string");
  });

  it("that nobody knows wear out no bucket that others need where callers have no address", async () => {
    const { secret } = await make("viewer");
    const wrong = createToken().text;
    for (let i = 0; i < 100; i++) {
      await expect(connect(wrong, "webtransport")).rejects.toMatchObject({ code: "auth.invalid_token" });
    }
    await expect(connect(secret, "webtransport")).resolves.toBeTypeOf("string");
    for (let i = 0; i < 10; i++) await expect(connect(wrong, "192.0.2.66")).rejects.toThrow();
    await expect(connect(secret, "192.0.2.66")).rejects.toMatchObject({ code: "auth.rate_limited" });
    await expect(connect(secret, "192.0.2.67")).resolves.toBeTypeOf("string");
  });

  it("are limited each, and say when to come again", async () => {
    const { secret } = await make("viewer", { ratePerMinute: 60 });
    const other = await make("viewer", { ratePerMinute: 60 });
    for (let i = 0; i < 10; i++) expect((await get("/cameras", secret)).status).toBe(200);
    const refused = await get("/cameras", secret);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await get("/cameras", other.secret)).status).toBe(200);
    clock.advance(millis(1000));
    expect((await get("/cameras", secret)).status).toBe(200);
  });

  it("say when and from where they were used", async () => {
    const { token, secret } = await make("viewer");
    await get("/cameras", secret, "192.0.2.77");
    await server.control.apiTokens.close();
    const [row] = await server.database.orm.select().from(apiTokens).where(eq(apiTokens.id, token.id));
    expect(row).toMatchObject({ lastUsedIp: "192.0.2.77" });
    await get("/cameras", secret, "192.0.2.78");
    await server.control.apiTokens.close();
    const [again] = await server.database.orm.select().from(apiTokens).where(eq(apiTokens.id, token.id));
    expect(again?.lastUsedIp).toBe("192.0.2.77");
  });

  it("that are revoked end at once, with the media that runs on them", async () => {
    const { token, secret } = await make("viewer");
    const id = await connect(secret);
    expect((await get("/cameras", secret)).status).toBe(200);
    const asOther = sessions.get("operator");
    expect((await server.call("DELETE", `/api/v1/tokens/${token.id}`, { token: asOther })).status).toBe(404);
    const asOwner = sessions.get("viewer");
    expect((await server.call("DELETE", `/api/v1/tokens/${token.id}`, { token: asOwner })).status).toBe(204);
    expect(await codeOf(await get("/cameras", secret))).toBe("auth.invalid_token");
    expect(server.media.endedSessions).toContain(`token:${token.id}`);
    await expect(server.control.authority.authorise(id, [own.id])).rejects.toMatchObject({
      code: "auth.session_ended",
    });
    expect((await server.call("DELETE", `/api/v1/tokens/${token.id}`, { token: asOwner })).status).toBe(404);
  });

  it("that were invented are refused, and the address that tries many is slowed down", async () => {
    const tries: number[] = [];
    for (let i = 0; i < 80; i++) {
      const invented = `fvt_${Buffer.alloc(32, i).toString("base64url")}`;
      tries.push((await get("/cameras", invented, "198.51.100.9")).status);
    }
    expect(tries[0]).toBe(401);
    expect(tries.at(-1)).toBe(429);
    const { secret } = await make("viewer");
    expect((await get("/cameras", secret, "198.51.100.10")).status).toBe(200);
  });

  it("die with their owner's account", async () => {
    const leaver = await server.addUser("leaver", "operator");
    sessions.set("leaver", (await server.login("leaver")).accessToken);
    const { secret } = await make("leaver");
    const id = await connect(secret);
    const admin = sessions.get("admin");
    const disable = { token: admin, body: { enabled: false } };
    expect((await server.call("PATCH", `/api/v1/users/${leaver.id}`, disable)).status).toBe(200);
    expect(await codeOf(await get("/cameras", secret))).toBe("auth.session_ended");
    await expect(server.control.authority.authorise(id, [own.id])).rejects.toMatchObject({
      code: "auth.session_ended",
    });
    expect((await server.call("DELETE", `/api/v1/users/${leaver.id}`, { token: admin })).status).toBe(204);
    clock.advance(millis(6000));
    expect(await codeOf(await get("/cameras", secret))).toBe("auth.invalid_token");
  });

  it("expire", async () => {
    const { secret } = await make("viewer", { days: 1 });
    clock.stepUtc(micros((DAY_MS - 1000) * 1000));
    expect((await get("/cameras", secret)).status).toBe(200);
    clock.advance(millis(2000));
    expect(await codeOf(await get("/cameras", secret))).toBe("auth.expired");
  });
});
