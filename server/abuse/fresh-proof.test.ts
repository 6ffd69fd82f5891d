import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AccessRole, UserGroup } from "../../shared/api/access.ts";
import type { Layout, User } from "../../shared/api/schemas.ts";
import type { DeviceLink } from "../../shared/api/tokens.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { TestBrowser } from "../identity/testkit/browser.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

const THIEFS_PASSWORD = "the thief's own words";
const REFUSED = { status: 403, code: "auth.reauth_required" };

/** Who has an administrator's access token, or sits down at the desk, but does not know what the administrator knows. */
describe("an administrator's access token, long after the last proof", () => {
  let server: TestServer;
  let clock: SimulatedClock;
  let admin: TestBrowser;
  let thief: TestBrowser;
  let adminId: string;
  let other: User;
  let role: AccessRole;
  let group: UserGroup;
  let layout: Layout;
  let display: string;

  beforeAll(async () => {
    clock = new SimulatedClock(micros(1_789_990_000_000_000));
    server = await startTestServer({ clock });
    admin = new TestBrowser(server);
    adminId = (await admin.signIn("admin")).user.id;
    const camera = await server.addCamera("Gate");
    other = await server.addUser("hana", "viewer");
    const body = { name: "Night", description: "", permissions: ["live.view"] };
    role = await admin.json(201, "POST", "/roles", body);
    group = await admin.json(201, "POST", "/groups", { name: "Night shift", description: "" });
    layout = await admin.json(201, "POST", "/layouts", { name: "Wall", kind: "1", cells: [camera.id] });
    const made = { name: "Lobby", layoutId: layout.id };
    display = (await admin.json<DeviceLink>(201, "POST", "/devices", made)).device.id;
  });
  afterAll(() => server.close());

  beforeEach(async () => {
    await admin.signIn("admin");
    clock.advance(millis(11 * 60_000));
    thief = new TestBrowser(server, "198.51.100.9");
    thief.token = admin.token;
  });

  it("changes nobody's account, rights or credentials", async () => {
    const grants = [{ roleId: "administrator", scope: { kind: "system" } }];
    const attempts: [string, string, unknown?][] = [
      ["POST", "/users", { username: "shadow", password: THIEFS_PASSWORD, role: "admin" }],
      ["POST", "/users", { username: "shadow", password: THIEFS_PASSWORD, role: "viewer" }],
      ["PATCH", `/users/${other.id}`, { password: THIEFS_PASSWORD }],
      ["PATCH", `/users/${other.id}`, { role: "admin" }],
      ["PATCH", `/users/${other.id}`, { cameraIds: [] }],
      ["PATCH", `/users/${other.id}`, { enabled: false }],
      ["DELETE", `/users/${other.id}`],
      ["DELETE", `/users/${other.id}/mfa`],
      ["PUT", `/users/${other.id}/grants`, { grants }],
      ["POST", "/roles", { name: "Mine", description: "", permissions: ["user.manage"] }],
      ["PUT", `/roles/${role.id}`, { name: "Night", description: "", permissions: ["user.manage"] }],
      ["DELETE", `/roles/${role.id}`],
      ["PUT", `/groups/${group.id}/members`, { userIds: [other.id] }],
      ["PUT", `/groups/${group.id}/grants`, { grants }],
      ["DELETE", `/groups/${group.id}`],
      ["POST", "/tokens", { name: "mine", permissions: ["live.view"], days: 365 }],
      ["POST", "/devices", { name: "mine", layoutId: layout.id }],
      ["PATCH", `/devices/${display}`, { networks: [] }],
      ["POST", `/devices/${display}/link`, {}],
    ];
    for (const [method, path, body] of attempts) {
      expect(await thief.refusal(method, path, body), `${method} ${path}`).toEqual(REFUSED);
    }
    const users = await thief.json<User[]>(200, "GET", "/users");
    expect(users.map(({ username }) => username).sort()).toEqual(["admin", "hana"]);
    expect(users.find(({ id }) => id === other.id)).toMatchObject({ role: "viewer", enabled: true });
    // What changes nothing of the kind needs no proof.
    await thief.json(200, "PATCH", `/users/${other.id}`, { displayName: "Hana" });
  });

  it("sets no password of its own to prove itself with", async () => {
    const change = { password: THIEFS_PASSWORD };
    expect(await thief.refusal("PATCH", `/users/${adminId}`, change)).toEqual(REFUSED);
    expect((await thief.refusal("POST", "/auth/reauthenticate", change)).code).toBe("auth.wrong_password");
    expect(await thief.refusal("POST", "/mfa/totp/start", {})).toEqual(REFUSED);
  });

  it("does not either where the proof is fresh: the own password is changed with the one before", async () => {
    await admin.signIn("admin");
    for (const id of [adminId, adminId.toUpperCase()]) {
      const refusal = await admin.refusal("PATCH", `/users/${id}`, { password: THIEFS_PASSWORD });
      expect(refusal).toEqual({ status: 409, code: "user.own_password" });
    }
    await new TestBrowser(server).signIn("admin", ADMIN_PASSWORD);
  });

  it("goes on as soon as the administrator has proved himself", async () => {
    const path = `/users/${other.id}`;
    expect(await admin.refusal("PATCH", path, { enabled: false })).toEqual(REFUSED);
    await admin.json(200, "POST", "/auth/reauthenticate", { password: ADMIN_PASSWORD });
    expect(await admin.json(200, "PATCH", path, { enabled: false })).toMatchObject({ enabled: false });
  });
});
