import { afterAll, beforeAll, expect, it } from "vitest";
import type { NearestMark } from "../../../shared/api/timeline-marks.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../../testkit/test-server.ts";

let server: TestServer;
let token: string;
let camera: string;
let foreign: string;

beforeAll(async () => {
  server = await startTestServer();
  token = (await server.login("admin", ADMIN_PASSWORD)).accessToken;
  camera = (await server.addCamera("Gate")).id;
  foreign = (await server.addCamera("Vault")).id;
}, 120_000);
afterAll(() => server.close());

const ask = (query: Record<string, string>, by = token): Promise<Response> =>
  server.call("GET", `/api/v1/timeline/marks/nearest?${new URLSearchParams(query)}`, { token: by });
const codeOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { error: { code: string } }).error.code;

it("answers the event that was reported, and that there is nothing further", async () => {
  const startMicros = Date.UTC(2026, 0, 5) * 1000;
  const body = { kind: "motion", startMicros, endMicros: startMicros + 5_000_000 };
  await server.call("POST", `/api/v1/cameras/${camera}/events`, { token, body });
  const next = { cameras: `${camera},${foreign}`, direction: "next", fromMicros: String(startMicros - 1) };
  const mark = { kind: "event" as const, cameraId: camera, startMicros, endMicros: startMicros + 5_000_000 };
  expect(await (await ask(next)).json()).toEqual({ mark } satisfies NearestMark);
  expect(await (await ask({ ...next, kinds: "gap,bookmark" })).json()).toEqual({ mark: null });
  expect(await (await ask({ ...next, fromMicros: String(startMicros) })).json()).toEqual({ mark: null });
});

it("refuses cameras that may not be seen, even among others, and what makes no sense", async () => {
  await server.addUser("guard", "viewer", [camera]);
  const guard = (await server.login("guard")).accessToken;
  const query = { direction: "previous", fromMicros: "1" };
  expect((await ask({ ...query, cameras: camera }, guard)).status).toBe(200);
  const refused = await ask({ ...query, cameras: `${camera},${foreign}` }, guard);
  expect([refused.status, await codeOf(refused)]).toEqual([404, "camera.not_found"]);
  for (const wrong of [{ kinds: "event,user" }, { kinds: "," }, { direction: "up" }, { fromMicros: "-1" }]) {
    expect((await ask({ ...query, cameras: camera, ...wrong })).status, JSON.stringify(wrong)).toBe(400);
  }
});
