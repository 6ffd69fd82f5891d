import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { addCamera, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, waitForStats } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import { expectTilesToMove } from "../helpers.ts";
import { WITHOUT_WEBTRANSPORT, webTransportHere } from "../webtransport-here.ts";

const here = await webTransportHere();
const name = here ? "the wall over WebTransport" : `the wall over WebTransport (${WITHOUT_WEBTRANSPORT})`;

let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;

describe.skipIf(!here)(name, { timeout: 120_000 }, () => {
  beforeAll(async () => {
    simulator = await startSimulator({ cameras: 2, clips: { main: stampGeometry.clip, sub: stampGeometry.clip } });
    server = await startServer({ adminPassword: ADMIN_PASSWORD, webTransport: true });
    browser = await launchChromium();
    const api = await signIn(server.url);
    for (const number of [1, 2]) {
      await addCamera(api, `Yard ${number}`, simulator.url(number, "main"), simulator.url(number, "sub"));
    }
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await simulator?.close();
  });

  test("is what a browser chooses by itself, and every tile moves", async () => {
    const page = await browser.newPage();
    const errors = collectErrors(page);
    await openWall(page, server);
    const stats = await waitForStats(
      page,
      ({ tiles }) => tiles.length === 2 && tiles.every(({ state }) => state === "live"),
      60_000,
    );
    expect(stats.transport).toBe("webtransport");
    await expectTilesToMove(page, 2);
    expect(errors).toEqual([]);
  });
});
