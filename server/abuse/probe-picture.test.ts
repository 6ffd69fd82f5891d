import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { AccessRole, GrantBody } from "../../shared/api/access.ts";
import type { Camera, ProbeResponse } from "../../shared/api/schemas.ts";
import { SERVER_PRINCIPAL } from "../auth/policy.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

/** Who may set cameras up, and not look at them, tests connections: with no picture, and not unseen. */

let server: TestServer;
let admin: string;
let installer: string;
let vault: Camera;
let lobby: Camera;

beforeAll(async () => {
  server = await startTestServer();
  const { cameras, access, users } = server.control;
  const add = (name: string, url: string): Promise<Camera> => cameras.create(SERVER_PRINCIPAL, { name, url });
  vault = await add("vault", "rtsp://user:secret@10.0.0.1/vault");
  lobby = await add("lobby", "rtsp://user:secret@10.0.0.1/lobby");
  const role: AccessRole = await access.roles.create(SERVER_PRINCIPAL, {
    name: "Installer",
    description: "",
    permissions: ["camera.manage"],
  });
  const grants: GrantBody[] = [
    { roleId: role.id, scope: { kind: "system" } },
    { roleId: "viewer", scope: { kind: "camera", cameraId: lobby.id } },
  ];
  await users.create(SERVER_PRINCIPAL, { username: "installer", password: ADMIN_PASSWORD, grants });
  installer = (await server.login("installer")).accessToken;
  admin = (await server.login("admin")).accessToken;
});
afterAll(() => server.close());
beforeEach(() => {
  server.media.probeResult = {
    format: { codec: "h264", codecString: "avc1.42e01e", width: 640, height: 360 },
    audioFormat: undefined,
    transport: "tcp",
    server: undefined,
    firstFrameMs: 1,
    measuredFps: 25,
    measuredKbps: 100,
    keyframe: new Uint8Array([1, 2, 3]),
  } as never;
});

async function keyframe(token: string, body: object): Promise<string> {
  const response = await server.call("POST", "/api/v1/cameras/probe", { token, body });
  expect(response.status).toBe(200);
  const answer = (await response.json()) as ProbeResponse;
  expect(answer.format.width).toBe(640);
  return answer.keyframe;
}

it.each([
  ["the camera itself", () => ({ url: "rtsp://10.0.0.1/vault", cameraId: vault.id })],
  ["its address without naming it", () => ({ url: "rtsp://10.0.0.1/vault", username: "user", password: "secret" })],
  ["its address, as that of a camera that he sees", () => ({ url: "rtsp://10.0.0.1/vault", cameraId: lobby.id })],
  ["another path of its host", () => ({ url: "rtsp://10.0.0.1/vault?x=1", cameraId: lobby.id })],
  ["another port of its host", () => ({ url: "rtsp://10.0.0.1:8554/vault" })],
  ["another spelling of its host", () => ({ url: "rtsp://10.1/vault" })],
  ["an address elsewhere, as the camera", () => ({ url: "rtsp://10.0.0.2/x", cameraId: vault.id })],
])("no picture of %s", async (_name, body) => {
  expect(await keyframe(installer, body())).toBe("");
  expect(await keyframe(admin, body())).toBe("AQID");
});

it("the picture of a camera that he sees, and of one that is not there yet", async () => {
  expect(await keyframe(installer, { url: "rtsp://10.0.0.1/lobby", cameraId: lobby.id })).toBe("AQID");
  expect(await keyframe(installer, { url: "rtsp://10.0.0.9/new" })).toBe("AQID");
});

it("each test is in the audit, with the camera and whether a picture was shown", async () => {
  await keyframe(installer, { url: "rtsp://user:secret@10.0.0.1/vault", cameraId: vault.id });
  server.media.probeResult = undefined;
  const body = { url: "rtsp://10.0.0.1:8554/vault" };
  expect((await server.call("POST", "/api/v1/cameras/probe", { token: installer, body })).status).toBe(422);
  const trail = await server.call("GET", "/api/v1/audit?limit=2", { token: admin });
  const { entries } = (await trail.json()) as { entries: object[] };
  const row = { action: "camera.probe", actorName: "installer" };
  expect(entries).toMatchObject([
    { ...row, target: "10.0.0.1:8554", cameraId: null, outcome: "failed", details: { code: "rtsp.unreachable" } },
    { ...row, target: "10.0.0.1:554", cameraId: vault.id, outcome: "ok", details: { picture: false } },
  ]);
  expect(JSON.stringify(entries)).not.toContain("secret");
});
