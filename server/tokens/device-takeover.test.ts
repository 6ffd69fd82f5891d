import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Permission } from "../../shared/api/access.ts";
import type { Camera, Layout } from "../../shared/api/schemas.ts";
import type { DeviceLink, KioskDevice } from "../../shared/api/tokens.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

/** A display acts for its owner: its link, and what it shows, are worth the owner's pictures. */
describe("whoever manages tokens and displays, but may not see what an administrator sees", () => {
  let server: TestServer;
  let admin: string;
  let shown: Camera;
  let hidden: Camera;
  let layout: Layout;
  let device: KioskDevice;

  async function ask<T>(token: string, method: string, path: string, body?: unknown): Promise<T> {
    const response = await server.call(method, `/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error((JSON.parse(text) as { error: { code: string } }).error.code);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Signed in, with these rights on the whole system and `live.view` on some cameras. */
  async function person(name: string, permissions: Permission[], seen: readonly Camera[] = []): Promise<string> {
    const role = await ask<{ id: string }>(admin, "POST", "/roles", { name, description: "", permissions });
    const viewing = seen.map(({ id }) => ({ roleId: "viewer", scope: { kind: "camera", cameraId: id } }));
    const grants = [{ roleId: role.id, scope: { kind: "system" } }, ...viewing];
    await ask(admin, "POST", "/users", { username: name, password: ADMIN_PASSWORD, grants });
    return (await server.login(name)).accessToken;
  }

  const one = (token: string, name: string, camera: Camera): Promise<Layout> =>
    ask(token, "POST", "/layouts", { name, kind: "1", cells: [camera.id] });

  beforeAll(async () => {
    server = await startTestServer();
    shown = await server.addCamera("shown");
    hidden = await server.addCamera("hidden");
    admin = (await server.login("admin")).accessToken;
    const body = { name: "Wall", kind: "2x2", cells: [shown.id], shared: true };
    layout = await ask<Layout>(admin, "POST", "/layouts", body);
    ({ device } = await ask<DeviceLink>(admin, "POST", "/devices", { name: "Lobby", layoutId: layout.id }));
  });
  afterAll(() => server.close());

  it("gets no link of an administrator's display, and does not open its networks", async () => {
    const token = await person("tokens", ["token.manage"], [shown]);
    await expect(ask(token, "POST", `/devices/${device.id}/link`, {})).rejects.toThrow("access.escalation");
    await expect(ask(token, "PATCH", `/devices/${device.id}`, { networks: [] })).rejects.toThrow("access.escalation");
    const [listed] = await ask<KioskDevice[]>(admin, "GET", "/devices");
    expect(listed?.linkExpiresAt).toBe(device.linkExpiresAt);
  });

  it("puts no camera before it that he manages but may not see", async () => {
    const token = await person("installer", ["token.manage", "camera.manage"], [shown]);
    const mine = await one(token, "mine", hidden);
    const change = { layoutId: mine.id };
    await expect(ask(token, "PATCH", `/devices/${device.id}`, change)).rejects.toThrow("access.escalation");
    // Nor before one of his own: rights that come later would show there.
    const own = { name: "mine", layoutId: mine.id };
    await expect(ask(token, "POST", "/devices", own)).rejects.toThrow("access.escalation");
    expect((await ask<KioskDevice[]>(admin, "GET", "/devices")).map(({ layout: at }) => at?.id)).toEqual([layout.id]);
  });

  it("is not told of a camera in a shared layout, and shows it on no display either", async () => {
    const token = await person("partial", ["token.manage"], [shown]);
    const both = { name: "Both", kind: "2x2", cells: [shown.id, hidden.id], shared: true };
    const { id } = await ask<Layout>(admin, "POST", "/layouts", both);
    await expect(ask(token, "POST", "/devices", { name: "mine", layoutId: id })).rejects.toThrow("access.escalation");
  });

  it("has displays of his own with what he may see", async () => {
    const token = await person("lobby", ["token.manage"], [shown]);
    const mine = await one(token, "mine", shown);
    const body = { name: "Desk", layoutId: mine.id };
    const { device: own } = await ask<DeviceLink>(token, "POST", "/devices", body);
    await expect(ask(token, "POST", `/devices/${own.id}/link`, {})).resolves.toMatchObject({ device: { id: own.id } });
    await expect(ask(token, "PATCH", `/devices/${own.id}`, { name: "Door" })).resolves.toMatchObject({ name: "Door" });
    // Whoever may do more may help.
    await expect(ask(admin, "POST", `/devices/${own.id}/link`, {})).resolves.toBeDefined();
    await ask(admin, "DELETE", `/devices/${own.id}`);
  });

  it("adds no camera to a layout that a display shows", async () => {
    const token = await person("walls", ["layout.share", "layout.manage", "camera.manage"], [shown]);
    const change = (cells: (string | null)[]) => ({ name: "Wall", kind: "2x2", cells, shared: true });
    const put = (cells: (string | null)[]) => ask(token, "PUT", `/layouts/${layout.id}`, change(cells));
    await expect(put([shown.id, hidden.id])).rejects.toThrow("layout.bad_cells");
    await put([null, shown.id]);
    await ask(admin, "PUT", `/layouts/${layout.id}`, change([shown.id, hidden.id]));
    // What was there before may stay there.
    await put([hidden.id, shown.id]);
  });
});
