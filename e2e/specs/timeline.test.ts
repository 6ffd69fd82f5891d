import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, addCamera, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, waitForStats } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { Timeline } from "../../shared/api/recording.ts";

/** The way of an operator from the live wall to a recorded moment and back, with real recordings. */

const CAMERAS = 2;
/** Enough to go back into. */
const FOOTAGE_MICROS = 8_000_000;
let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;
let api: ApiClient;
let page: Page;
let errors: string[];
const ids: string[] = [];

async function footage(): Promise<Timeline> {
  const now = Date.now() * 1000;
  const query = new URLSearchParams({
    cameras: ids.join(","),
    startMicros: String(now - 3_600_000_000),
    endMicros: String(now + 60_000_000),
    resolutionMicros: "1000000",
  });
  return await api.request<Timeline>("GET", `/timeline?${query}`);
}

beforeAll(async () => {
  simulator = await startSimulator({
    cameras: CAMERAS,
    clips: { main: stampGeometry.clip, sub: stampGeometry.clip },
  });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  browser = await launchChromium();
  api = await signIn(server.url);
  for (let number = 1; number <= CAMERAS; number += 1) {
    ids.push(await addCamera(api, `Gate ${number}`, simulator.url(number, "main"), simulator.url(number, "sub")));
  }
  await vi.waitFor(
    async () => {
      const { cameras } = await footage();
      const lengths = cameras.map(({ recorded }) => (recorded.at(-1)?.[1] ?? 0) - (recorded.at(-1)?.[0] ?? 0));
      expect(Math.min(...lengths)).toBeGreaterThan(FOOTAGE_MICROS);
    },
    { timeout: 90_000, interval: 500 },
  );
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(45_000);
  errors = collectErrors(page);
  await openWall(page, server, { transport: "websocket" });
  await waitForStats(
    page,
    ({ tiles }) => tiles.length === CAMERAS && tiles.every(({ state }) => state === "live"),
    60_000,
  );
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await simulator?.close();
});

const marks = () => page.locator("[data-tile]").getByText("Archive", { exact: true });

describe("the timeline", { timeout: 180_000 }, () => {
  test("T opens it, going back shows recorded pictures marked as such, and Shift+L is live again", async () => {
    await page.keyboard.press("t");
    await page.getByRole("application", { name: "Timeline" }).waitFor();
    expect(await marks().count()).toBe(0);
    const { cameras } = await footage();
    const start = Math.max(...cameras.map(({ recorded }) => recorded.at(-1)?.[0] ?? 0));
    await page.keyboard.press("k");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(CAMERAS);
    // A clock that stands is shown to the millisecond.
    await page
      .getByTestId("playback-time")
      .getByText(/^\d\d:\d\d:\d\d\.\d{3}$/)
      .waitFor();
    await page.keyboard.press("Shift+ArrowLeft");
    const stats = await waitForStats(
      page,
      ({ tiles }) => tiles.every(({ state, captureMicros }) => state === "live" && captureMicros !== undefined),
      45_000,
    );
    for (const { captureMicros = 0 } of stats.tiles) {
      expect(captureMicros).toBeGreaterThanOrEqual(start - 1_000_000);
      expect(captureMicros).toBeLessThan(Date.now() * 1000 - 5_000_000);
    }
    await page.keyboard.press("Shift+L");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(0);
    await waitForStats(
      page,
      ({ tiles }) => tiles.every(({ state, captureMicros }) => state === "live" && captureMicros === undefined),
      45_000,
    );
    expect(errors).toEqual([]);
  });

  test("a bookmark is on the timeline and in the list, which goes to it", async () => {
    await page.keyboard.press("k");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(CAMERAS);
    await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("m");
    await page.getByLabel("Title").fill("Blue van");
    await page.getByLabel("Tags, separated by commas").fill("van, gate");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Bookmark saved").waitFor();
    const all = (await footage()).cameras.flatMap(({ bookmarks }) => bookmarks);
    expect(all.map(({ title }) => title)).toEqual(["Blue van"]);
    await page.keyboard.press("Shift+L");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(0);
    await page.keyboard.press("Shift+M");
    await page.getByRole("button", { name: "gate", exact: true }).waitFor();
    await page.getByRole("button", { name: /Blue van/ }).click();
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(CAMERAS);
    expect(errors).toEqual([]);
  });

  test("a link opens its camera large at its time", async () => {
    const { cameras } = await footage();
    const [start = 0] = cameras.find(({ cameraId }) => cameraId === ids[1])?.recorded.at(-1) ?? [];
    const at = start + 3_000_000;
    const query = new URLSearchParams({
      t: new Date(at / 1000).toISOString(),
      camera: ids[1] ?? "",
      transport: "websocket",
    });
    await page.goto(`${server.url}/?${query}`);
    const { tiles } = await waitForStats(
      page,
      (stats) => stats.tiles.length === 1 && stats.tiles.every(({ captureMicros }) => captureMicros !== undefined),
      60_000,
    );
    expect(tiles[0]?.cameraId).toBe(ids[1]);
    expect(tiles[0]?.captureMicros).toBeGreaterThanOrEqual(at - 1_000_000);
    expect(errors).toEqual([]);
  });
});
