import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, waitForStats } from "../../server/testkit/chromium.ts";
import { type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { Camera } from "../../shared/api/schemas.ts";

const PERSON = { username: "first.admin", password: "my own long password" };
const LOGIN = { user: "root", password: "camera secret" };
let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;

beforeAll(async () => {
  simulator = await startSimulator({
    cameras: 1,
    clips: { main: stampGeometry.clip, sub: stampGeometry.clip },
    ...LOGIN,
  });
  server = await startServer();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await simulator?.close();
});

vi.setConfig({ testTimeout: 120_000 });

const title = (page: Page, text: string) => page.getByRole("heading", { level: 2, name: text });
const next = (page: Page) => page.getByRole("button", { name: "Continue" }).click();

test("the link leads through time zone, storage and the first camera; left in the middle, it goes on from there", async () => {
  const link = await server.printed(/http:\/\/\S+\/setup\?token=\S+/);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const errors = collectErrors(page);
  await page.goto(link);
  await page.locator('input[name="username"]').fill(PERSON.username);
  for (const name of ["new-password", "repeat-password"])
    await page.locator(`input[name="${name}"]`).fill(PERSON.password);
  await page.locator('button[type="submit"]').click();

  await title(page, "Where is this server?").waitFor();
  const zone = page.getByLabel("Time zone");
  await zone.fill("Mars/Olympus");
  expect(await page.getByRole("button", { name: "Continue" }).isDisabled()).toBe(true);
  await zone.fill("Asia/Seoul");
  await next(page);

  await title(page, "Where recordings go").waitFor();
  await page.getByLabel("Keep recordings for (days)").fill("12");
  expect(await page.getByText(/for recordings: about \d/).count()).toBe(1);
  // Left here: the wall offers to go on.
  await page.getByRole("link", { name: "Live" }).click();
  await page.getByRole("link", { name: "Go on with it" }).click();
  await title(page, "Where recordings go").waitFor();
  await page.getByLabel("Keep recordings for (days)").fill("12");
  await next(page);

  await title(page, "Your cameras").waitFor();
  await page.getByLabel("Or ask every address of").fill("127.0.0.1");
  await page.getByLabel("Port", { exact: true }).fill(String(simulator.port));
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("Gate");
  // The wrong password is told at the camera, and it can be tried again.
  await page.locator('input[name="camera-user"]').fill(LOGIN.user);
  await page.locator('input[name="camera-password"]').fill("wrong");
  await page.getByRole("button", { name: "Add 1 camera" }).click();
  await page.locator("li .text-danger").waitFor();
  await page.locator('input[name="camera-password"]').fill(LOGIN.password);
  await page.getByRole("button", { name: "Add 1 camera" }).click();
  await page.getByText("Added", { exact: true }).waitFor({ timeout: 30_000 });
  await next(page);

  await title(page, "Ready").waitFor();
  await page.getByText("1 camera is set up.").waitFor();
  await page.getByRole("button", { name: "Open the wall" }).click();
  await waitForStats(page, ({ tiles }) => tiles.length === 1 && tiles.every(({ state }) => state === "live"), 60_000);
  expect(await page.getByText("The first set-up is not finished.").count()).toBe(0);
  // A refused password of a camera is an answer of the interface, not a fault of the page.
  expect(errors.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
  await page.close();

  const api = await signIn(server.url, PERSON.username, PERSON.password);
  expect(await api.request("GET", "/system/place")).toMatchObject({ timeZone: "Asia/Seoul" });
  expect(await api.request("GET", "/system/setup")).toEqual({ step: "done", begun: true });
  const policies = await api.request<{ scope: string; policy: object }[]>("GET", "/recording/policies");
  expect(policies.find(({ scope }) => scope === "system")?.policy).toMatchObject({ retentionDays: 12 });
  const [camera] = await api.request<Camera[]>("GET", "/cameras");
  expect(camera).toMatchObject({ name: "Gate", url: simulator.url(1, "main"), subUrl: simulator.url(1, "sub") });
  expect(JSON.stringify(camera)).not.toContain(LOGIN.password);
});
