import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, addCamera, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { ExportedKey, VideoKeyPage } from "../../shared/api/keys.ts";
import type { Camera } from "../../shared/api/schemas.ts";

let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;
let api: ApiClient;
let cameraId: string;

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 1, clips: { main: stampGeometry.clip, sub: stampGeometry.clip } });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  browser = await launchChromium();
  api = await signIn(server.url);
  cameraId = await addCamera(api, "Loading bay", simulator.url(1, "main"), simulator.url(1, "sub"));
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await simulator?.close();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

vi.setConfig({ testTimeout: 180_000 });

async function open(path: string): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext({ locale: "en-GB", acceptDownloads: true });
  const page = await context.newPage();
  const errors = collectErrors(page);
  await openWall(page, server);
  await page.goto(`${server.url}${path}`);
  return { page, errors };
}

test("a change of a camera is in the audit trail with old and new values, is a version, and is taken back", async () => {
  await api.request("PATCH", `/cameras/${cameraId}`, { name: "Loading bay east", group: "Yard" });
  const { page, errors } = await open("/admin/audit");
  await page.getByLabel("Camera", { exact: true }).selectOption(cameraId);
  await page.getByLabel("What", { exact: true }).selectOption("camera");
  await page.getByRole("button", { name: "Changed a camera" }).click();
  const row = page.getByRole("dialog");
  await expect.poll(() => row.locator("del").allTextContents()).toContain("Before: Loading bay");
  expect(await row.locator("ins").allTextContents()).toEqual(["After: Loading bay east", "After: Yard"]);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Verify now" }).click();
  await page.getByText(/^Intact: \d+ rows verified/).waitFor();

  await page.goto(`${server.url}/admin/configuration`);
  const version = page.getByRole("listitem").filter({ hasText: "Loading bay east" }).first();
  await version.getByRole("button", { name: "Undo…" }).click();
  const plan = page.getByRole("dialog", { name: /^Undo version \d+$/ });
  await plan.getByLabel("Reason").fill("renamed by mistake");
  // What is to change is shown before it is done.
  await expect.poll(() => plan.locator("ins").allTextContents()).toContain("After: Loading bay");
  expect((await api.request<Camera>("GET", `/cameras/${cameraId}`)).name).toBe("Loading bay east");
  await plan.getByRole("button", { name: "Change 1" }).click();
  await plan.waitFor({ state: "detached" });
  expect(await api.request<Camera>("GET", `/cameras/${cameraId}`)).toMatchObject({ name: "Loading bay", group: "" });
  await page
    .getByText(/back to before version \d+/)
    .first()
    .waitFor();
  expect(errors).toEqual([]);
});

test("a day's key leaves only for a reason, wrapped, and after the password", async () => {
  const keys = () => api.request<VideoKeyPage>("GET", `/keys/video?cameraId=${cameraId}`);
  await expect.poll(async () => (await keys()).keys.length, { timeout: 60_000 }).toBeGreaterThan(0);
  const { page } = await open("/admin/keys");
  await page.getByRole("button", { name: "Export…" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Export a video key" });
  await dialog.getByLabel("Reason").fill("case 2026-17");
  await dialog.getByLabel("Passphrase", { exact: true }).fill("four words of length");
  const go = dialog.getByRole("button", { name: "Export the key" });
  expect(await go.isDisabled()).toBe(true);
  await dialog.getByLabel("Your password", { exact: true }).fill("not the password");
  await go.click();
  await dialog
    .getByRole("alert")
    .filter({ hasText: /password/i })
    .waitFor();
  await dialog.getByLabel("Your password", { exact: true }).fill(ADMIN_PASSWORD);
  const [download] = await Promise.all([page.waitForEvent("download"), go.click()]);
  const file = JSON.parse(await readFile(await download.path(), "utf8")) as ExportedKey;
  expect(file).toMatchObject({ format: "fluxvision-video-key", cameraId, recipient: null });
  expect(file.jwe.split(".")).toHaveLength(5);

  await page.goto(`${server.url}/admin/audit`);
  await page.getByRole("button", { name: "Exported a video key" }).click();
  await page.getByRole("dialog").getByText("case 2026-17").waitFor();
});

test("the master key is renewed with its progress, and every field follows it", async () => {
  const { page, errors } = await open("/admin/keys");
  const table = page.getByRole("region", { name: "Master keys" });
  await table.getByText("in use", { exact: true }).waitFor();
  const before = await table.getByRole("row").count();
  await table.getByRole("button", { name: "Renew now" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Renew now" }).click();
  await expect.poll(() => table.getByRole("row").count()).toBe(before + 1);
  await table
    .getByText(/^retired /)
    .first()
    .waitFor();
  expect(errors).toEqual([]);
});
