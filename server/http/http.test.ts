import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ErrorBody } from "../../shared/api/schemas.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";

let server: TestServer;
let token: string;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fv-web-"));
  const webRoot = join(folder, "web");
  await mkdir(join(webRoot, "assets"), { recursive: true });
  await writeFile(join(webRoot, "index.html"), "<!doctype html>app");
  await writeFile(join(webRoot, "assets", "app-0a1B2c3D.js"), "1");
  await writeFile(join(webRoot, "flux-crypto.wasm"), "\0asm");
  await writeFile(join(webRoot, ".hidden"), "secret");
  await writeFile(join(folder, "outside.txt"), "secret");
  await symlink(join(folder, "outside.txt"), join(webRoot, "link.txt"));
  server = await startTestServer({ webRoot });
  token = (await server.login("admin")).accessToken;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function errorOf(response: Response): Promise<ErrorBody["error"]> {
  expect(response.headers.get("content-type")).toContain("application/json");
  const body = (await response.json()) as ErrorBody;
  expect(body.success).toBe(false);
  expect(body.error.requestId).toBe(response.headers.get("x-request-id"));
  expect(Date.parse(body.error.timestamp)).toBeGreaterThan(0);
  return body.error;
}

describe("errors", () => {
  it.each([
    ["GET", "/api/v1/nothing", undefined, 404, "request.not_found"],
    ["PUT", "/api/v1/cameras", {}, 405, "request.method_not_allowed"],
    ["POST", "/api/v1/auth/login", "{broken", 400, "request.bad_json"],
    ["POST", "/api/v1/auth/login", "null", 400, "request.invalid"],
    ["POST", "/api/v1/auth/login", { username: ["a"], password: "x" }, 400, "request.invalid"],
    ["POST", "/api/v1/auth/login", { username: "a", password: "x".repeat(600_000) }, 413, "request.too_large"],
    ["POST", "/api/v1/auth/refresh", undefined, 401, "auth.invalid_refresh"],
    ["GET", "/api/v1/cameras/not-an-id", undefined, 400, "request.invalid"],
    ["GET", "/nothing.js", undefined, 404, "request.not_found"],
  ] as const)("%s %s: one body for all of them", async (method, path, body, status, code) => {
    const response = await server.call(method, path, { token, body });
    expect(response.status).toBe(status);
    expect((await errorOf(response)).code).toBe(code);
  });

  it("refuses a body without a JSON content type", async () => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "text/plain" };
    const body = JSON.stringify({ name: "a", url: "rtsp://10.0.0.1/" });
    const response = await server.app.request("/api/v1/cameras", { method: "POST", headers, body });
    expect(response.status).toBe(415);
    expect((await errorOf(response)).code).toBe("request.unsupported_type");
    expect(server.media.cameras.size).toBe(0);
  });

  it("counts a body that states no length", async () => {
    const chunk = new TextEncoder().encode(`{"username":"${"x".repeat(65_536)}`);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ < 20) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
    expect((await server.app.request("/api/v1/auth/login", init)).status).toBe(413);
  });

  it.each([
    ["Bearer", "auth.required"],
    ["Basic YTpi", "auth.required"],
    ["Bearer a.b.c", "auth.invalid_token"],
    // {"alg":"none"}
    ["Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJhIn0.", "auth.invalid_token"],
  ])("refuses the credentials %s", async (authorization, code) => {
    const response = await server.call("GET", "/api/v1/cameras", { headers: { authorization } });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect((await errorOf(response)).code).toBe(code);
  });

  it("says nothing of the inside when something breaks", async () => {
    const secret = new Error("connection to postgres://u:p@db failed");
    server.media.probeResult = undefined;
    const { probe } = server.media;
    server.media.probe = () => Promise.reject(secret);
    const response = await server.call("POST", "/api/v1/cameras/probe", { token, body: { url: "rtsp://10.0.0.1/" } });
    server.media.probe = probe;
    expect(response.status).toBe(500);
    expect(await errorOf(response)).toMatchObject({ code: "internal" });
  });
});

describe("browsers", () => {
  it.each([
    [{ origin: "https://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ origin: "http://vms.example:8080", host: "vms.example:8080" }, 401],
    [{ origin: "https://vms.example", host: "x", "x-forwarded-host": "vms.example" }, 401],
    [{ origin: "https://friend.example" }, 401],
    [{ "sec-fetch-site": "same-origin" }, 401],
    [{}, 401],
  ] as [Record<string, string>, number][])("a state-changing request with %j gets %i", async (headers, status) => {
    expect((await server.call("POST", "/api/v1/auth/refresh", { headers })).status).toBe(status);
  });

  it("lets configured origins in, and no other", async () => {
    for (const [origin, allowed] of [
      ["https://friend.example", "https://friend.example"],
      ["https://evil.example", null],
    ]) {
      const response = await server.call("OPTIONS", "/api/v1/cameras", { headers: { origin: origin ?? "" } });
      expect(response.headers.get("access-control-allow-origin")).toBe(allowed);
    }
  });

  it("are told to trust nothing but this server", async () => {
    const response = await server.call("GET", "/", { headers: { host: "vms.example:8080" } });
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    // No WebTransport here: no port but its own.
    expect(policy).toContain("connect-src 'self' ws://vms.example:8080 wss://vms.example:8080;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const injected = await server.call("GET", "/", { headers: { host: "a; script-src *" } });
    expect(injected.headers.get("content-security-policy")).not.toContain("script-src *");
  });
});

describe("web app", () => {
  it("serves files, hashed ones for ever, and pages as index.html", async () => {
    const asset = await server.call("GET", "/assets/app-0a1B2c3D.js");
    expect(asset.headers.get("cache-control")).toContain("immutable");
    expect(asset.headers.get("content-type")).toContain("text/javascript");
    const wasm = await server.call("GET", "/flux-crypto.wasm");
    expect([wasm.headers.get("content-type"), wasm.headers.get("cache-control")]).toEqual([
      "application/wasm",
      "no-cache",
    ]);
    for (const path of ["/", "/setup?token=abc", "/cameras/1"]) {
      expect(await (await server.call("GET", path)).text()).toBe("<!doctype html>app");
    }
    const etag = (await server.call("GET", "/")).headers.get("etag") ?? "";
    expect((await server.call("GET", "/", { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  it.each([
    "/../outside.txt",
    "/%2e%2e/outside.txt",
    "/..%2foutside.txt",
    "/assets/..%2f..%2foutside.txt",
    "/..%5coutside.txt",
    "/%00/outside.txt",
    "/.hidden",
    "/link.txt",
    "/%zz.txt",
    "//etc/passwd.txt",
  ])("does not leave its folder: %s", async (path) => {
    const response = await server.app.request(new Request(`http://localhost${path}`));
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain("secret");
  });
});

describe("documentation and health", () => {
  it("shows it without the internet", async () => {
    const page = await (await server.call("GET", "/docs")).text();
    expect(page).not.toMatch(/https?:\/\//);
    for (const [, path = ""] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      const asset = await server.call("GET", path);
      expect(asset.status).toBe(200);
      expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(50);
    }
    expect((await server.call("GET", "/docs/package.json")).status).toBe(404);
  });

  it.each(["/health", "/health/live", "/health/ready"])("%s answers at the root and below the API", async (path) => {
    for (const prefix of ["", "/api/v1"]) {
      const response = await server.call("GET", prefix + path);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ status: "ok" });
    }
  });

  it("reports what the server uses", async () => {
    const stats = (await (await server.call("GET", "/api/v1/system/stats", { token })).json()) as Record<
      string,
      number
    >;
    expect(stats).toMatchObject({ database: "embedded", cameras: 0 });
    expect(stats.rssBytes).toBeGreaterThan(10_000_000);
    expect(stats.databaseRssBytes).toBeGreaterThan(1_000_000);
    expect(stats.threads).toBeGreaterThan(1);
  });
});
