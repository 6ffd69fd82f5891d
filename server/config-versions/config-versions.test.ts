import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccessRole } from "../../shared/api/access.ts";
import type { AuditPage } from "../../shared/api/audit.ts";
import {
  CONFIG_SECRET,
  type ConfigDiff,
  type ConfigVersion,
  type ConfigVersionPage,
  type RollbackPlan,
  type RollbackResult,
  type RollbackTarget,
} from "../../shared/api/config.ts";
import type { Camera, Layout, User } from "../../shared/api/schemas.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

let server: TestServer;
let admin: string;

beforeAll(async () => {
  server = await startTestServer();
  admin = (await server.login("admin")).accessToken;
});
afterAll(() => server.close());

async function call<T>(method: string, path: string, status: number, body?: unknown, token = admin): Promise<T> {
  const response = await server.call(method, `/api/v1${path}`, { token, body });
  const text = await response.text();
  expect(response.status, `${method} ${path}: ${text}`).toBe(status);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

async function versionsOf(section: string, object: string, token = admin): Promise<ConfigVersion[]> {
  const path = `/config/versions?section=${section}&object=${object}`;
  return (await call<ConfigVersionPage>("GET", path, 200, undefined, token)).versions;
}

async function newest(section: string, object: string): Promise<ConfigVersion> {
  const [version] = await versionsOf(section, object);
  if (!version) throw new Error(`no version of ${object}`);
  return version;
}

const preview = (target: RollbackTarget, token = admin) =>
  call<RollbackPlan>("POST", "/config/rollback/preview", 200, target, token);

async function goBack(target: RollbackTarget, token = admin): Promise<RollbackResult> {
  const { plan } = await preview(target, token);
  return call<RollbackResult>("POST", "/config/rollback", 200, { target, plan, reason: "test" }, token);
}

/** Someone with a role of these permissions on the whole system. */
async function somebody(permissions: string[]): Promise<{ id: string; token: string }> {
  const name = `someone ${randomUUID().slice(0, 8)}`;
  const role = await call<AccessRole>("POST", "/roles", 201, { name, permissions });
  const grants = [{ roleId: role.id, scope: { kind: "system" } }];
  const username = name.replace(" ", "-");
  const { id } = await call<User>("POST", "/users", 201, { username, password: ADMIN_PASSWORD, grants });
  return { id, token: (await server.login(username)).accessToken };
}

describe("a change of a camera", () => {
  it("is a version and an audit row with old and new values, and is taken back", async () => {
    const { id } = await server.addCamera("Gate");
    await call("PATCH", `/cameras/${id}`, 200, { name: "North gate", group: "Yard", enabled: false });
    const version = await newest("cameras", id);
    expect(version).toMatchObject({ actorName: "admin", action: "camera.update", section: "cameras", rollsBack: null });
    const fields = [
      { field: "name", from: "Gate", to: "North gate" },
      { field: "group", from: "", to: "Yard" },
      { field: "enabled", from: true, to: false },
    ];
    expect(version.changes).toEqual([{ section: "cameras", id, label: "North gate", kind: "changed", fields }]);
    const { entries } = await call<AuditPage>("GET", `/audit?action=camera.update&cameraId=${id}`, 200);
    expect(entries[0]?.changes).toEqual(fields);

    const plan = await preview({ kind: "undo", version: version.id });
    expect(plan.steps).toEqual([
      {
        ...{ section: "cameras", id, label: "North gate", kind: "changed", notes: [], skipped: false },
        fields: fields.map(({ field, from, to }) => ({ field, from: to, to: from })),
      },
    ]);
    expect(await goBack({ kind: "undo", version: version.id })).toEqual({ done: 1, failed: [] });
    expect(await call<Camera>("GET", `/cameras/${id}`, 200)).toMatchObject({ name: "Gate", group: "", enabled: true });
    expect(await newest("cameras", id)).toMatchObject({ action: "camera.update", rollsBack: version.id });
    const rows = await call<AuditPage>("GET", "/audit?action=config.rollback", 200);
    expect(rows.entries.map(({ action }) => action)).toEqual(["config.rollback", "config.rollback_asked"]);
  });

  it("never holds a secret: neither passwords, nor names, nor tokens in addresses", async () => {
    const url = "rtsp://10.0.0.8/live?channel=1&token=tok-en-8431&user=cam-user-1";
    const secrets = { username: "cam-user-2", password: "cam-pass-9921" };
    const { id } = await call<Camera>("POST", "/cameras", 201, { name: "Till", url, ...secrets });
    await call("PATCH", `/cameras/${id}`, 200, { password: "cam-pass-9922" });
    const [changed, added] = await versionsOf("cameras", id);
    expect(changed?.changes[0]?.fields).toEqual([{ field: "password", from: CONFIG_SECRET, to: CONFIG_SECRET }]);
    const address = `rtsp://10.0.0.8/live?channel=1&token=${CONFIG_SECRET}&user=${CONFIG_SECRET}`;
    expect(added?.changes[0]?.fields).toContainEqual({ field: "url", to: address });
    // The same password again is no change, and another camera's equal one does not look alike.
    await call("PATCH", `/cameras/${id}`, 200, { password: "cam-pass-9922" });
    expect(await versionsOf("cameras", id)).toHaveLength(2);
    const rows = await server.database.orm.execute<{ row: string }>(sql`
      select changes::text as row from config_versions union all select value::text from config_objects
      union all select to_jsonb(a)::text from audit_entries a`);
    const text = rows.map(({ row }) => row).join("\n");
    expect(text).toContain("channel=1");
    for (const secret of ["tok-en-8431", "cam-user-1", "cam-user-2", "cam-pass"]) expect(text).not.toContain(secret);

    // What is there now stays, and the plan says so; a name that was changed with it is taken back.
    await call("PATCH", `/cameras/${id}`, 200, { name: "Till 2", password: "cam-pass-9923" });
    const { id: version } = await newest("cameras", id);
    const { steps } = await preview({ kind: "undo", version });
    expect(steps).toMatchObject([{ notes: ["secret_stays"], fields: [{ field: "name", from: "Till 2", to: "Till" }] }]);
    await goBack({ kind: "undo", version });
    const [source] = server.control.cameras.sources().filter((camera) => camera.id === id);
    expect(source).toMatchObject({ name: "Till", password: "cam-pass-9923" });
    expect(source?.streams[0]?.url).toBe(url);
  });

  it("that was removed comes back under its own id, without its password", async () => {
    const body = { name: "Store", url: "rtsp://10.0.0.7/a", username: "u", password: "p", group: "Cellar" };
    const { id } = await call<Camera>("POST", "/cameras", 201, body);
    await call("PUT", "/recording/policies", 200, { scope: "camera", target: id, policy: { retentionDays: 7 } });
    await call("DELETE", `/cameras/${id}`, 204);
    const { id: version } = await newest("cameras", id);
    const { steps } = await preview({ kind: "undo", version });
    expect(steps).toMatchObject([{ id, kind: "added", notes: ["secret_missing"], skipped: false }]);
    expect(await goBack({ kind: "undo", version })).toEqual({ done: 1, failed: [] });
    const camera = await call<Camera>("GET", `/cameras/${id}`, 200);
    expect(camera).toMatchObject({ name: "Store", group: "Cellar", url: "rtsp://10.0.0.7/a", hasPassword: false });
    // All that can be is done already.
    const again = await preview({ kind: "undo", version });
    expect(again.steps).toMatchObject([{ notes: ["secret_missing"], skipped: true, fields: [] }]);
    const { error } = await call<{ error: { code: string } }>("POST", "/config/rollback", 409, {
      target: { kind: "undo", version },
      plan: again.plan,
    });
    expect(error.code).toBe("config.nothing_to_do");
  });
});

describe("a roll-back", () => {
  it("to a moment brings everything back that was changed, made and removed since", async () => {
    const kept = await server.addCamera("Kept");
    const gone = await server.addCamera("Gone");
    const layout = { name: "Wall", kind: "2x2", cells: [kept.id, gone.id], shared: true };
    const { id: layoutId } = await call<Layout>("POST", "/layouts", 201, layout);
    const { id: version } = await newest("layouts", layoutId);
    await call("PATCH", `/cameras/${kept.id}`, 200, { name: "Renamed" });
    await call("DELETE", `/cameras/${gone.id}`, 204);
    await call("PUT", `/layouts/${layoutId}`, 200, { ...layout, name: "Changed", cells: [null] });
    const { id: roleId } = await call<AccessRole>("POST", "/roles", 201, { name: "Later", permissions: ["live.view"] });
    const later = await server.addCamera("Later");

    const target = { kind: "state", version } as const;
    const { changes } = await call<ConfigDiff>("GET", `/config/diff?from=${version}`, 200);
    expect(changes.map(({ label, kind }) => `${label} ${kind}`).sort()).toEqual(
      ["Changed changed", "Gone removed", "Later added", "Later added", "Renamed changed"].sort(),
    );
    const { steps } = await preview(target);
    expect(steps.map(({ section }) => section)).toEqual(["cameras", "cameras", "layouts", "cameras", "roles"]);
    expect(await goBack(target)).toEqual({ done: 5, failed: [] });
    expect(await call("GET", `/layouts/${layoutId}`, 200)).toMatchObject({ name: "Wall", cells: [kept.id, gone.id] });
    expect(await call("GET", `/cameras/${kept.id}`, 200)).toMatchObject({ name: "Kept" });
    await call("GET", `/cameras/${later.id}`, 404);
    expect((await call<AccessRole[]>("GET", "/roles", 200)).map(({ id }) => id)).not.toContain(roleId);
    expect((await call<ConfigDiff>("GET", `/config/diff?from=${version}`, 200)).changes).toEqual([]);
  });

  it("is refused when the configuration changed after the preview", async () => {
    const { id } = await server.addCamera("Race");
    await call("PATCH", `/cameras/${id}`, 200, { name: "Race 2" });
    const target = { kind: "undo", version: (await newest("cameras", id)).id } as const;
    const { plan } = await preview(target);
    await call("PATCH", `/cameras/${id}`, 200, { enabled: false });
    const { error } = await call<{ error: { code: string } }>("POST", "/config/rollback", 409, { target, plan });
    expect(error.code).toBe("config.changed_meanwhile");
    expect(await call("GET", `/cameras/${id}`, 200)).toMatchObject({ name: "Race 2" });
  });

  it("asks who it is when the last proof is old", async () => {
    const { id } = await server.addCamera("Proof");
    await call("PATCH", `/cameras/${id}`, 200, { name: "Proof 2" });
    const target = { kind: "undo", version: (await newest("cameras", id)).id } as const;
    const { plan } = await preview(target);
    const { orm } = server.database;
    // Of this session only: what others do before and after is none of this test's business.
    await orm.execute(sql`
      update sessions set created_at = created_at - interval '1 hour', proved_at = null where id = ${decodeJwt(admin).sid}`);
    const { error } = await call<{ error: { code: string } }>("POST", "/config/rollback", 403, { target, plan });
    expect(error.code).toBe("auth.reauth_required");
    await call("POST", "/auth/reauthenticate", 200, { password: ADMIN_PASSWORD });
    await call("POST", "/config/rollback", 200, { target, plan });
  });

  it("gives nobody more than he has: not a demoted administrator's rights, not a role, not a group's grants", async () => {
    const schemer = await somebody(["system.manage", "user.manage", "live.view"]);
    const victim = await server.addUser(`was-admin-${randomUUID().slice(0, 8)}`, "admin");
    await call("PATCH", `/users/${victim.id}`, 200, { role: "viewer" });
    const demotion = { kind: "undo", version: (await newest("users", victim.id)).id } as const;
    expect(await goBack(demotion, schemer.token)).toMatchObject({ done: 0, failed: [{ code: "access.escalation" }] });
    expect(await call<User>("GET", `/users/${victim.id}`, 200)).toMatchObject({ role: "viewer" });
    const denied = await call<AuditPage>("GET", "/audit?action=config.rollback&outcome=failed", 200);
    expect(denied.entries[0]?.details).toMatchObject({ done: 0 });

    const permissions = ["live.view", "key.manage"];
    const role = await call<AccessRole>("POST", "/roles", 201, { name: "Keys", permissions });
    await call("PUT", `/roles/${role.id}`, 200, { name: "Keys", permissions: ["live.view"] });
    const narrowed = { kind: "undo", version: (await newest("roles", role.id)).id } as const;
    expect((await goBack(narrowed, schemer.token)).failed).toMatchObject([{ code: "access.escalation" }]);

    const { id: groupId } = await call<{ id: string }>("POST", "/groups", 201, { name: "Ops" });
    const grants = [{ roleId: "administrator", scope: { kind: "system" } }];
    await call("PUT", `/groups/${groupId}/members`, 200, { userIds: [schemer.id] });
    const begun = (await newest("groups", groupId)).id;
    await call("PUT", `/groups/${groupId}/members`, 200, { userIds: [] });
    await call("PUT", `/groups/${groupId}/grants`, 200, { grants });
    const back: RollbackTarget = { kind: "state", version: begun, sections: ["groups"], objectId: groupId };
    expect((await goBack(back, schemer.token)).failed).toMatchObject([{ code: "access.escalation" }]);
    const rights = await call<{ permissions: unknown[] }>("GET", `/users/${schemer.id}/access`, 200);
    expect(JSON.stringify(rights)).not.toContain("key.manage");
    // The same for somebody who holds it all.
    expect(await goBack(demotion)).toEqual({ done: 1, failed: [] });
    expect(await call<User>("GET", `/users/${victim.id}`, 200)).toMatchObject({ role: "admin" });
  });

  it("shows and touches only what its asker may manage", async () => {
    const { token } = await somebody(["system.manage"]);
    const { id } = await server.addCamera("Hidden");
    expect(await versionsOf("cameras", id, token)).toEqual([]);
    const { id: version } = await newest("cameras", id);
    await call("GET", `/config/versions/${version}`, 404, undefined, token);
    await call("POST", "/config/rollback/preview", 404, { kind: "undo", version }, token);
    const { steps } = await preview({ kind: "state", version: 1 }, token);
    expect(steps.filter(({ section }) => section !== "server" && section !== "providers")).toEqual([]);
    const operator = await somebody(["live.view", "camera.manage"]);
    await call("GET", "/config/versions", 403, undefined, operator.token);

    const layout = { name: "Private", kind: "1", cells: [id] };
    const own = await somebody(["live.view", "camera.manage"]);
    const { id: layoutId } = await call<Layout>("POST", "/layouts", 201, layout, own.token);
    expect(await versionsOf("layouts", layoutId)).toEqual([]);
    const { steps: all } = await preview({ kind: "state", version: 1 });
    expect(all.map((step) => step.id)).not.toContain(layoutId);
  });
});

it("a change made past the server is found at the next start", async () => {
  const { id } = await server.addCamera("Outside");
  await server.database.orm.execute(sql`update cameras set name = 'Put in by hand' where id = ${id}`);
  await server.control.configVersions.recorder.start();
  expect(await newest("cameras", id)).toMatchObject({ action: "config.found", actorName: null });
  const { entries } = await call<AuditPage>("GET", "/audit?action=config.found", 200);
  expect(entries[0]).toMatchObject({ via: "system", details: { section: "cameras", objects: ["Put in by hand"] } });
});
