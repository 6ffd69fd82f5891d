import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Camera, Layout, User } from "../../shared/api/schemas.ts";
import { SERVER_PRINCIPAL } from "../auth/policy.ts";
import { auditEntries, cameras as cameraTable } from "../db/schema/index.ts";
import { databases } from "../testkit/temp-db.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

async function errorOf(response: Response): Promise<{ status: number; code: string; field: string | undefined }> {
  const { error } = (await response.json()) as { error: { code: string; details?: { field: string }[] } };
  return { status: response.status, code: error.code, field: error.details?.[0]?.field };
}

describe.each(databases)("services, $name", (kind) => {
  let server: TestServer;
  let token: string;
  beforeAll(async () => {
    server = await startTestServer({ kind });
    token = (await server.login("admin")).accessToken;
  });
  afterAll(() => server.close());
  const call = (method: string, path: string, body?: unknown, as = token) =>
    server.call(method, `/api/v1${path}`, { token: as, body });

  describe("cameras", () => {
    it("keep their credentials sealed in the database and out of every answer", async () => {
      const body = { name: "Sealed", url: "rtsp://operator7:pa55word-7@10.0.0.7/1" };
      const created = await call("POST", "/cameras", body);
      const text = await created.text();
      expect(text).not.toContain("pa55word-7");
      const { id } = JSON.parse(text) as Camera;
      const rows = JSON.stringify(await server.database.orm.select().from(cameraTable));
      expect(rows).not.toContain("pa55word-7");
      expect(rows).not.toContain("operator7");
      expect(rows).toMatch(/aria256gcm:\d+:/);
      expect(JSON.stringify(await server.database.orm.select().from(auditEntries))).not.toContain("pa55word-7");
      await call("DELETE", `/cameras/${id}`);
    });

    it("keep a stream's number while it has one of that role, and never give one out twice", async () => {
      const url = "rtsp://10.0.0.8/main";
      const { id } = (await (
        await call("POST", "/cameras", { name: "Numbers", url, subUrl: `${url}2` })
      ).json()) as Camera;
      const ids = () => server.media.cameras.get(id)?.streams.map((stream) => [stream.role, stream.streamId]);
      const before = new Map(ids() as [string, number][]);
      await call("PATCH", `/cameras/${id}`, { url: "rtsp://10.0.0.8/other", subUrl: null });
      expect(ids()).toEqual([["main", before.get("main")]]);
      await call("PATCH", `/cameras/${id}`, { subUrl: `${url}3` });
      expect(new Map(ids() as [string, number][]).get("sub")).toBeGreaterThan(before.get("sub") ?? 0);
      await call("DELETE", `/cameras/${id}`);
    });

    it("change only what is named, and forget a password that is set to null", async () => {
      const url = "rtsp://a:b@10.0.0.9/1";
      const { id } = (await (
        await call("POST", "/cameras", { name: "Patch", url, group: "/ Site //Hall/ " })
      ).json()) as Camera;
      const changed = (await (await call("PATCH", `/cameras/${id}`, { name: "Patched" })).json()) as Camera;
      expect(changed).toMatchObject({ name: "Patched", group: "Site/Hall", username: "a", hasPassword: true });
      const without = (await (await call("PATCH", `/cameras/${id}`, { password: null })).json()) as Camera;
      expect(without).toMatchObject({ username: "a", hasPassword: false });
      expect(server.media.cameras.get(id)?.password).toBeUndefined();
      await call("DELETE", `/cameras/${id}`);
    });

    it.each([
      [{ url: "http://10.0.0.1/" }, "camera.bad_url", "url"],
      [{ url: "rtsp://10.0.0.1/", subUrl: "rtsp://169.254.169.254/" }, "camera.bad_url", "subUrl"],
      [{ url: "rtsp://10.0.0.1/", username: "a\r\nb" }, "camera.bad_field", "username"],
      [{ url: "rtsp://10.0.0.1/", password: "a\nb" }, "camera.bad_field", "password"],
      [{ url: "rtsp://10.0.0.1/", group: "a\u202eb" }, "camera.bad_field", "group"],
      [{ url: "rtsp://10.0.0.1/", transport: "quic" }, "request.invalid", "transport"],
      [{ url: "rtsp://a:b@10.0.0.1/", subUrl: "rtsp://c:d@10.0.0.1/" }, "camera.bad_field", "subUrl"],
    ])("refuse %j", async (fields, code, field) => {
      expect(await errorOf(await call("POST", "/cameras", { name: "Bad", ...fields }))).toEqual({
        status: 400,
        code,
        field,
      });
    });

    it("send a stored password to its own host only when a connection is tested", async () => {
      const { id } = (await (
        await call("POST", "/cameras", { name: "Probe", url: "rtsp://a:b@10.0.0.9/1" })
      ).json()) as Camera;
      await call("POST", "/cameras/probe", { url: "rtsp://10.0.0.9/2", cameraId: id });
      await call("POST", "/cameras/probe", { url: "rtsp://203.0.113.1/2", cameraId: id });
      await call("POST", "/cameras/probe", { url: "rtsp://10.0.0.9/2", cameraId: id, username: "other" });
      const sent = server.media.probed.slice(-3).map(({ username, password }) => [username, password]);
      expect(sent).toEqual([
        ["a", "b"],
        [undefined, undefined],
        ["other", undefined],
      ]);
      const unknown = await call("POST", "/cameras/probe", { url: "rtsp://10.0.0.9/2", cameraId: randomUUID() });
      expect(await errorOf(unknown)).toMatchObject({ status: 404, code: "camera.not_found" });
      expect(await errorOf(await call("POST", "/cameras/probe", { url: "rtsp://10.0.0.9/" }))).toMatchObject({
        status: 422,
        code: "rtsp.unreachable",
      });
      await call("DELETE", `/cameras/${id}`);
    });

    it("come back after a restart, secrets included", async () => {
      const { id } = (await (
        await call("POST", "/cameras", { name: "Again", url: "rtsp://a:b@10.0.0.9/1" })
      ).json()) as Camera;
      server.media.cameras.clear();
      await server.control.cameras.start();
      expect(server.media.cameras.get(id)).toMatchObject({ name: "Again", username: "a", password: "b" });
      await call("DELETE", `/cameras/${id}`);
    });
  });

  describe("users", () => {
    it("are unique however the name is typed", async () => {
      const add = (username: string) => call("POST", "/users", { username, role: "viewer", password: ADMIN_PASSWORD });
      expect((await add("Jiyoon")).status).toBe(201);
      for (const name of ["JIYOON", "ｊｉｙｏｏｎ", " jiyoon "]) {
        expect(await errorOf(await add(name))).toMatchObject({ status: 409, code: "user.exists", field: "username" });
      }
    });

    it("refuse weak input and unknown cameras", async () => {
      const user = { username: "weak", role: "viewer", password: ADMIN_PASSWORD };
      for (const [change, field] of [
        [{ password: "short" }, "password"],
        [{ username: "a b" }, "username"],
        [{ role: "root" }, "role"],
        [{ cameraIds: ["1"] }, "cameraIds.0"],
        [{ cameraIds: [randomUUID()] }, "cameraIds"],
      ] as const) {
        expect(await errorOf(await call("POST", "/users", { ...user, ...change }))).toMatchObject({
          status: 400,
          field,
        });
      }
      expect(((await (await call("GET", "/users")).json()) as User[]).map((row) => row.username)).not.toContain("weak");
    });

    it("lose their sessions when they are disabled, changed or removed", async () => {
      const { id } = await server.addUser("leaving", "operator");
      const first = (await server.login("leaving")).accessToken;
      await call("PATCH", `/users/${id}`, { enabled: false });
      expect((await call("GET", "/cameras", undefined, first)).status).toBe(401);
      await expect(server.login("leaving")).rejects.toThrow("auth.bad_credentials");
      await call("PATCH", `/users/${id}`, { enabled: true, role: "viewer" });
      const second = (await server.login("leaving")).accessToken;
      expect((await call("GET", "/system/stats", undefined, second)).status).toBe(403);
      expect((await call("DELETE", `/users/${id}`)).status).toBe(204);
      expect((await call("GET", "/cameras", undefined, second)).status).toBe(401);
      expect(server.media.endedSessions.length).toBeGreaterThanOrEqual(2);
    });

    it("always include an administrator, even when two remove each other at once", async () => {
      const [admin] = (await (await call("GET", "/users")).json()) as User[];
      const path = `/users/${admin?.id}`;
      for (const attempt of [
        call("PATCH", path, { role: "viewer" }),
        call("PATCH", path, { enabled: false }),
        call("DELETE", path),
      ]) {
        expect(await errorOf(await attempt)).toMatchObject({ status: 409, code: "user.last_admin" });
      }
      const other = await server.addUser("second-admin", "admin");
      const results = await Promise.allSettled([
        server.control.users.update(SERVER_PRINCIPAL, admin?.id ?? "", { role: "operator" }),
        server.control.users.update(SERVER_PRINCIPAL, other.id, { role: "operator" }),
      ]);
      expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
      const left = (await server.control.users.list()).filter((user) => user.role === "admin");
      expect(left).toHaveLength(1);
      await server.control.users.update(SERVER_PRINCIPAL, admin?.id ?? "", { role: "admin" });
    });
  });

  describe("layouts", () => {
    it("are private until shared, and hide cameras that the reader may not see", async () => {
      const [seen, unseen] = [await server.addCamera("Seen"), await server.addCamera("Unseen")];
      await server.addUser("watcher", "viewer", [seen.id]);
      const viewer = (await server.login("watcher")).accessToken;
      const body = { name: "Wall", kind: "2x2", cells: [seen.id, unseen.id, null] };
      const { id } = (await (await call("POST", "/layouts", body)).json()) as Layout;
      expect((await call("GET", `/layouts/${id}`, undefined, viewer)).status).toBe(404);
      expect((await call("PUT", `/layouts/${id}`, body, viewer)).status).toBe(404);
      await call("PUT", `/layouts/${id}`, { ...body, shared: true });
      const [shared] = (await (await call("GET", "/layouts", undefined, viewer)).json()) as Layout[];
      expect(shared).toMatchObject({ id, cells: [seen.id, null, null] });
      expect((await call("PUT", `/layouts/${id}`, body, viewer)).status).toBe(403);
      expect((await call("DELETE", `/layouts/${id}`, undefined, viewer)).status).toBe(403);
      const own = { name: "Mine", kind: "1", cells: [seen.id] };
      expect((await call("PUT", `/layouts/${id}`, own, viewer)).status).toBe(403);
      expect((await call("POST", "/layouts", own, viewer)).status).toBe(201);
      expect((await call("POST", "/layouts", { ...own, shared: true }, viewer)).status).toBe(403);
      const foreign = await errorOf(await call("POST", "/layouts", { ...own, cells: [unseen.id] }, viewer));
      const none = await errorOf(await call("POST", "/layouts", { ...own, cells: [randomUUID()] }, viewer));
      expect(foreign).toEqual({ status: 400, code: "layout.bad_cells", field: "cells.0" });
      expect(none).toEqual(foreign);
    });

    it.each([
      ["1", 1],
      ["3x3", 9],
      ["1+5", 6],
      ["1+12", 13],
      ["8x8", 64],
    ])("%s has %i cells", async (kind_, cells) => {
      const create = (count: number) =>
        call("POST", "/layouts", { name: "x", kind: kind_, cells: Array(count).fill(null) });
      expect((await create(cells)).status).toBe(201);
      expect((await create(cells + 1)).status).toBe(400);
    });
  });

  it("every change leaves a trace of who did it", async () => {
    const rows = await server.database.orm.select().from(auditEntries);
    const actions = new Set(rows.map((row) => row.action));
    for (const action of [
      "auth.login",
      "auth.login_failed",
      "camera.create",
      "camera.update",
      "camera.delete",
      "user.create",
      "user.update",
      "user.delete",
    ]) {
      expect(actions).toContain(action);
    }
    expect(rows.filter((row) => row.action === "camera.create").every((row) => row.actorName === "admin")).toBe(true);
  });
});
