import { afterAll, beforeAll, expect, it } from "vitest";
import type { AccessRole, GrantBody } from "../../shared/api/access.ts";
import type { Camera } from "../../shared/api/schemas.ts";
import { type Principal, SERVER_PRINCIPAL } from "../auth/policy.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

/** Who manages cameras everywhere, and sees those of one site: managing them is no way to see more. */

const SYSTEM = { kind: "system" } as const;
const SEOUL = { kind: "place", path: "Seoul" } as const;
let server: TestServer;
let token: string;
let installer: Principal;
let seoul: Camera;
let busan: Camera;

beforeAll(async () => {
  server = await startTestServer();
  const { cameras, access, users, auth } = server.control;
  const add = (name: string, group: string) =>
    cameras.create(SERVER_PRINCIPAL, { name, group, url: `rtsp://user:secret@10.0.0.1/${name}` });
  [seoul, busan] = [await add("seoul", "Seoul"), await add("busan", "Busan")];
  const role: AccessRole = await access.roles.create(SERVER_PRINCIPAL, {
    name: "Installer",
    description: "",
    permissions: ["camera.manage"],
  });
  const grants: GrantBody[] = [
    { roleId: role.id, scope: SYSTEM },
    { roleId: "viewer", scope: SEOUL },
  ];
  const { id } = await users.create(SERVER_PRINCIPAL, { username: "installer", password: ADMIN_PASSWORD, grants });
  token = (await auth.signIn(id, { ip: "127.0.0.1", userAgent: "test" })).accessToken;
  installer = (await auth.verify(token)).principal;
});
afterAll(() => server.close());

async function patch(camera: Camera, body: object): Promise<{ status: number; code?: string; field?: string }> {
  const response = await server.call("PATCH", `/api/v1/cameras/${camera.id}`, { token, body });
  const { error } = (await response.json()) as { error?: { code: string; details?: { field: string }[] } };
  const field = error?.details?.[0]?.field;
  return {
    status: response.status,
    ...(error ? { code: error.code } : {}),
    ...(field === undefined ? {} : { field }),
  };
}

it("a camera is not moved to where the one who moves it would see it", async () => {
  const escalation = { status: 403, code: "access.escalation", field: "group" };
  expect(await patch(busan, { group: "Seoul" })).toEqual(escalation);
  expect(await patch(busan, { group: "Seoul/Gate/Left" })).toEqual(escalation);
  expect((await server.control.cameras.get(installer, busan.id)).group).toBe("Busan");
  // Where he gains nothing, he may: elsewhere, within what he sees, and out of it.
  for (const [camera, group] of [
    [busan, "Incheon"],
    [seoul, "Seoul/Gate"],
    [seoul, "Busan"],
  ] as const) {
    expect(await patch(camera, { group })).toEqual({ status: 200 });
  }
  // And what is gone is gone for him: he cannot take it back.
  expect(await patch(seoul, { group: "Seoul" })).toEqual(escalation);
  await server.control.cameras.update(SERVER_PRINCIPAL, seoul.id, { group: "Seoul" });
});

it("nor brought back there with what was recorded of it", async () => {
  const { cameras } = server.control;
  const body = { name: "back", url: "rtsp://10.0.0.1/back" };
  const back = (group: string) => cameras.create(installer, { ...body, group }, crypto.randomUUID());
  await expect(back("Seoul")).rejects.toMatchObject({ code: "access.escalation" });
  await cameras.remove((await back("Busan")).id);
  // A new one has no past.
  await cameras.remove((await cameras.create(installer, { ...body, group: "Seoul" })).id);
});

it("a stored password goes to no host but the one that it is stored for", async () => {
  const needed = { status: 400, code: "camera.password_needed", field: "password" };
  expect(await patch(busan, { url: "rtsp://10.0.0.66/busan" })).toEqual(needed);
  expect(await patch(busan, { url: "rtsp://10.0.0.1:8554/busan" })).toEqual(needed);
  expect(await patch(busan, { subUrl: "rtsp://10.0.0.66/sub" })).toEqual(needed);
  expect(await patch(busan, { url: "rtsp://10.0.0.66/busan", username: "other" })).toEqual(needed);
  expect(server.media.cameras.get(busan.id)?.streams.map(({ url }) => url)).toEqual(["rtsp://10.0.0.1/busan"]);
  for (const body of [
    { url: "rtsp://10.0.0.1/other" },
    { subUrl: "rtsp://10.0.0.1/sub" },
    { url: "rtsp://10.0.0.66/busan", subUrl: null, password: "typed again" },
    { url: "rtsp://user:typed@10.0.0.67/busan" },
    { url: "rtsp://10.0.0.68/busan", password: null },
    { url: "rtsp://10.0.0.69/busan" },
  ]) {
    expect(await patch(busan, body), JSON.stringify(body)).toEqual({ status: 200 });
  }
});

it("nor to where others would see it whom he may not let see it", async () => {
  const { cameras, users, groups, access } = { ...server.control, groups: server.control.access.groups };
  const lobby = { kind: "place", path: "Lobby" } as const;
  const friend = await users.create(SERVER_PRINCIPAL, {
    username: "friend",
    password: ADMIN_PASSWORD,
    grants: [{ roleId: "viewer", scope: lobby }],
  });
  const escalation = { status: 403, code: "access.escalation", field: "group" };
  expect(await patch(busan, { group: "Lobby" })).toEqual(escalation);
  expect(await patch(busan, { group: "Lobby/Desk" })).toEqual(escalation);
  // One that he may look at himself he may let others look at; beside the place is not in it.
  expect(await patch(busan, { group: "Lobby 2" })).toEqual({ status: 200 });
  expect(await patch(seoul, { group: "Lobby" })).toEqual({ status: 200 });
  const body = { name: "back", url: "rtsp://10.0.0.1/back", group: "Lobby" };
  await expect(cameras.create(installer, body, crypto.randomUUID())).rejects.toMatchObject({
    code: "access.escalation",
  });
  await cameras.remove((await cameras.create(installer, body)).id);
  // The same through a group.
  await access.grants.replace(SERVER_PRINCIPAL, { userId: friend.id }, []);
  const group = await groups.create({ name: "Guests", description: "" });
  await access.grants.replace(SERVER_PRINCIPAL, { groupId: group.id }, [{ roleId: "viewer", scope: lobby }]);
  expect(await patch(busan, { group: "Lobby" })).toEqual(escalation);
  // Who holds it all moves it.
  expect((await cameras.update(SERVER_PRINCIPAL, busan.id, { group: "Lobby" })).group).toBe("Lobby");
  // Within the place nobody gains anything.
  expect(await patch(busan, { group: "Lobby/Desk" })).toEqual({ status: 200 });
});
