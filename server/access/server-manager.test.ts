import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccessRole, UserGroup } from "../../shared/api/access.ts";
import type { ConfigVersionPage, RollbackPlan, RollbackResult } from "../../shared/api/config.ts";
import type { User } from "../../shared/api/schemas.ts";
import { SERVER_PRINCIPAL } from "../auth/policy.ts";
import { externalIdentities, videoDeks } from "../db/schema/index.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

/** Who administers the server, and not its people: no setting of the server may be a way to more rights. */

const SYSTEM = { kind: "system" } as const;
const PROVIDER = {
  name: "Company",
  issuer: "http://127.0.0.1:9",
  clientId: "fluxvision",
  clientSecret: "a secret that is long enough",
  scopes: "openid",
  groupClaim: "groups",
  groupMap: [] as { group: string; roleId: string | null; groupIds: string[] }[],
  defaultRoleId: null as string | null,
  createUsers: true,
  mfaTrusted: false,
  enabled: true,
};
const ESCALATION = { status: 403, code: "access.escalation" };

let server: TestServer;
let admin: string;
let manager: string;

beforeAll(async () => {
  server = await startTestServer();
  admin = (await server.login("admin")).accessToken;
  const role = await call<AccessRole>("POST", "/roles", { name: "Server", permissions: ["system.manage"] });
  await server.control.users.create(SERVER_PRINCIPAL, {
    username: "server-manager",
    password: ADMIN_PASSWORD,
    grants: [{ roleId: role.id, scope: SYSTEM }],
  });
  manager = (await server.login("server-manager", ADMIN_PASSWORD)).accessToken;
});
afterAll(() => server.close());

async function call<T = unknown>(
  method: string,
  path: string,
  body?: unknown,
  token = admin,
): Promise<T & { status: number; code?: string }> {
  const response = await server.call(method, `/api/v1${path}`, { token, body });
  const text = await response.text();
  const answer = (text === "" ? {} : JSON.parse(text)) as { error?: { code: string } };
  return { ...answer, status: response.status, ...(answer.error && { code: answer.error.code }) } as never;
}

describe("providers of sign-in", () => {
  const asManager = async (method: string, path: string, body?: unknown) => {
    const { status, code } = await call(method, path, body, manager);
    return code === undefined ? { status } : { status, code };
  };

  it("give no roles and no groups that the one who sets them up does not hold", async () => {
    const strong = await call<UserGroup>("POST", "/groups", { name: "Strong" });
    await call("PUT", `/groups/${strong.id}/grants`, { grants: [{ roleId: "viewer", scope: SYSTEM }] });
    const harmless = { group: "all", roleId: null, groupIds: [] };
    for (const body of [
      { ...PROVIDER, defaultRoleId: "administrator" },
      { ...PROVIDER, groupMap: [{ ...harmless, roleId: "viewer" }] },
      { ...PROVIDER, groupMap: [harmless, { ...harmless, groupIds: [strong.id] }] },
    ]) {
      expect(await asManager("POST", "/identity/providers", body)).toEqual(ESCALATION);
    }
    const made = await call<{ id: string }>("POST", "/identity/providers", { ...PROVIDER, name: "Own" }, manager);
    expect(made.status).toBe(201);
    // A group that gives nothing today may not be made to give something behind his back tomorrow: whoever grants, holds.
    const empty = await call<UserGroup>("POST", "/groups", { name: "Empty" });
    const mapped = { ...PROVIDER, name: "Own", groupMap: [{ ...harmless, groupIds: [empty.id] }] };
    expect(await asManager("PUT", `/identity/providers/${made.id}`, mapped)).toEqual({ status: 200 });
    expect((await call<UserGroup>("GET", `/groups/${empty.id}`)).mappings).toEqual([{ provider: "Own", group: "all" }]);
    expect(await asManager("PUT", `/groups/${empty.id}/grants`, { grants: [] })).toEqual({
      status: 403,
      code: "auth.forbidden",
    });
    // Nor one that is not there, and may come back under its id with rights that he does not hold.
    const groupIds = [crypto.randomUUID()];
    const gone = { ...mapped, groupMap: [{ ...harmless, groupIds }] };
    const unknown = { status: 404, code: "group.not_found" };
    expect(await asManager("PUT", `/identity/providers/${made.id}`, gone)).toEqual(unknown);
    expect(await asManager("POST", "/identity/providers", { ...gone, name: "Gone" })).toEqual(unknown);
    // One that is deleted is out of the rules: it comes back to nobody, and the provider can be saved again.
    await call("DELETE", `/groups/${empty.id}`);
    const back = await server.control.access.groups.create({ name: "Empty", description: "" }, empty.id);
    expect(back.mappings).toEqual([]);
    expect((await call<UserGroup>("GET", `/groups/${empty.id}`)).mappings).toEqual([]);
  });

  it("that give more than he holds are not his to change, nor to remove", async () => {
    const groupMap = [{ group: "cctv-admins", roleId: "administrator", groupIds: [] }];
    const made = await call<{ id: string }>("POST", "/identity/providers", { ...PROVIDER, name: "Given", groupMap });
    const path = `/identity/providers/${made.id}`;
    for (const body of [
      { ...PROVIDER, name: "Given", groupMap, issuer: "http://127.0.0.1:10" },
      { ...PROVIDER, name: "Given", groupMap: [] },
      { ...PROVIDER, name: "Given", groupMap, groupClaim: "nickname" },
    ]) {
      expect(await asManager("PUT", path, body)).toEqual(ESCALATION);
    }
    expect(await asManager("DELETE", path)).toEqual(ESCALATION);
  });

  it("that an administrator signs in with cannot be pointed elsewhere", async () => {
    const body = { ...PROVIDER, name: "Bound" };
    const made = await call<{ id: string }>("POST", "/identity/providers", body);
    const path = `/identity/providers/${made.id}`;
    const [boss] = (await server.control.users.list()).filter(({ username }) => username === "admin");
    expect(await asManager("PUT", path, { ...body, scopes: "openid profile" })).toEqual({ status: 200 });
    await server.database.orm
      .insert(externalIdentities)
      .values({ providerId: made.id, subject: "boss", userId: boss?.id ?? "", createdAt: new Date(0) });
    expect(await asManager("PUT", path, { ...body, issuer: "http://127.0.0.1:10" })).toEqual(ESCALATION);
    expect(await asManager("DELETE", path)).toEqual(ESCALATION);
    expect((await call("PUT", path, { ...body, scopes: "openid email" })).status).toBe(200);
  });
});

describe("configuration roll-back", () => {
  it("sets no rotation of keys for whoever does not manage keys", async () => {
    for (const rotationDays of [90, 30]) {
      expect((await call("PUT", "/keys/schedule", { rotationDays })).status).toBe(200);
    }
    const { versions } = await call<ConfigVersionPage>("GET", "/config/versions?section=server", undefined, manager);
    const target = { kind: "undo", version: versions[0]?.id };
    const { plan, steps } = await call<RollbackPlan>("POST", "/config/rollback/preview", target, manager);
    expect(steps).toHaveLength(1);
    const done = await call<RollbackResult>("POST", "/config/rollback", { target, plan, reason: "" }, manager);
    expect(done).toMatchObject({ done: 0, failed: [{ id: "keys", code: "auth.forbidden" }] });
    expect(await call("GET", "/keys")).toMatchObject({ rotation: { days: 30 } });
  });
});

it("who keeps the keys, and may not take recordings away, takes no key away", async () => {
  const camera = await server.addCamera("Vault");
  await server.keys.service.sealKeys(camera.id, 1);
  const [key] = await server.database.orm.select().from(videoDeks).where(eq(videoDeks.cameraId, camera.id));
  const role = await call<AccessRole>("POST", "/roles", {
    name: "Keeper",
    permissions: ["key.manage", "archive.view", "audio.hear"],
  });
  const grants = [{ roleId: role.id, scope: SYSTEM }];
  const { id } = await call<User>("POST", "/users", { username: "keeper", password: ADMIN_PASSWORD, grants });
  const { accessToken } = await server.login("keeper", ADMIN_PASSWORD);
  const recipient = { kind: "passphrase", passphrase: "correct horse battery staple" };
  const body = { cameraId: camera.id, utcDay: key?.utcDay, reason: "test", recipient, password: ADMIN_PASSWORD };
  const ask = () => call("POST", "/keys/export", body, accessToken);
  expect(await ask()).toMatchObject({ status: 403, code: "auth.forbidden" });
  // With the one right that was missing, on that camera alone.
  const taker = await call<AccessRole>("POST", "/roles", { name: "Taker", permissions: ["archive.export"] });
  const scope = { kind: "camera", cameraId: camera.id };
  await call("PUT", `/users/${id}/grants`, { grants: [...grants, { roleId: taker.id, scope }] });
  expect((await ask()).status).toBe(200);
});
