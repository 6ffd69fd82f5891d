import { execFile } from "node:child_process";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { z } from "zod";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, waitForStats } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type {
  Bookmark,
  EffectivePolicy,
  EvidenceCase,
  EvidenceLock,
  ExportJob,
  emergencyState,
  ScopedPolicy,
  StorageVolume,
  Timeline,
} from "../../shared/api/recording.ts";
import type { Camera } from "../../shared/api/schemas.ts";
import type { TierStatus } from "../../shared/api/storage-tiers.ts";

/** What an administrator sets and what an investigator takes away, done by hand in the console, against a real server. */

const run = promisify(execFile);
const GROUP = "Plant";
/** Enough for a range. */
const FOOTAGE_MICROS = 14_000_000;
const ids: string[] = [];
let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;
let api: ApiClient;
let page: Page;
let errors: string[];

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 2, clips: { main: stampGeometry.clip, sub: stampGeometry.clip } });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  browser = await launchChromium();
  api = await signIn(server.url);
  // Short files: some are closed soon and can move.
  const policy: ScopedPolicy = { scope: "system", target: "system", policy: { segmentSeconds: 10 } };
  await api.request("PUT", "/recording/policies", policy);
  for (const [index, group] of [GROUP, ""].entries()) {
    const urls = { url: simulator.url(index + 1, "main"), subUrl: simulator.url(index + 1, "sub") };
    ids.push((await api.request<Camera>("POST", "/cameras", { name: `Gate ${index + 1}`, group, ...urls })).id);
  }
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-GB", acceptDownloads: true });
  page.setDefaultTimeout(45_000);
  // What the server refuses, on purpose here, the browser logs by itself.
  errors = collectErrors(page, [/the server responded with a status of 400/]);
  await openWall(page, server, { transport: "websocket" });
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await simulator?.close();
});

const button = (name: string, within: Page | Locator = page) => within.getByRole("button", { name, exact: true });
const scope = (name: string) => page.locator("button[data-scope]", { hasText: name });
/** A jump of ten seconds, and what is shown after it. */
async function jump(key: "Shift+ArrowLeft" | "Shift+ArrowRight"): Promise<void> {
  const time = page.getByTestId("playback-time");
  const before = await time.textContent();
  await page.keyboard.press(key);
  await vi.waitFor(async () => expect(await time.textContent()).not.toBe(before), { timeout: 30_000 });
}
const row = (label: string) => page.getByText(label, { exact: true }).locator("xpath=../..");
const saved = async (): Promise<void> => {
  await button("Save").click();
  await page.getByText("Recording settings saved").last().waitFor();
  await page.getByRole("region", { name: "There are unsaved changes." }).waitFor({ state: "detached" });
};
const effective = async (id: string) =>
  (await api.request<{ policy: EffectivePolicy }>("GET", `/cameras/${id}/recording`)).policy;

describe("an administrator", { timeout: 180_000 }, () => {
  test("paints the week of a group, and its camera says where each value comes from", async () => {
    await page.goto(`${server.url}/admin/recording`);
    await scope(GROUP).click();
    await page.getByLabel("Mode").selectOption("schedule");
    await page.getByRole("radio", { name: "Off" }).click();
    await button("Fill the whole week").click();
    await page.getByRole("radio", { name: "Continuous" }).click();
    const week = page.getByTestId("week");
    const box = await week.boundingBox();
    if (!box) throw new Error("the week has no size");
    // Monday 08:00 to Friday 18:00, with the mouse.
    const at = (day: number, slot: number): [number, number] => [
      box.x + ((slot + 0.5) / 48) * box.width,
      box.y + ((day + 0.5) / 7) * box.height,
    ];
    await week.scrollIntoViewIfNeeded();
    await page.mouse.move(...at(0, 16));
    await page.mouse.down();
    await page.mouse.move(...at(2, 20), { steps: 4 });
    await page.mouse.move(...at(4, 35), { steps: 4 });
    await page.mouse.up();
    await page.getByText("50 h continuous, 0 h on events a week").waitFor();
    // And Saturday noon with the keyboard.
    await week.focus();
    await week.press("2");
    for (const key of ["ArrowDown", "ArrowLeft", "Shift+ArrowLeft", "Space"]) await week.press(key);
    await page.getByText("50 h continuous, 1 h on events a week").waitFor();
    await saved();
    const policies = await api.request<ScopedPolicy[]>("GET", "/recording/policies");
    const days = policies.find(({ scope, target }) => scope === "group" && target === GROUP)?.policy.schedule?.days;
    const workday = `${"-".repeat(16)}${"c".repeat(20)}${"-".repeat(12)}`;
    expect(days?.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => workday));
    expect(days?.[5]).toBe(`${"-".repeat(33)}ee${"-".repeat(13)}`);

    await scope("Whole system").click();
    await page.getByLabel("Keep at least").fill("2");
    await saved();
    await scope("Gate 1").click();
    await page.getByLabel("Delete after").fill("7");
    await saved();
    await row("Mode").getByText(`From: group ${GROUP}`).waitFor();
    await row("Keep at least").getByText("From: whole system").waitFor();
    await row("Streams").getByText("From: default").waitFor();
    await row("Delete after").getByText("Set here").waitFor();
    expect(await effective(ids[0] ?? "")).toMatchObject({
      mode: { value: "schedule", from: `group:${GROUP}` },
      retentionDays: { value: 7, from: "camera" },
    });
    await scope("Gate 2").click();
    await row("Mode").getByText("From: default").waitFor();
    expect(errors).toEqual([]);
  });

  test("goes back to what is inherited; nothing unsaved is lost without being asked", async () => {
    await scope("Gate 1").click();
    await row("Delete after").getByRole("button", { name: "Inherit" }).click();
    expect(await page.getByLabel("Delete after").inputValue()).toBe("30");
    await scope("Whole system").click();
    const asked = page.getByRole("alertdialog");
    await asked.getByText("Discard the changes?").waitFor();
    await button("Cancel", asked).click();
    await saved();
    expect(await effective(ids[0] ?? "")).toMatchObject({ retentionDays: { value: 30 } });
    await scope(GROUP).click();
    await row("Mode").getByRole("button", { name: "Inherit" }).click();
    await saved();
    expect(errors).toEqual([]);
  });

  test("adds volumes: what is wrong is said at the field, a folder is tried before it is used", async () => {
    await page.goto(`${server.url}/admin/storage`);
    const add = async (name: string, tier: string, folder: string): Promise<Locator> => {
      await button("Add volume").click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill(name);
      await dialog.getByLabel("Tier").selectOption(tier);
      await dialog.getByLabel("Folder on the server").fill(folder);
      await button("Add", dialog).click();
      return dialog;
    };
    const dialog = await add("Second disk", "hot", "recordings/second");
    const field = dialog.getByLabel("Folder on the server");
    await vi.waitFor(async () => expect(await field.getAttribute("aria-invalid")).toBe("true"), { timeout: 30_000 });
    const note = await field.getAttribute("aria-describedby");
    expect(await page.locator(`[id="${note}"]`).textContent()).toContain("absolute path");
    await field.fill(join(server.dataDir, "second"));
    await button("Test", dialog).click();
    await dialog.getByText("Written, read back and removed.").waitFor();
    await button("Add", dialog).click();
    await dialog.waitFor({ state: "detached" });
    await (await add("Archive shelf", "warm", join(server.dataDir, "warm"))).waitFor({ state: "detached" });
    const volumes = await api.request<StorageVolume[]>("GET", "/storage/volumes");
    expect(volumes.map(({ name, tier }) => [name, tier])).toEqual(
      expect.arrayContaining([
        ["Second disk", "hot"],
        ["Archive shelf", "warm"],
      ]),
    );
    expect(errors).toEqual([]);
  });

  test("moves older recordings to the warm tier and sees them arrive", async () => {
    const policy: ScopedPolicy = {
      scope: "system",
      target: "system",
      policy: { segmentSeconds: 10, warmAfterDays: 0 },
    };
    await api.request("PUT", "/recording/policies", policy);
    const panel = page.getByRole("region", { name: "Moving between tiers" });
    await vi.waitFor(
      async () => {
        await button("Move now", panel).click();
        const { moved } = await api.request<TierStatus>("GET", "/storage/tiers");
        expect(moved.files).toBeGreaterThan(0);
      },
      { timeout: 90_000, interval: 2_000 },
    );
    await page.reload();
    await panel.getByText(/^Since the start: [1-9]\d* files, \d/).waitFor();
    await page.getByRole("listitem").filter({ hasText: "Archive shelf" }).getByText("Works").waitFor();
    const warm = async () => {
      const volumes = await api.request<StorageVolume[]>("GET", "/storage/volumes");
      return volumes.find(({ name }) => name === "Archive shelf");
    };
    await vi.waitFor(async () => expect((await warm())?.segments).toBeGreaterThan(0), { timeout: 30_000 });
    expect(errors).toEqual([]);
  });

  test("a disk that is gone is told on every page, and that it is back", async () => {
    await page.goto(`${server.url}/cases`);
    await rename(join(server.dataDir, "second"), join(server.dataDir, "away"));
    const alarm = page.getByRole("alert").filter({ hasText: "Storage needs attention: Second disk (Not there)" });
    await alarm.waitFor({ timeout: 120_000 });
    await alarm.getByRole("link", { name: "Look at it" }).click();
    await page.getByRole("listitem").filter({ hasText: "Second disk" }).getByText("Not there").waitFor();
    await rename(join(server.dataDir, "away"), join(server.dataDir, "second"));
    await page.getByRole("link", { name: "Cases" }).click();
    await page.getByRole("button", { name: "New case" }).first().waitFor();
    await alarm.waitFor({ state: "detached", timeout: 120_000 });
    expect(errors).toEqual([]);
  });

  test("switches emergency recording on after being asked, everybody sees it, and off after being asked", async () => {
    const off: ScopedPolicy = { scope: "camera", target: ids[1] ?? "", policy: { mode: "off" } };
    await api.request("PUT", "/recording/policies", off);
    const state = async () => {
      const { emergency } = await api.request<{ emergency: z.infer<typeof emergencyState> }>(
        "GET",
        "/recording/states",
      );
      return emergency;
    };
    await button("Emergency: record every camera").click();
    await page.getByRole("dialog").getByText("Record every camera now?").waitFor();
    expect((await state()).on).toBe(false);
    await page.getByRole("dialog").getByLabel("Reason (goes into the audit trail)").fill("Fire alarm");
    await button("Start emergency recording").click();
    const banner = page.getByRole("alert").filter({ hasText: "Emergency recording of every camera" });
    await banner.getByText(/^Started by admin, /).waitFor();
    expect(await state()).toMatchObject({ on: true, by: "admin" });
    await button("End…", banner).click();
    expect((await state()).on).toBe(true);
    await button("End it now", banner).click();
    await banner.waitFor({ state: "detached" });
    expect((await state()).on).toBe(false);
    await api.request("DELETE", `/recording/policies?scope=camera&target=${ids[1]}`);
    expect(errors).toEqual([]);
  });
});

describe("an investigator", { timeout: 240_000 }, () => {
  test("bookmarks a moment with colour and tags, and finds it by each of them", async () => {
    await vi.waitFor(
      async () => {
        const now = Date.now() * 1000;
        const query = new URLSearchParams({
          cameras: ids.join(","),
          startMicros: String(now - 3_600_000_000),
          endMicros: String(now + 60_000_000),
          resolutionMicros: "1000000",
        });
        const { cameras } = await api.request<Timeline>("GET", `/timeline?${query}`);
        const lengths = cameras.map(({ recorded }) => recorded.reduce((sum, [start, end]) => sum + end - start, 0));
        expect(Math.min(...lengths)).toBeGreaterThan(FOOTAGE_MICROS);
      },
      { timeout: 90_000, interval: 500 },
    );
    await page.goto(`${server.url}/?transport=websocket`);
    await waitForStats(page, ({ tiles }) => tiles.length === 2 && tiles.every(({ state }) => state === "live"), 60_000);
    await page.keyboard.press("t");
    await page.keyboard.press("k");
    await page.locator("[data-tile]").getByText("Archive", { exact: true }).first().waitFor();
    await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("m");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Title").fill("Blue van");
    await dialog.getByLabel("Tags, separated by commas").fill("van, north gate");
    await button("Red", dialog).click();
    await button("Save", dialog).click();
    await page.getByText("Bookmark saved").waitFor();
    const [made] = await api.request<Bookmark[]>("GET", "/bookmarks");
    expect(made).toMatchObject({ title: "Blue van", tags: ["van", "north gate"], colour: "red" });

    await page.getByRole("link", { name: "Bookmarks" }).click();
    const found = page.getByRole("heading", { name: "Blue van" });
    const search = page.getByRole("search");
    await found.waitFor();
    await search.getByLabel("Colour").selectOption("Green");
    await page.getByText("No bookmark found.").waitFor();
    await search.getByLabel("Colour").selectOption("Red");
    await found.waitFor();
    await search.getByLabel("Tag").fill("lorry");
    await page.getByText("No bookmark found.").waitFor();
    await search.getByLabel("Tag").fill("north gate");
    await search.getByLabel("Search titles and notes").fill("blue");
    await found.waitFor();
    expect(errors).toEqual([]);
  });

  test("locks a range with a reason and an end", async () => {
    await page.getByRole("link", { name: "Live" }).click();
    // Where one was: the timeline is open, and the archive is shown.
    await page.locator("[data-tile]").getByText("Archive", { exact: true }).first().waitFor();
    await jump("Shift+ArrowLeft");
    await page.keyboard.press("[");
    await jump("Shift+ArrowRight");
    await page.keyboard.press("]");
    const range = page.getByRole("group", { name: "Selected range" });
    await button("Lock as evidence", range).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill("Police report 17");
    await dialog.getByLabel("Ends on (optional)").fill("2099-12-31");
    await button("Save", dialog).click();
    await page.getByText("Footage locked").waitFor();
    const [lock] = await api.request<EvidenceLock[]>("GET", "/evidence-locks");
    expect(lock).toMatchObject({ reason: "Police report 17", releasedAt: null });
    expect(lock?.expiresAt).toMatch(/^2099-12-31|^2100-01-01/);
    expect(errors).toEqual([]);
  });

  test("puts two cameras into a case and takes them away in one package that verifies", async () => {
    await button("Add to case…").click();
    const adding = page.getByRole("dialog");
    await adding.getByLabel("Title").fill("Break-in at the gate");
    for (const name of ["Gate 1", "Gate 2"]) await adding.getByLabel(name).check();
    await button("Add", adding).click();
    await page.getByText("Added to Break-in at the gate").waitFor();
    const [one] = await api.request<EvidenceCase[]>("GET", "/cases");
    expect(new Set(one?.items.map(({ cameraId }) => cameraId))).toEqual(new Set(ids));

    await page.getByRole("link", { name: "Cases" }).click();
    await page.getByRole("link", { name: "Break-in at the gate" }).click();
    await page.getByLabel("Write a note").fill("Seen by the guard at the gate");
    await button("Add note").click();
    await page.getByText("Seen by the guard at the gate").waitFor();
    await button("Export case").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("2 ranges in one package").waitFor();
    await dialog.getByLabel(/^Reason/).fill("Asked for by the police");
    await button("Export", dialog).click();
    const packages = page.getByRole("region", { name: "Packages" });
    await packages.getByText("Ready").waitFor({ timeout: 90_000 });
    const coming = page.waitForEvent("download");
    await button("Download", packages).click();
    const path = join(server.dataDir, "taken.zip");
    await (await coming).saveAs(path);

    const [job] = await api.request<ExportJob[]>("GET", "/exports");
    expect(job).toMatchObject({ state: "done", items: 2, caseId: one?.id });
    const { fingerprint } = await api.request<{ fingerprint: string }>("GET", "/export-key");
    expect(await packages.textContent()).toContain(fingerprint);
    const verify = (key: string) =>
      run(process.execPath, ["dist/server/cli.mjs", "verify", path, "--key", key, "--json"]).catch((error) => error);
    const { stdout } = await verify(fingerprint);
    const report = JSON.parse(stdout) as { ok: boolean; manifest: { items: { cameraName: string }[] } };
    expect(report).toMatchObject({ ok: true, findings: [], signerExpected: true });
    expect(report.manifest.items.map(({ cameraName }) => cameraName).sort()).toEqual(["Gate 1", "Gate 2"]);
    expect(await verify(fingerprint.replace(/[0-9A-F]/g, "0"))).toMatchObject({ code: 1 });
    expect(errors).toEqual([]);
  });
});
