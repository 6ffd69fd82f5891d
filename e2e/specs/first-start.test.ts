import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { collectErrors, launchChromium, waitForStats } from "../../server/testkit/chromium.ts";
import { type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import { expectTilesToMove } from "../helpers.ts";

let server: ServerUnderTest;
let browser: Browser;

beforeAll(async () => {
  server = await startServer({ demo: true });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

vi.setConfig({ testTimeout: 120_000 });

test("the printed link leads to a password of one's own and to nine moving demo cameras, once", async () => {
  const link = await server.printed(/http:\/\/\S+\/setup\?token=\S+/);
  expect(link).toContain(server.url);
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  const errors = collectErrors(page);
  await page.goto(link);
  await page.locator('input[name="username"]').fill("operator.one");
  for (const name of ["new-password", "repeat-password"])
    await page.locator(`input[name="${name}"]`).fill("my own long password");
  await page.locator('button[type="submit"]').click();
  await page.waitForSelector("canvas");
  await waitForStats(page, ({ tiles }) => tiles.length === 9 && tiles.every(({ state }) => state === "live"), 60_000);
  await expectTilesToMove(page, 9, 40_000);
  expect(errors).toEqual([]);
  await page.close();

  const again = await fetch(`${server.url}/api/v1/auth/setup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      token: new URL(link).searchParams.get("token"),
      username: "intruder",
      password: "another password",
    }),
  });
  expect(again.status).toBeGreaterThanOrEqual(400);
});
