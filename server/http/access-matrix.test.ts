import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Camera } from "../../shared/api/schemas.ts";
import { type Action, can, type Principal } from "../auth/policy.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";

const CALLERS = ["anonymous", "viewer, own camera", "viewer, foreign camera", "operator", "admin"] as const;
type Caller = (typeof CALLERS)[number];

/** Written out by hand, not derived from the code: who may do what. */
const EXPECTED: Readonly<Record<Action, readonly Caller[]>> = {
  "session.own": ["viewer, own camera", "viewer, foreign camera", "operator", "admin"],
  "camera.list": ["viewer, own camera", "viewer, foreign camera", "operator", "admin"],
  "camera.view": ["viewer, own camera", "operator", "admin"],
  "camera.manage": ["admin"],
  "camera.probe": ["admin"],
  "user.manage": ["admin"],
  "layout.use": ["viewer, own camera", "viewer, foreign camera", "operator", "admin"],
  "layout.share": ["operator", "admin"],
  "live.connect": ["viewer, own camera", "viewer, foreign camera", "operator", "admin"],
  "system.read": ["operator", "admin"],
  "archive.view": ["viewer, own camera", "operator", "admin"],
  "archive.export": ["operator", "admin"],
  "bookmark.write": ["operator", "admin"],
  "evidence.manage": ["operator", "admin"],
  "recording.trigger": ["operator", "admin"],
  "recording.manage": ["admin"],
  "storage.manage": ["admin"],
  "key.manage": ["admin"],
};

/** Where the path names no camera, whoever has one of its own gets past the gate; the handler looks at each camera. */
function allowed(caller: Caller, { action, cameraParam }: { action: Action; cameraParam?: string }): boolean {
  const callers = EXPECTED[action];
  if (callers.includes(caller)) return true;
  return caller === "viewer, foreign camera" && cameraParam === undefined && callers.includes("viewer, own camera");
}

let server: TestServer;
let own: Camera;
let foreign: Camera;
const tokens = new Map<Caller, string>();

beforeAll(async () => {
  server = await startTestServer();
  own = await server.addCamera("Own");
  foreign = await server.addCamera("Foreign");
  await server.addUser("viewer", "viewer", [own.id]);
  await server.addUser("operator", "operator");
  const viewer = (await server.login("viewer")).accessToken;
  tokens.set("viewer, own camera", viewer);
  tokens.set("viewer, foreign camera", viewer);
  tokens.set("operator", (await server.login("operator")).accessToken);
  tokens.set("admin", (await server.login("admin")).accessToken);
});
afterAll(() => server.close());

/** A path whose camera is the caller's case; other ids name nothing, so that allowed calls change nothing. */
function pathFor(path: string, cameraParam: string | undefined, caller: Caller): string {
  return path.replace(/:(\w+)/g, (_, name: string) => {
    if (name !== cameraParam) return randomUUID();
    return caller === "viewer, foreign camera" ? foreign.id : own.id;
  });
}

async function call(
  method: string,
  path: string,
  caller: Caller,
): Promise<{ status: number; code: string | undefined }> {
  // An empty body never passes validation: an allowed call gets past the policy and no further.
  const hasBody = method !== "GET" && method !== "DELETE";
  const response = await server.call(method, path, { token: tokens.get(caller), ...(hasBody ? { body: [] } : {}) });
  const text = await response.text();
  const { error } = text.startsWith("{") ? (JSON.parse(text) as { error?: { code: string } }) : {};
  return { status: response.status, code: error?.code };
}

describe("every route", () => {
  it("declares a policy", () => {
    const declared = new Set(server.routes.map(({ method, path }) => `${method} ${path}`));
    // Handlers that are not the API's: health at the root, keys, documentation, the catch-all below /api.
    const exempt = /^(ALL \/\*|ALL \/api\/\*|GET \/(docs|health|\.well-known)(\/.*)?|GET \/api\/v1\/openapi\.json)$/;
    const registered = server.app.routes.map(({ method, path }) => `${method} ${path}`);
    expect(registered.filter((route) => !declared.has(route) && !exempt.test(route))).toEqual([]);
    expect(declared.size).toBeGreaterThan(20);
  });

  it.each(CALLERS)("answers as its policy says: %s", async (caller) => {
    for (const { method, path, policy } of server.routes) {
      if (policy.kind === "public" || method === "DELETE") continue;
      const { status, code } = await call(method, pathFor(path, policy.cameraParam, caller), caller);
      const what = `${method} ${path} as ${caller}: ${status} ${code}`;
      if (allowed(caller, policy)) {
        expect([200, 400, 404], what).toContain(status);
        expect(code ?? "", what).not.toMatch(/^auth\./);
      } else if (caller === "anonymous") {
        expect({ status, code }, what).toEqual({ status: 401, code: "auth.required" });
      } else if (policy.cameraParam !== undefined && EXPECTED[policy.action].includes("viewer, own camera")) {
        expect({ status, code }, what).toEqual({ status: 404, code: "camera.not_found" });
      } else {
        expect({ status, code }, what).toEqual({ status: 403, code: "auth.forbidden" });
      }
    }
  });

  it.each(CALLERS.filter((caller) => caller !== "admin"))(
    "lets nobody delete what is not theirs: %s",
    async (caller) => {
      for (const { method, path, policy } of server.routes) {
        if (method !== "DELETE" || policy.kind === "public") continue;
        const { status, code } = await call(method, pathFor(path, policy.cameraParam, caller), caller);
        const expected = caller === "anonymous" ? 401 : allowed(caller, policy) ? 404 : 403;
        expect(status, `${method} ${path} as ${caller}: ${status} ${code}`).toBe(expected);
      }
      expect(server.media.cameras.size).toBe(2);
    },
  );
});

describe("a viewer", () => {
  it("cannot tell a foreign camera from none", async () => {
    const token = tokens.get("viewer, foreign camera");
    const answers = [];
    for (const id of [foreign.id, randomUUID()]) {
      const response = await server.call("GET", `/api/v1/cameras/${id}`, { token });
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      const headers = [...response.headers.keys()].sort();
      answers.push({ status: response.status, headers, error: { ...error, requestId: "", timestamp: "" } });
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it("lists only its own cameras, without addresses", async () => {
    const response = await server.call("GET", "/api/v1/cameras", { token: tokens.get("viewer, own camera") });
    const cameras = (await response.json()) as Camera[];
    expect(cameras.map((camera) => camera.id)).toEqual([own.id]);
    expect(Object.keys(cameras[0] ?? {}).sort()).toEqual(["createdAt", "enabled", "group", "id", "name", "status"]);
  });

  it("loses a camera with the next request", async () => {
    const user = await server.addUser("brief", "viewer", [own.id]);
    const { accessToken: token } = await server.login("brief");
    const path = `/api/v1/cameras/${own.id}`;
    expect((await server.call("GET", path, { token })).status).toBe(200);
    await server.call("PATCH", `/api/v1/users/${user.id}`, { token: tokens.get("admin"), body: { cameraIds: [] } });
    expect((await server.call("GET", path, { token })).status).toBe(404);
    expect(server.media.changedUsers).toContain(user.id);
  });
});

it("an unknown role may do nothing", () => {
  const nobody = { role: "root", cameraIds: new Set<string>() } as unknown as Principal;
  const actions = Object.keys(EXPECTED) as Action[];
  expect(actions.filter((action) => can(nobody, action))).toEqual([]);
});
