import { readFile } from "node:fs/promises";
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
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, timezoneId: "UTC" });
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

const isLive = ({ state }: { readonly state: string }): boolean => state === "live";
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
    // Ten seconds before the present that was frozen.
    const before = Date.now() * 1000 - 5_000_000;
    const stats = await waitForStats(
      page,
      ({ tiles }) => tiles.every(({ state, captureMicros = before }) => state === "live" && captureMicros < before),
      45_000,
    );
    for (const { captureMicros = 0 } of stats.tiles) expect(captureMicros).toBeGreaterThanOrEqual(start - 1_000_000);
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

  const secondsOf = (text: string | null): number => {
    const [hours = 0, minutes = 0, seconds = 0] = (text ?? "").split(":").map(Number);
    return hours * 3600 + minutes * 60 + seconds;
  };

  /** Times of day at two places of the timeline, as the card under the pointer tells them, and the seconds between. */
  async function edges(): Promise<{ left: number; across: number }> {
    const box = await page.getByRole("application", { name: "Timeline" }).boundingBox();
    if (!box) throw new Error("no timeline");
    const at = async (share: number): Promise<number> => {
      await page.mouse.move(box.x + box.width * share, box.y + 40);
      await page.mouse.move(box.x + box.width * share + 1, box.y + 40);
      return secondsOf(await page.locator("[data-testid=timeline-hover] .font-medium").textContent());
    };
    const [left, right] = [await at(0.25), await at(0.75)];
    return { left, across: (right - left + 86_400) % 86_400 };
  }

  test("two fingers zoom the timeline, and the pointer shows a picture of what lies there", async () => {
    // The list of bookmarks is still open.
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.keyboard.press("Shift+L");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(0);
    // "Bookmark saved" lies over a part of it for a while.
    await expect.poll(() => page.locator("[data-sonner-toast]").count(), { timeout: 45_000 }).toBe(0);
    const timeline = page.getByRole("application", { name: "Timeline" });
    const box = await timeline.boundingBox();
    if (!box) throw new Error("no timeline");
    const { across: before } = await edges();
    const touch = await page.context().newCDPSession(page);
    await touch.send("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: 2 });
    const fingers = (type: "touchStart" | "touchMove" | "touchEnd", ...places: number[]) => {
      const touchPoints = places.map((x, id) => ({ x, y: box.y + 45, id }));
      return touch.send("Input.dispatchTouchEvent", { type, touchPoints });
    };
    const middle = box.x + box.width * 0.8;
    await fingers("touchStart", middle - 30, middle + 30);
    for (let half = 30; half <= 120; half += 10) await fingers("touchMove", middle - half, middle + half);
    await fingers("touchEnd");
    await touch.send("Emulation.setTouchEmulationEnabled", { enabled: false });
    const { left, across: after } = await edges();
    // Four times as far apart: a quarter of the time.
    expect(before / after).toBeGreaterThan(3.5);
    expect(before / after).toBeLessThan(4.5);

    // Begun on the playhead: what the first finger moved has an end, and the pictures run on.
    await page.keyboard.press("k");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(CAMERAS);
    await page.keyboard.press("Shift+ArrowLeft");
    const shown = secondsOf(await page.getByTestId("playback-time").textContent());
    const playhead = box.x + box.width * (0.25 + (0.5 * ((shown - left + 86_400) % 86_400)) / after);
    await page.keyboard.press("k");
    await touch.send("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: 2 });
    await fingers("touchStart", playhead);
    await fingers("touchMove", playhead - 3);
    await fingers("touchStart", playhead - 3, playhead - 200);
    await fingers("touchMove", playhead - 3, playhead - 220);
    await fingers("touchEnd");
    await touch.send("Emulation.setTouchEmulationEnabled", { enabled: false });
    const isShown = ({ captureMicros }: { captureMicros?: number | undefined }): boolean => captureMicros !== undefined;
    const stood = await waitForStats(page, ({ tiles }) => tiles.every(isShown), 45_000);
    const latest = Math.max(...stood.tiles.map(({ captureMicros = 0 }) => captureMicros));
    await waitForStats(
      page,
      ({ tiles }) => tiles.every(({ captureMicros = 0 }) => captureMicros > latest + 1_000_000),
      45_000,
    );
    await page.keyboard.press("Shift+L");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(0);

    // Where footage is: half a second before the last of it that is known.
    await page.keyboard.press("k");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(CAMERAS);
    await page.keyboard.press("Shift+ArrowLeft");
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
    for (let turn = 0; turn < 14; turn++) await page.mouse.wheel(0, -250);
    const card = page.locator("[data-testid=timeline-hover] canvas");
    for (const share of [0.5, 0.6, 0.7, 0.8, 0.9, 0.4, 0.3, 0.2, 0.1]) {
      await page.mouse.move(box.x + box.width * share, box.y + 40);
      if (
        await card.waitFor({ timeout: 3000 }).then(
          () => true,
          () => false,
        )
      )
        break;
    }
    await card.waitFor();
    const brightest = await card.evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [0] };
      return Math.max(...data.filter((_, at) => at % 4 === 1));
    });
    expect(brightest).toBeGreaterThan(100);
    expect(errors).toEqual([]);
  });

  test("a snapshot of a recorded picture carries the picture's own time, in its name and burnt in", async () => {
    const tile = page.locator("[data-tile]").first();
    // It stands: the clock is shown to the millisecond.
    await page
      .getByTestId("playback-time")
      .getByText(/^\d\d:\d\d:\d\d\.\d{3}$/)
      .waitFor();
    const stats = await waitForStats(page, ({ tiles }) =>
      tiles.every(({ captureMicros }) => captureMicros !== undefined),
    );
    const save = async (): Promise<{ name: string; bytes: Buffer }> => {
      await tile.hover();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        tile.getByRole("button", { name: "Save a snapshot" }).click(),
      ]);
      return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
    };
    const choose = async (name: string): Promise<void> => {
      await tile.click({ button: "right" });
      await page.getByRole("menuitemradio", { name }).click();
    };
    /** Size, and how bright the foot of the picture is. */
    const look = ({ bytes }: { bytes: Buffer }, type: string) =>
      page.evaluate(
        async ({ base64, type }) => {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes], { type }));
          const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
          if (!context) throw new Error("no canvas");
          context.drawImage(bitmap, 0, 0);
          const { data } = context.getImageData(0, bitmap.height - 12, bitmap.width / 2, 8);
          const luma = data.filter((_, at) => at % 4 === 1);
          return { width: bitmap.width, height: bitmap.height, white: luma.filter((value) => value > 200).length };
        },
        { base64: bytes.toString("base64"), type },
      );
    const plain = await save();
    expect([...plain.bytes.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    const seen = await look(plain, "image/png");
    expect(seen).toMatchObject({ width: stampGeometry.width, height: stampGeometry.height });
    const taken = new Date((stats.tiles[0]?.captureMicros ?? 0) / 1000);
    const two = (value: number): string => String(value).padStart(2, "0");
    expect(plain.name).toContain(
      `${two(taken.getUTCHours())}-${two(taken.getUTCMinutes())}-${two(taken.getUTCSeconds())}`,
    );
    await choose("Burn time and camera into snapshots");
    await choose("Snapshots as JPEG");
    const burnt = await save();
    expect(burnt.name).toMatch(/\.jpg$/);
    expect([...burnt.bytes.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    const line = await look(burnt, "image/jpeg");
    expect(line).toMatchObject({ width: seen.width, height: seen.height });
    expect(line.white).not.toBe(seen.white);
    expect(errors).toEqual([]);
  });

  test.each([
    ["slow", -600_000],
    ["fast", 600_000],
  ])("on a computer that is ten minutes %s, now is the server's", async (_, skewMs) => {
    const skewed = await browser.newPage({ viewport: { width: 1280, height: 800 }, timezoneId: "UTC" });
    skewed.setDefaultTimeout(45_000);
    const found = collectErrors(skewed);
    await skewed.addInitScript((by) => {
      Object.defineProperty(performance, "timeOrigin", { value: performance.timeOrigin + by });
    }, skewMs);
    await openWall(skewed, server, { transport: "websocket" });
    await waitForStats(skewed, ({ tiles }) => tiles.length === CAMERAS && tiles.every(isLive), 60_000);
    await skewed.keyboard.press("t");
    await skewed.getByRole("application", { name: "Timeline" }).waitFor();
    const shownAwayMs = async (): Promise<number> => {
      const shown = await skewed.getByTestId("playback-time").textContent();
      const now = Date.now();
      return Math.abs(Date.parse(`${new Date(now).toISOString().slice(0, 10)}T${shown}Z`) - now);
    };
    await expect.poll(shownAwayMs, { timeout: 45_000 }).toBeLessThan(30_000);
    // So does a snapshot of a live picture.
    const tile = skewed.locator("[data-tile]").first();
    await tile.hover();
    const [download] = await Promise.all([
      skewed.waitForEvent("download"),
      tile.getByRole("button", { name: "Save a snapshot" }).click(),
    ]);
    const [, date, hour, minute, second] =
      /(\d{4}-\d\d-\d\d).(\d\d)-(\d\d)-(\d\d)/.exec(download.suggestedFilename()) ?? [];
    const named = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
    expect(Math.abs(named - Date.now())).toBeLessThan(60_000);
    // And a bookmark of it.
    await skewed.keyboard.press("m");
    const dialog = skewed.getByRole("dialog", { name: "New bookmark" });
    const before = Date.now() * 1000;
    await dialog.getByLabel("Title").fill(`Marked ${skewMs}`);
    await dialog.getByRole("button", { name: "Save" }).click();
    const marked = await vi.waitFor(
      async () => {
        const { cameras } = await footage();
        const mark = cameras.flatMap(({ bookmarks }) => bookmarks).find(({ title }) => title === `Marked ${skewMs}`);
        if (mark === undefined) throw new Error("no bookmark yet");
        return mark;
      },
      { timeout: 45_000, interval: 500 },
    );
    await dialog.waitFor({ state: "detached" });
    expect(Math.abs(marked.startMicros - before)).toBeLessThan(60_000_000);
    // Ten seconds back from live is there, neither ten minutes back nor the present.
    await skewed.keyboard.press("Shift+ArrowLeft");
    const { tiles } = await waitForStats(
      skewed,
      (stats) => stats.tiles.every((tile) => isLive(tile) && tile.captureMicros !== undefined),
      45_000,
    );
    const nowMicros = Date.now() * 1000;
    for (const { captureMicros = 0 } of tiles) {
      expect(nowMicros - captureMicros).toBeGreaterThan(2_000_000);
      expect(nowMicros - captureMicros).toBeLessThan(120_000_000);
    }
    expect(found).toEqual([]);
    await skewed.close();
  });

  test("P and N stop at every event, however close together they are", async () => {
    await page.keyboard.press("Shift+L");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(0);
    const last = Date.now() - 500;
    const times = [last - 600, last - 300, last];
    for (const id of ids) {
      for (const ms of times) {
        await api.request("POST", `/cameras/${id}/events`, { kind: "motion", startMicros: ms * 1000 });
      }
    }
    await page.keyboard.press("k");
    await expect.poll(() => marks().count(), { timeout: 45_000 }).toBe(CAMERAS);
    const stopsAt = async (key: string, ms: number | undefined): Promise<void> => {
      await page.keyboard.press(key);
      const time = new Date(ms ?? 0).toISOString().slice(11, 23);
      await page.getByTestId("playback-time").getByText(time, { exact: true }).waitFor();
    };
    await stopsAt("p", times[2]);
    await stopsAt("p", times[1]);
    await stopsAt("p", times[0]);
    await stopsAt("n", times[1]);
    await stopsAt("n", times[2]);
    await page.keyboard.press("n");
    await page.getByText("Nothing more in this direction.").waitFor();
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
