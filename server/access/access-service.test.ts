import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccessRole, EffectiveAccess, GrantBody, UserGroup } from "../../shared/api/access.ts";
import type { Camera, User } from "../../shared/api/schemas.ts";
import { SERVER_PRINCIPAL } from "../auth/policy.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

const SYSTEM = { kind: "system" } as const;
let server: TestServer;
let admin: string;
let seoul: Camera;
let busan: Camera;

beforeAll(async () => {
  server = await startTestServer();
  admin = (await server.login("admin")).accessToken;
  const add = (name: string, group: string) =>
    server.control.cameras.create(SERVER_PRINCIPAL, { name, group, url: `rtsp://10.0.0.1/${name}` });
  [seoul, busan] = [await add("seoul", "Seoul/Gate"), await add("busan", "Busan")];
});
afterAll(() => server.close());

async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  token = admin,
): Promise<T & { status: number; code?: string; field?: string }> {
  const response = await server.call(method, `/api/v1${path}`, { token, body });
  const text = await response.text();
  const answer = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  const { error } = answer as { error?: { code: string; details?: { field: string }[] } };
  const failure = error ? { code: error.code, field: error.details?.[0]?.field } : {};
  return { ...(answer as T), status: response.status, ...failure } as never;
}

const addUser = (username: string, grants: readonly GrantBody[]): Promise<User> =>
  server.control.users.create(SERVER_PRINCIPAL, { username, password: ADMIN_PASSWORD, grants: [...grants] });
const signIn = async (userId: string): Promise<string> =>
  (await server.control.auth.signIn(userId, { ip: "127.0.0.1", userAgent: "test" })).accessToken;
const addRole = (name: string, permissions: readonly string[]): Promise<AccessRole & { status: number }> =>
  call("POST", "/roles", { name, permissions });

describe("nobody gives more than he has", () => {
  let manager: string;
  let managerId: string;
  let role: AccessRole;
  let strong: UserGroup;
  let boss: User;
  beforeAll(async () => {
    role = await addRole("Front desk", ["user.manage", "live.view"]);
    const user = await addUser("front-desk", [{ roleId: role.id, scope: SYSTEM }]);
    managerId = user.id;
    manager = await signIn(user.id);
    strong = await call("POST", "/groups", { name: "Strong" });
    await call("PUT", `/groups/${strong.id}/grants`, { grants: [{ roleId: "operator", scope: SYSTEM }] });
    boss = await addUser("boss", [{ roleId: "administrator", scope: SYSTEM }]);
  });

  it("by any way that there is", async () => {
    const escalation = { status: 403, code: "access.escalation" };
    const grant = (roleId: string) => ({ grants: [{ roleId, scope: SYSTEM }] });
    const account = { username: "accomplice", password: ADMIN_PASSWORD };
    const more = { name: "More", permissions: ["live.view", "key.manage"] };
    const ways: readonly (readonly [string, string, unknown?])[] = [
      ["PUT", `/users/${managerId}/grants`, grant("administrator")],
      ["PATCH", `/users/${managerId}`, { role: "admin" }],
      ["POST", "/users", { ...account, role: "admin" }],
      ["POST", "/users", { ...account, ...grant("viewer") }],
      ["POST", "/roles", more],
      ["PUT", `/roles/${role.id}`, { ...more, name: "Front desk" }],
      ["PUT", `/groups/${strong.id}/members`, { userIds: [managerId] }],
      ["PUT", `/groups/${strong.id}/grants`, { grants: [] }],
      ["DELETE", `/groups/${strong.id}`],
      // Whoever can set a password can sign in with it.
      ["PATCH", `/users/${boss.id}`, { password: "another long enough password" }],
      ["PATCH", `/users/${boss.id}`, { enabled: false }],
      ["PUT", `/users/${boss.id}/grants`, { grants: [] }],
      ["DELETE", `/users/${boss.id}`],
    ];
    for (const [method, path, body] of ways) {
      const { status, code } = await call(method, path, body, manager);
      expect({ status, code }, `${method} ${path}`).toEqual(escalation);
    }
    expect((await server.control.users.get(managerId)).permissions).toEqual(["live.view", "user.manage"]);
    expect((await server.control.users.get(boss.id)).enabled).toBe(true);
  });

  it("and what he has, he may give", async () => {
    const watch = await addRole("Watch", ["live.view"]);
    const body = { username: "helper", password: ADMIN_PASSWORD, grants: [{ roleId: watch.id, scope: SYSTEM }] };
    const made = await call<User>("POST", "/users", body, manager);
    expect(made.status).toBe(201);
    expect((await call("PATCH", `/users/${made.id}`, { displayName: "Helper" }, manager)).status).toBe(200);
    expect((await call("DELETE", `/users/${made.id}`, undefined, manager)).status).toBe(204);
  });

  it("names the grant at fault, and roles and cameras that do not exist", async () => {
    const user = await addUser("named", []);
    const put = (grants: unknown) => call("PUT", `/users/${user.id}/grants`, { grants });
    const none = "00000000-0000-4000-8000-000000000000";
    expect(await put([{ roleId: none, scope: SYSTEM }])).toMatchObject({
      status: 400,
      code: "access.unknown_role",
      field: "grants.0.roleId",
    });
    const scope = { kind: "camera", cameraId: none };
    expect(await put([{ roleId: "viewer", scope }])).toMatchObject({
      status: 400,
      code: "access.unknown_camera",
      field: "grants.0.scope.cameraId",
    });
    expect(await put([{ roleId: "viewer", scope: { kind: "place", path: " / " } }])).toMatchObject({ status: 400 });
    const twice = { roleId: "viewer", scope: { kind: "place", path: " Seoul / Gate " } };
    expect(await put([twice, twice])).toMatchObject({
      status: 200,
      grants: [{ roleId: "viewer", scope: { kind: "place", path: "Seoul/Gate" } }],
    });
  });
});

describe("roles", () => {
  it("that are built in stay as they are", async () => {
    const body = { name: "operator 2", permissions: [] };
    expect(await call("PUT", "/roles/operator", body)).toMatchObject({ status: 409, code: "role.builtin" });
    expect(await call("DELETE", "/roles/viewer")).toMatchObject({ status: 409, code: "role.builtin" });
    expect(await addRole("Administrator", ["live.view"])).toMatchObject({ status: 409, code: "role.exists" });
  });

  it("are not removed from under those who have them", async () => {
    const made = await addRole("Guard", ["live.view"]);
    const user = await addUser("guard", [{ roleId: made.id, scope: SYSTEM }]);
    expect(await call("DELETE", `/roles/${made.id}`)).toMatchObject({ status: 409, code: "role.in_use" });
    await call("PUT", `/users/${user.id}/grants`, { grants: [] });
    expect((await call("DELETE", `/roles/${made.id}`)).status).toBe(204);
  });
});

describe("changes are felt at once", () => {
  const see = (token: string, camera: Camera) => call(`GET`, `/cameras/${camera.id}`, undefined, token);

  it("of a role, a group, a membership, and where a camera is", async () => {
    const made = await addRole("Patrol", ["live.view"]);
    const group = await call<UserGroup>("POST", "/groups", { name: "Patrol" });
    const user = await addUser("patrol", []);
    const token = await signIn(user.id);
    const grants = [{ roleId: made.id, scope: { kind: "place", path: "Seoul" } }];
    await call("PUT", `/groups/${group.id}/grants`, { grants });
    expect((await see(token, seoul)).status).toBe(403);
    await call("PUT", `/groups/${group.id}/members`, { userIds: [user.id] });
    expect([(await see(token, seoul)).status, (await see(token, busan)).status]).toEqual([200, 404]);
    await call("PATCH", `/cameras/${busan.id}`, { group: "Seoul/Yard" });
    expect((await see(token, busan)).status).toBe(200);
    await call("PATCH", `/cameras/${busan.id}`, { group: "Busan" });
    expect((await see(token, busan)).status).toBe(404);
    await call("PUT", `/roles/${made.id}`, { name: "Patrol", permissions: ["bookmark.write"] });
    expect((await call("GET", "/recording/states", undefined, token)).status).toBe(403);
    expect((await see(token, seoul)).status).toBe(200);
    server.media.changedUsers.length = 0;
    await call("PUT", `/groups/${group.id}/members`, { userIds: [] });
    expect((await see(token, seoul)).status).toBe(403);
    expect(server.media.changedUsers).toEqual([user.id]);
  });

  it("and what a provider of identities put in, only it takes out", async () => {
    const group = await call<UserGroup>("POST", "/groups", { name: "From outside" });
    await call("PUT", `/groups/${group.id}/grants`, { grants: [{ roleId: "viewer", scope: SYSTEM }] });
    const user = await addUser("outsider", []);
    const token = await signIn(user.id);
    const { groups } = server.control.access;
    await groups.setExternalMemberships(user.id, "oidc:one", [group.id]);
    expect((await see(token, seoul)).status).toBe(200);
    await call("PUT", `/groups/${group.id}/members`, { userIds: [] });
    expect((await see(token, seoul)).status).toBe(200);
    await groups.setExternalMemberships(user.id, "oidc:two", []);
    expect((await see(token, seoul)).status).toBe(200);
    await groups.setExternalMemberships(user.id, "oidc:one", []);
    expect((await see(token, seoul)).status).toBe(403);
  });
});

it("says where every right comes from", async () => {
  const group = await call<UserGroup>("POST", "/groups", { name: "Night shift" });
  await call("PUT", `/groups/${group.id}/grants`, {
    grants: [{ roleId: "operator", scope: { kind: "place", path: "Seoul" } }],
  });
  const kim = await addUser("kim", [{ roleId: "viewer", scope: { kind: "camera", cameraId: seoul.id } }]);
  await call("PUT", `/groups/${group.id}/members`, { userIds: [kim.id] });
  const at = (camera: Camera) => call<EffectiveAccess>("GET", `/users/${kim.id}/access?camera=${camera.id}`);
  const { permissions } = await at(seoul);
  const sources = (permission: string) =>
    permissions
      .find((one) => one.permission === permission)
      ?.sources.map(({ roleId, group: by }) => [roleId, by?.name]);
  expect(sources("live.view")).toEqual([
    ["viewer", undefined],
    ["operator", "Night shift"],
  ]);
  expect(sources("ptz.control")).toEqual([["operator", "Night shift"]]);
  // A right of the system is none on a place.
  expect(sources("system.read")).toBeUndefined();
  expect((await at(busan)).permissions).toEqual([]);
  const { cameras } = await call<EffectiveAccess>("GET", `/users/${kim.id}/access`);
  expect(cameras.find(({ cameraId }) => cameraId === busan.id)?.permissions).toEqual([]);
  expect(cameras.find(({ cameraId }) => cameraId === seoul.id)?.permissions).toEqual(
    permissions.map(({ permission }) => permission),
  );
});

it("tells whoever administers people nothing of cameras that are not his to know of", async () => {
  const people = await addRole("People", ["user.manage"]);
  const watch = await addRole("Watch Seoul", ["live.view"]);
  const user = await addUser("people-manager", [
    { roleId: people.id, scope: SYSTEM },
    { roleId: watch.id, scope: { kind: "place", path: "Seoul" } },
  ]);
  const token = await signIn(user.id);
  const path = `/users/${user.id}/access`;
  const { cameras } = await call<EffectiveAccess>("GET", path, undefined, token);
  expect(cameras.map(({ cameraId }) => cameraId)).toEqual([seoul.id]);
  expect((await call("GET", `${path}?camera=${seoul.id}`, undefined, token)).status).toBe(200);
  for (const id of [busan.id, "00000000-0000-4000-8000-000000000000"]) {
    const answer = await call("GET", `${path}?camera=${id}`, undefined, token);
    expect(answer).toMatchObject({ status: 404, code: "camera.not_found" });
  }
});

it("the last administrator stays, however he came to be one", async () => {
  const own = (await server.control.users.list()).find(({ username }) => username === "admin");
  const group = await call<UserGroup>("POST", "/groups", { name: "Administrators" });
  const grants = [{ roleId: "administrator", scope: SYSTEM }];
  await call("PUT", `/groups/${group.id}/grants`, { grants });
  await call("PUT", `/groups/${group.id}/members`, { userIds: [own?.id] });
  for (const other of await server.control.users.list()) {
    if (other.id !== own?.id && other.role === "admin") await call("DELETE", `/users/${other.id}`);
  }
  expect((await call("PUT", `/users/${own?.id}/grants`, { grants: [] })).status).toBe(200);
  const last = { status: 409, code: "user.last_admin" };
  expect(await call("DELETE", `/groups/${group.id}`)).toMatchObject(last);
  expect(await call("PUT", `/groups/${group.id}/members`, { userIds: [] })).toMatchObject(last);
  expect(await call("PUT", `/groups/${group.id}/grants`, { grants: [] })).toMatchObject(last);
  expect(await call("PATCH", `/users/${own?.id}`, { enabled: false })).toMatchObject(last);
  expect(await call("DELETE", `/users/${own?.id}`)).toMatchObject(last);
  // Administering a site is not administering the system.
  const narrow = [{ roleId: "administrator", scope: { kind: "place", path: "Seoul" } }];
  expect(await call("PUT", `/groups/${group.id}/grants`, { grants: narrow })).toMatchObject(last);
  expect((await call("GET", "/users")).status).toBe(200);
});
