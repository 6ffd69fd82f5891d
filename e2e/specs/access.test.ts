import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, addCamera, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, waitForStats } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { User } from "../../shared/api/schemas.ts";

const VIEWER = { username: "guard", password: "a long enough password" };
let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;
let api: ApiClient;
let viewer: User;
let ids: string[];

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 2, clips: { main: stampGeometry.clip, sub: stampGeometry.clip } });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  browser = await launchChromium();
  api = await signIn(server.url);
  ids = [
    await addCamera(api, "Own", simulator.url(1, "main"), simulator.url(1, "sub")),
    await addCamera(api, "Foreign", simulator.url(2, "main"), simulator.url(2, "sub")),
  ];
  viewer = await api.request<User>("POST", "/users", { ...VIEWER, role: "viewer", cameraIds: [ids[0]] });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await simulator?.close();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

vi.setConfig({ testTimeout: 120_000 });

test("a viewer sees the assigned camera and learns nothing of another", async () => {
  const page = await browser.newPage();
  const errors = collectErrors(page);
  await openWall(page, server, { ...VIEWER, transport: "websocket" });
  const stats = await waitForStats(page, ({ tiles }) => tiles.some(({ state }) => state === "live"));
  expect(stats.tiles.map(({ cameraId }) => cameraId)).toEqual([ids[0]]);
  expect(await page.getByText("Foreign").count()).toBe(0);
  expect(errors).toEqual([]);
});

test("media stops by the server's word when the right to a camera is taken away", async () => {
  const page = await browser.newPage();
  await openWall(page, server, { ...VIEWER, transport: "websocket" });
  await waitForStats(page, ({ tiles }) => tiles.some(({ state }) => state === "live"));
  await api.request("PATCH", `/users/${viewer.id}`, { cameraIds: [] });
  // Refused, not merely frozen; and the tile is still there to say so.
  const stats = await waitForStats(page, ({ tiles }) => tiles.some(({ reason }) => reason === "denied"), 10_000);
  expect(stats.tiles.map(({ cameraId }) => cameraId)).toEqual([ids[0]]);
  await api.request("PATCH", `/users/${viewer.id}`, { cameraIds: [ids[0]] });
});

test("a disabled user is signed out while watching", async () => {
  const page = await browser.newPage();
  await openWall(page, server, { ...VIEWER, transport: "websocket" });
  await waitForStats(page, ({ tiles }) => tiles.some(({ state }) => state === "live"));
  await api.request("PATCH", `/users/${viewer.id}`, { enabled: false });
  await page.locator('input[autocomplete="current-password"]').waitFor({ timeout: 15_000 });
});
