import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Camera } from "../../shared/api/schemas.ts";
import { ACTIONS, can, type Principal } from "../auth/policy.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { walkMatrix } from "./testkit/access-matrix.ts";
import { createMatrixWorld, type MatrixWorld } from "./testkit/matrix-callers.ts";

let server: TestServer;
let world: MatrixWorld;

beforeAll(async () => {
  server = await startTestServer();
  world = await createMatrixWorld(server);
}, 120_000);
afterAll(() => server.close());

const tokenOf = (name: string): Promise<string | undefined> => {
  const caller = world.callers.find((one) => one.name === name);
  if (!caller) throw new Error(`nobody is called ${name}`);
  return caller.token();
};

describe("every route", () => {
  it("declares a policy", () => {
    const declared = new Set(server.routes.map(({ method, path }) => `${method} ${path}`));
    // Handlers that are not the API's: health at the root, keys, documentation, the catch-all below /api.
    const exempt = /^(ALL \/\*|ALL \/api\/\*|GET \/(docs|health|\.well-known)(\/.*)?|GET \/api\/v1\/openapi\.json)$/;
    const registered = server.app.routes.map(({ method, path }) => `${method} ${path}`);
    expect(registered.filter((route) => !declared.has(route) && !exempt.test(route))).toEqual([]);
    expect(declared.size).toBeGreaterThan(20);
  });
});

it("every route, list and media message answers as the table says, for everyone and on every camera", async () => {
  const { cells, wrong } = await walkMatrix(world);
  process.stdout.write(`access matrix: ${cells} cells, ${wrong.length} wrong\n`);
  expect(wrong).toEqual([]);
  expect(cells).toBeGreaterThan(2000);
}, 300_000);

describe("a viewer", () => {
  it("cannot tell a foreign camera from none", async () => {
    const token = await tokenOf("camera-viewer");
    const answers = [];
    for (const id of [world.foreign.id, randomUUID()]) {
      const response = await server.call("GET", `/api/v1/cameras/${id}`, { token });
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      const headers = [...response.headers.keys()].sort();
      answers.push({ status: response.status, headers, error: { ...error, requestId: "", timestamp: "" } });
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it("lists only its own cameras, without addresses", async () => {
    const response = await server.call("GET", "/api/v1/cameras", { token: await tokenOf("camera-viewer") });
    const cameras = (await response.json()) as Camera[];
    expect(cameras.map((camera) => camera.id)).toEqual([world.own.id]);
    expect(Object.keys(cameras[0] ?? {}).sort()).toEqual(["createdAt", "enabled", "group", "id", "name", "status"]);
  });

  it("loses a camera with the next request", async () => {
    const user = await server.addUser("brief", "viewer", [world.own.id]);
    const { accessToken: token } = await server.login("brief");
    const path = `/api/v1/cameras/${world.own.id}`;
    expect((await server.call("GET", path, { token })).status).toBe(200);
    const body = { cameraIds: [] };
    await server.call("PATCH", `/api/v1/users/${user.id}`, { token: await tokenOf("administrator"), body });
    // Nothing is left to him: not even whether there is such a camera.
    expect((await server.call("GET", path, { token })).status).toBe(403);
    expect(server.media.changedUsers).toContain(user.id);
  });
});

it("an access that holds nothing, and an action that nobody knows, get nothing", () => {
  const nothing = {
    system: new Set(),
    anywhere: new Set(),
    holds: () => false,
    holdsAt: () => false,
    cameras: () => [],
  };
  const nobody = { userId: "", sessionId: "", username: "", access: nothing } as unknown as Principal;
  const open = ACTIONS.filter((action) => can(nobody, action) || can(nobody, action, world.own.id));
  expect(open).toEqual(["session.own", "token.own", "camera.list", "layout.use", "layout.edit", "live.connect"]);
  for (const action of ["camera.delete", "toString", "__proto__", ""]) {
    expect(can(nobody, action as never)).toBe(false);
  }
});
