import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Camera, ErrorBody } from "../../shared/api/schemas.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await startTestServer();
  token = (await server.login("admin")).accessToken;
});
afterAll(() => server.close());

async function errorOf(response: Response): Promise<ErrorBody["error"]> {
  return ((await response.json()) as ErrorBody).error;
}

describe("cameras", () => {
  it("adds, lists, reads, changes and removes one", async () => {
    const body = {
      name: "Gate",
      url: "rtsp://op:s%40cret@10.1.2.3:8554/main?ch=1",
      subUrl: "rtsp://10.1.2.3:8554/sub",
    };
    const created = await server.call("POST", "/api/v1/cameras", { token, body });
    expect(created.status).toBe(201);
    const camera = (await created.json()) as Camera;
    expect(camera).toMatchObject({
      name: "Gate",
      url: "rtsp://10.1.2.3:8554/main?ch=1",
      subUrl: "rtsp://10.1.2.3:8554/sub",
      username: "op",
      hasPassword: true,
      status: { state: "connecting" },
    });
    expect(server.media.cameras.get(camera.id)).toMatchObject({ username: "op", password: "s@cret" });
    const list = (await (await server.call("GET", "/api/v1/cameras", { token })).json()) as Camera[];
    expect(list.map((entry) => entry.id)).toEqual([camera.id]);

    const path = `/api/v1/cameras/${camera.id}`;
    const before = server.media.cameras.get(camera.id)?.streams;
    const patched = await server.call("PATCH", path, { token, body: { name: "Gate 2", subUrl: null, enabled: false } });
    expect(await patched.json()).toMatchObject({
      name: "Gate 2",
      subUrl: null,
      hasPassword: true,
      status: { state: "disabled" },
    });
    expect(server.media.cameras.get(camera.id)?.streams).toEqual(before?.slice(0, 1));

    expect((await server.call("DELETE", path, { token })).status).toBe(204);
    expect((await server.call("GET", path, { token })).status).toBe(404);
    expect(server.media.cameras.size).toBe(0);
  });

  it("names the field at fault", async () => {
    const response = await server.call("POST", "/api/v1/cameras", {
      token,
      body: { name: "", url: "rtsp://10.0.0.1/" },
    });
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "request.invalid", details: [{ field: "name" }] });
    expect(error.requestId).toBe(response.headers.get("x-request-id"));
  });
});
