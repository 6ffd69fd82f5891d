import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, addCamera, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, pageStats, waitForStats } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { Layout } from "../../shared/api/schemas.ts";
import type { KioskDevice } from "../../shared/api/tokens.ts";
import { expectTilesToMove } from "../helpers.ts";

/** A wall display in a real browser: set up by its link, bound to its layout, ended by being revoked. */

let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;
let api: ApiClient;
let shown: string;
let hidden: string;

vi.setConfig({ testTimeout: 180_000 });

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 2, clips: { main: stampGeometry.clip, sub: stampGeometry.clip } });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  browser = await launchChromium();
  api = await signIn(server.url);
  shown = await addCamera(api, "Lobby", simulator.url(1, "main"), simulator.url(1, "sub"));
  hidden = await addCamera(api, "Vault", simulator.url(2, "main"), simulator.url(2, "sub"));
  const layout = { name: "Lobby screen", kind: "1", cells: [shown], shared: true };
  await api.request<Layout>("POST", "/layouts", layout);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await simulator?.close();
});

const inWords = async (page: Page): Promise<string> => (await page.locator("#root").textContent()) ?? "";

test("a display shows its layout alone, opens nothing else, and goes dark when it is revoked", async () => {
  // An administrator adds it in the console and is shown the link, once.
  const console_ = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await openWall(console_, server);
  await console_.goto(`${server.url}/admin/displays`);
  await console_.getByRole("button", { name: "New display" }).first().click();
  await console_.getByLabel("Name").fill("Lobby screen");
  await console_.getByLabel("Layout").selectOption({ label: "Lobby screen" });
  await console_.getByRole("button", { name: "Add", exact: true }).click();
  const link = await console_.getByRole("textbox", { name: "Link" }).inputValue();
  expect(link).toMatch(/\/display#fve_[\w-]{43}$/);
  expect(await console_.getByRole("img", { name: "QR code" }).count()).toBe(1);

  // On the screen itself: nobody signs in there.
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  // What the display is refused when it is revoked shows in the browser's console.
  const errors = collectErrors(page, [/status of 40[13]/]);
  await page.goto(link);
  await page.getByRole("button", { name: "Set up this screen" }).click();
  const live = await waitForStats(page, ({ tiles }) => tiles.some(({ state }) => state === "live"), 60_000);
  expect(live.tiles.map(({ cameraId }) => cameraId)).toEqual([shown]);
  await expectTilesToMove(page, 1);
  expect(page.url()).toBe(`${server.url}/display`);

  // No menu, no way out: keys, clicks and double clicks change nothing.
  expect(await page.getByRole("navigation").count()).toBe(0);
  await page.mouse.dblclick(640, 360);
  await page.mouse.click(640, 360, { button: "right" });
  for (const key of ["Escape", "f", "?", "Tab", "Enter", "/", "1"]) await page.keyboard.press(key);
  expect(await page.getByRole("menu").count()).toBe(0);
  expect(await page.getByRole("dialog").count()).toBe(0);
  expect(page.url()).toBe(`${server.url}/display`);
  expect((await pageStats(page)).tiles.map(({ cameraId }) => cameraId)).toEqual([shown]);

  // What it holds opens nothing else either, asked from within its own page with its own session.
  const session = page.waitForResponse((response) => response.url().endsWith("/devices/session"));
  await page.reload();
  const { accessToken } = (await (await session).json()) as { accessToken: string };
  const ask = async (path: string): Promise<number> => {
    const answer = await fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${accessToken}` } });
    await answer.arrayBuffer();
    return answer.status;
  };
  expect(await ask(`/cameras/${shown}`)).toBe(200);
  expect(await ask(`/cameras/${hidden}`)).toBe(404);
  for (const path of ["/users", "/tokens", "/devices", "/system/stats", "/exports", "/sessions"]) {
    expect(await ask(path), path).toBe(403);
  }
  for (const path of ["/", "/cameras", "/admin/users", "/tokens"]) {
    await page.goto(`${server.url}${path}`);
    await page.waitForURL(/\/sign-in/);
  }
  expect(await context.cookies()).toEqual([]);

  // It signs in by itself again: the key stayed, and the link is used up.
  await page.goto(`${server.url}/display`);
  await waitForStats(page, ({ tiles }) => tiles.some(({ state }) => state === "live"), 60_000);
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await other.getByRole("button", { name: "Set up this screen" }).click();
  await other.getByText("This link was used already").waitFor();

  // Another layout, without anybody touching the screen.
  const [device] = await api.request<KioskDevice[]>("GET", "/devices");
  expect(device).toMatchObject({ state: "active", layout: { name: "Lobby screen" } });
  const both = { name: "Both", kind: "2x2", cells: [shown, hidden], shared: false };
  const { id: layoutId } = await api.request<Layout>("POST", "/layouts", both);
  await api.request("PATCH", `/devices/${device?.id}`, { layoutId });
  await waitForStats(page, ({ tiles }) => tiles.filter(({ state }) => state === "live").length === 2, 60_000);

  // Revoked, with the confirmation that the console asks for.
  await console_.goto(`${server.url}/admin/displays`);
  await console_.getByRole("button", { name: "Revoke: Lobby screen" }).click();
  const dark = page.getByText("This screen is not set up").waitFor({ timeout: 20_000 });
  await console_.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await dark;
  expect(await page.locator("canvas").count()).toBe(0);
  expect(await inWords(page)).not.toContain("Lobby");
  expect(await ask(`/cameras/${shown}`)).toBe(401);
  await page.reload();
  await page.getByText("This screen is not set up").waitFor();
  expect(errors).toEqual([]);
});
