import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bookmark, EvidenceCase, EvidenceLock } from "../../../shared/api/recording.ts";
import type { Camera } from "../../../shared/api/schemas.ts";
import { databases } from "../../testkit/temp-db.ts";
import { startTestServer, type TestServer } from "../../testkit/test-server.ts";

describe.each(databases)("evidence, $name", (kind) => {
  let server: TestServer;
  let own: Camera;
  let foreign: Camera;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    server = await startTestServer({ kind });
    own = await server.addCamera("Own");
    foreign = await server.addCamera("Foreign");
    await server.addUser("viewer", "viewer", [own.id]);
    await server.addUser("operator", "operator");
    await server.addUser("second", "operator");
    for (const name of ["viewer", "operator", "second", "admin"]) tokens[name] = (await server.login(name)).accessToken;
  });
  afterAll(() => server.close());

  const call = async <T = { error: { code: string; details?: { field: string }[] } }>(
    as: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }> => {
    const response = await server.call(method, `/api/v1${path}`, {
      token: tokens[as],
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as T };
  };
  const range = (camera: Camera, startMicros = 1_000_000, endMicros = 2_000_000) => {
    return { cameraId: camera.id, startMicros, endMicros };
  };

  describe("bookmarks", () => {
    it("are found by text, tag, camera and time, newest first, and by viewers only on their cameras", async () => {
      const post = (camera: Camera, title: string, tags: string[], at: number) =>
        call<Bookmark>("operator", "POST", "/bookmarks", {
          ...range(camera, at, at + 10),
          title,
          tags,
          note: "100%_sure",
        });
      const early = (await post(own, "Red van", ["vehicle"], 1_000)).body;
      const late = (await post(own, "Man at the gate", ["person", "person"], 5_000)).body;
      const hidden = (await post(foreign, "Red car", ["vehicle"], 3_000)).body;
      expect(late.tags).toEqual(["person"]);
      const titles = async (as: string, query: string) =>
        (await call<Bookmark[]>(as, "GET", `/bookmarks${query}`)).body.map(({ title }) => title);
      expect(await titles("operator", "")).toEqual([late.title, hidden.title, early.title]);
      expect(await titles("viewer", "")).toEqual([late.title, early.title]);
      expect(await titles("viewer", `?cameras=${foreign.id}`)).toEqual([]);
      expect(await titles("operator", "?text=RED")).toEqual([hidden.title, early.title]);
      // A search word is no pattern.
      expect(await titles("operator", "?text=100%25_sure")).toHaveLength(3);
      expect(await titles("operator", "?text=1%25sure")).toEqual([]);
      expect(await titles("operator", "?tag=vehicle&startMicros=2000")).toEqual([hidden.title]);
      expect(await titles("operator", "?endMicros=2000")).toEqual([early.title]);
    });

    it("belong to who made them; administrators may change them too", async () => {
      const made = await call<Bookmark>("operator", "POST", "/bookmarks", { ...range(own), title: "Mine" });
      expect(made.status).toBe(201);
      const path = `/bookmarks/${made.body.id}`;
      const change = { ...range(own), title: "Changed", colour: "red" };
      expect((await call("second", "PUT", path, change)).body.error.code).toBe("auth.forbidden");
      expect((await call<Bookmark>("admin", "PUT", path, change)).body).toMatchObject({
        title: "Changed",
        colour: "red",
      });
      expect((await call("second", "DELETE", path)).status).toBe(403);
      expect((await call("operator", "DELETE", path)).status).toBe(204);
      expect((await call("operator", "DELETE", path)).status).toBe(404);
    });

    it("name the field that is wrong", async () => {
      const backwards = await call("operator", "POST", "/bookmarks", { ...range(own, 2, 1), title: "x" });
      expect(backwards).toMatchObject({ status: 400, body: { error: { details: [{ field: "endMicros" }] } } });
      const untitled = await call("operator", "POST", "/bookmarks", { ...range(own), title: "  " });
      expect(untitled).toMatchObject({ status: 400, body: { error: { details: [{ field: "title" }] } } });
    });
  });

  describe("locks", () => {
    it("hold until released or expired, and stay on record", async () => {
      const made = await call<EvidenceLock>("operator", "POST", "/evidence-locks", {
        ...range(own),
        reason: "Police 12/34",
      });
      expect(made.status).toBe(201);
      const past = { ...range(own), reason: "x", expiresAt: "2001-01-01T00:00:00Z" };
      expect((await call("operator", "POST", "/evidence-locks", past)).body.error.code).toBe("evidence.expired");
      const ids = async (query: string) =>
        (await call<EvidenceLock[]>("operator", "GET", `/evidence-locks${query}`)).body.map(({ id }) => id);
      expect(await ids("")).toContain(made.body.id);
      const path = `/evidence-locks/${made.body.id}`;
      expect((await call("second", "DELETE", path)).status).toBe(403);
      const released = await call<EvidenceLock>("admin", "DELETE", path);
      expect(released.body).toMatchObject({ releasedByName: "admin" });
      const again = await call<EvidenceLock>("operator", "DELETE", path);
      expect(again.body).toEqual(released.body);
      expect(await ids("")).not.toContain(made.body.id);
      expect(await ids("?active=false")).toContain(made.body.id);
    });
  });

  describe("cases", () => {
    it("hold several cameras and ranges, notes that are only added, and can be closed", async () => {
      const body = { title: "Theft", reference: "K-7", items: [{ ...range(own), note: "enters" }, range(foreign)] };
      const made = await call<EvidenceCase>("operator", "POST", "/cases", body);
      expect(made.status).toBe(201);
      expect(made.body.items.map(({ cameraId }) => cameraId)).toEqual([own.id, foreign.id]);
      const path = `/cases/${made.body.id}`;
      await call("operator", "POST", `${path}/notes`, { text: "first" });
      const noted = await call<EvidenceCase>("second", "POST", `${path}/notes`, { text: "second" });
      expect(noted.body.notes.map(({ byName, text }) => `${byName}: ${text}`)).toEqual([
        "operator: first",
        "second: second",
      ]);
      const fewer = await call<EvidenceCase>("second", "PUT", path, { ...body, items: [range(foreign)] });
      expect(fewer.body.items).toHaveLength(1);
      expect(fewer.body.notes).toHaveLength(2);
      await call("operator", "POST", `${path}/closed`, { closed: true });
      expect((await call("operator", "PUT", path, body)).body.error.code).toBe("case.closed");
      expect((await call("viewer", "GET", path)).status).toBe(403);
      expect((await call("second", "DELETE", path)).status).toBe(403);
      expect((await call("operator", "DELETE", path)).status).toBe(204);
      expect((await call("operator", "GET", path)).status).toBe(404);
    });

    it("are changed piece by piece: names, ranges added and taken out", async () => {
      const made = (await call<EvidenceCase>("operator", "POST", "/cases", { title: "A", items: [range(own)] })).body;
      const path = `/cases/${made.id}`;
      const named = await call<EvidenceCase>("second", "PATCH", path, { title: "B" });
      expect(named.body).toMatchObject({ title: "B", reference: "", items: [{ cameraId: own.id }] });
      const more = await call<EvidenceCase>("second", "POST", `${path}/items`, { items: [range(foreign, 5, 6)] });
      expect(more.status).toBe(201);
      expect(more.body.items.map(({ cameraId }) => cameraId)).toEqual([own.id, foreign.id]);
      const less = await call<EvidenceCase>("operator", "DELETE", `${path}/items/${made.items[0]?.id}`);
      expect(less.body.items.map(({ cameraId }) => cameraId)).toEqual([foreign.id]);
      const again = await call("operator", "DELETE", `${path}/items/${made.items[0]?.id}`);
      expect(again).toMatchObject({ status: 404, body: { error: { code: "case.item_not_found" } } });
      const wrong = await call("operator", "POST", `${path}/items`, { items: [range(own, 9, 1)] });
      expect(wrong.body.error.code).toBe("evidence.bad_range");
      const many = Array.from({ length: 500 }, () => range(own));
      const full = await call("operator", "POST", `${path}/items`, { items: many });
      expect(full).toMatchObject({ status: 409, body: { error: { code: "case.too_many_items" } } });
      await call("operator", "POST", `${path}/closed`, { closed: true });
      for (const [method, at, body] of [
        ["PATCH", path, { title: "C" }],
        ["POST", `${path}/items`, { items: [range(own)] }],
        ["DELETE", `${path}/items/${less.body.items[0]?.id}`, undefined],
      ] as const) {
        expect((await call("operator", method, at, body)).body.error.code).toBe("case.closed");
      }
    });

    it("lock all of their ranges at once, once, and keep the locks when they are deleted", async () => {
      const body = { title: "Fire", items: [range(own, 10, 20), range(foreign, 10, 20)] };
      const made = (await call<EvidenceCase>("operator", "POST", "/cases", body)).body;
      const path = `/cases/${made.id}`;
      const lock = { reason: "Insurance", expiresAt: "2999-01-01T00:00:00Z" };
      const first = await call<EvidenceLock[]>("operator", "POST", `${path}/locks`, lock);
      expect(first.status).toBe(201);
      expect(first.body.map(({ cameraId, caseId }) => [cameraId, caseId])).toEqual([
        [own.id, made.id],
        [foreign.id, made.id],
      ]);
      expect((await call<EvidenceLock[]>("second", "POST", `${path}/locks`, lock)).body).toEqual([]);
      // A longer lock is a new one.
      const longer = await call<EvidenceLock[]>("operator", "POST", `${path}/locks`, { reason: "Court" });
      expect(longer.body.map(({ expiresAt }) => expiresAt)).toEqual([null, null]);
      const listed = async () =>
        (await call<EvidenceLock[]>("operator", "GET", `/evidence-locks?caseId=${made.id}`)).body;
      expect(await listed()).toHaveLength(4);
      const release = `/evidence-locks/${first.body[0]?.id}/release`;
      expect((await call("operator", "POST", release, { reason: " " })).status).toBe(400);
      expect((await call("second", "POST", release, { reason: "done" })).status).toBe(403);
      const released = await call<EvidenceLock>("operator", "POST", release, { reason: "done" });
      expect(released.body).toMatchObject({ releaseReason: "done", releasedByName: "operator" });
      expect(await listed()).toHaveLength(3);
      await call("operator", "DELETE", path);
      expect(await listed()).toEqual([]);
      const kept = (await call<EvidenceLock[]>("operator", "GET", "/evidence-locks")).body;
      expect(kept.filter(({ id }) => longer.body.some((one) => one.id === id))).toMatchObject([
        { caseId: null },
        { caseId: null },
      ]);
    });

    it("without ranges have nothing to lock; what is locked must be allowed", async () => {
      const empty = (await call<EvidenceCase>("operator", "POST", "/cases", { title: "Empty" })).body;
      const refused = await call("operator", "POST", `/cases/${empty.id}/locks`, { reason: "x" });
      expect(refused).toMatchObject({ status: 409, body: { error: { code: "case.empty" } } });
      const past = { reason: "x", expiresAt: "2001-01-01T00:00:00Z" };
      const full = await call<EvidenceCase>("operator", "POST", "/cases", { title: "Full", items: [range(own)] });
      const late = await call("operator", "POST", `/cases/${full.body.id}/locks`, past);
      expect(late.body.error.code).toBe("evidence.expired");
      expect((await call("viewer", "POST", `/cases/${full.body.id}/locks`, { reason: "x" })).status).toBe(403);
    });

    it("name the item that is wrong", async () => {
      const wrong = await call("operator", "POST", "/cases", { title: "x", items: [range(own), range(own, 9, 1)] });
      expect(wrong).toMatchObject({ status: 400, body: { error: { details: [{ field: "items.1.endMicros" }] } } });
    });
  });
});
