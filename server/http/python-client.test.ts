import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createAdaptorServer } from "@hono/node-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CreatedToken } from "../../shared/api/tokens.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";

const tests = fileURLToPath(new URL("../../clients/python/tests/test_client.py", import.meta.url));
const hasPython = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;

let server: TestServer;
const http = { close: async (): Promise<void> => undefined, port: 0 };

beforeAll(async () => {
  server = await startTestServer();
  const listener = createAdaptorServer({ fetch: server.app.fetch });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  http.port = (listener.address() as AddressInfo).port;
  http.close = async () => {
    const closed = once(listener, "close");
    listener.close();
    if ("closeAllConnections" in listener) listener.closeAllConnections();
    await closed;
  };
});

afterAll(async () => {
  await http.close();
  await server.close();
});

it.skipIf(!hasPython)("the Python client works against a server (needs python3, 3.9 or newer)", async () => {
  const camera = await server.addCamera("Lobby entrance");
  await server.addCamera("Vault");
  const { accessToken: token } = await server.login("admin");
  const body = {
    name: "python",
    permissions: ["live.view", "bookmark.write"],
    cameraIds: [camera.id],
    days: 1,
    ratePerMinute: 60,
  };
  const created = (await (await server.call("POST", "/api/v1/tokens", { token, body })).json()) as CreatedToken;
  const { stderr } = await promisify(execFile)("python3", ["-W", "error", tests], {
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: "1",
      FLUXVISION_URL: `http://127.0.0.1:${http.port}`,
      FLUXVISION_TOKEN: created.secret,
      FLUXVISION_CAMERA: camera.id,
    },
  });
  expect(stderr).toMatch(/Ran 9 tests[\s\S]*\nOK\n/);
});
