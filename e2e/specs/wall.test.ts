import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, addCamera, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, pageStats, waitForStats } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import { difference, expectTilesToMove, watchTiles } from "../helpers.ts";

const CAMERAS = 4;
let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;
let api: ApiClient;
const ids: string[] = [];

beforeAll(async () => {
  const clips = { main: stampGeometry.clip, sub: stampGeometry.clip };
  simulator = await startSimulator({ cameras: CAMERAS, clips });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  browser = await launchChromium();
  api = await signIn(server.url);
  for (let number = 1; number <= CAMERAS; number += 1) {
    ids.push(await addCamera(api, `Gate ${number}`, simulator.url(number, "main"), simulator.url(number, "sub")));
  }
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await simulator?.close();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

async function wall(options: { transport?: "websocket" } = {}): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const errors = collectErrors(page);
  await openWall(page, server, { transport: "websocket", ...options });
  await waitForStats(
    page,
    ({ tiles }) => tiles.length === CAMERAS && tiles.every(({ state }) => state === "live"),
    60_000,
  );
  return { page, errors };
}

describe("the wall over WebSocket", { timeout: 180_000 }, () => {
  test("shows every camera moving, in sealed frames opened in the browser, without a console error", async () => {
    const { page, errors } = await wall();
    const stats = await pageStats(page);
    expect(stats.transport).toBe("websocket");
    expect(stats.renderer).toBe("webgpu");
    expect(new Set(stats.tiles.map(({ cameraId }) => cameraId))).toEqual(new Set(ids));
    await expectTilesToMove(page, CAMERAS);
    expect(errors).toEqual([]);
  });

  test("opens a tile large by double click, on the main stream, and goes back by Escape", async () => {
    const { page, errors } = await wall();
    await page.locator('[data-tile="1"]').dblclick();
    const large = await waitForStats(page, ({ tiles }) => tiles.length === 1 && tiles[0]?.role === "main", 30_000);
    expect(large.tiles[0]?.cameraId).toBe(ids[1]);
    await page.keyboard.press("Escape");
    await waitForStats(page, ({ tiles }) => tiles.length === CAMERAS && tiles.every(({ state }) => state === "live"));
    expect(errors).toEqual([]);
  });

  test("changes the layout by a digit without a black picture in between", async () => {
    const { page, errors } = await wall();
    // A picture of the worker is on the page a little later, much later on a busy machine: it counts once it was seen.
    await expectTilesToMove(page, CAMERAS);
    await page.locator('[data-tile="0"]').click();
    const watch = watchTiles(page, '[data-tile="8"]', 30);
    await page.keyboard.press("3");
    const levels = (await watch).map(([first = []]) => difference(first, Array(first.length).fill(0)));
    expect(levels.length).toBeGreaterThan(30);
    expect(levels.filter((level) => level <= 20)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test("says why a tile has no picture, and recovers when the camera is back", async () => {
    const { page, errors } = await wall();
    await simulator.camera(2).fault({ kind: "refuse" });
    const failed = await waitForStats(
      page,
      ({ tiles }) => tiles.some((tile) => tile.cameraId === ids[1] && tile.state !== "live"),
      40_000,
    );
    expect(failed.tiles.filter(({ state }) => state === "live")).toHaveLength(CAMERAS - 1);
    await page.locator('[data-tile="1"]').getByRole("status").first().waitFor();
    simulator.camera(2).heal();
    await waitForStats(page, ({ tiles }) => tiles.every(({ state }) => state === "live"), 60_000);
    expect(errors).toEqual([]);
  });

  test("comes back by itself after the server was killed", async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await openWall(page, server, { transport: "websocket" });
    await waitForStats(page, ({ tiles }) => tiles.every(({ state }) => state === "live"), 60_000);
    const { dataDir, port } = server;
    await server.kill();
    await waitForStats(page, ({ tiles }) => tiles.every(({ state }) => state !== "live"), 30_000);
    server = await startServer({ dataDir, port });
    await waitForStats(
      page,
      ({ tiles }) => tiles.length === CAMERAS && tiles.every(({ state }) => state === "live"),
      90_000,
    );
    await expectTilesToMove(page, CAMERAS);
  });
});
