import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectErrors, launchChromium } from "../testkit/chromium.ts";
import { findChromium, findFfmpeg } from "../testkit/tools.ts";
import { ExportKit, PASSPHRASE } from "./testkit/export-kit.ts";

const ffmpeg = findFfmpeg();
const ready = ffmpeg !== undefined && findChromium() !== undefined;
if (!ready) process.stderr.write("Skipped: the offline verifier page (Chromium or FFmpeg is not installed).\n");

describe.skipIf(!ready)("verify.html, opened from a file", () => {
  let kit: ExportKit;
  let folder: string;
  let browser: Browser;
  let page: Page;
  let errors: string[];
  const requests: string[] = [];
  const packages: Record<string, string> = {};

  beforeAll(async () => {
    kit = await ExportKit.open();
    folder = await mkdtemp(join(tmpdir(), "fluxvision-page-"));
    const url = new URL("../../scripts/lib/bundle-verifier.mjs", import.meta.url).href;
    const { verifierPage } = (await import(url)) as { verifierPage(): Promise<string> };
    const file = join(folder, "verify.html");
    await writeFile(file, await verifierPage());
    const item = kit.item(await kit.footage(await kit.clip(ffmpeg ?? "", 6)));
    for (const format of ["mp4", "sealed"] as const) packages[format] = await kit.export([item], { format });
    browser = await launchChromium();
    page = await browser.newPage({ locale: "en-GB", viewport: { width: 1100, height: 1300 } });
    errors = collectErrors(page);
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
  });
  afterAll(async () => {
    await browser?.close();
    await kit.close();
    await rm(folder, { recursive: true, force: true });
  });

  const give = (path: string) => page.locator("#zip").setInputFiles(path);
  const verdict = (ok: boolean) => page.locator(`.verdict[data-ok="${ok}"]`).waitFor();
  const faults = () =>
    page
      .locator(".faults li")
      .evaluateAll((lines) => lines.map((line) => (line as unknown as { dataset: { code: string } }).dataset.code));

  /** Whether the picture has more than one colour. */
  const drawn = () =>
    page.evaluate(() => {
      const canvas = document.querySelector("canvas");
      const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      const seen = new Set<number>();
      for (let at = 0; at < data.length; at += 4004) seen.add((data[at] ?? 0) >> 4);
      return seen.size;
    });

  it("says that nothing was changed, shows the key, and plays", async () => {
    await give(packages.mp4 ?? "");
    await verdict(true);
    expect(await page.locator(".key").textContent()).toMatch(/^([0-9A-F]{4}-){15}[0-9A-F]{4}$/);
    expect(await page.locator("table").first().textContent()).toContain("police report 17");
    await expect.poll(() => page.evaluate(() => document.querySelector("video")?.videoWidth ?? 0)).toBe(320);
    const seconds = await page.evaluate(() => document.querySelector("video")?.duration ?? 0);
    expect(seconds).toBeCloseTo(6, 0);
    await page.locator("header button").click();
    await expect.poll(() => page.locator(".verdict strong").textContent()).toBe("변경된 것이 없습니다.");
    await page.locator("header button").click();
  });

  it("says which file was changed", async () => {
    const bytes = await readFile(packages.mp4 ?? "");
    // The recording comes first in the package.
    const at = 50_000;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const path = join(folder, "changed.zip");
    await writeFile(path, bytes);
    await give(path);
    await verdict(false);
    expect(await faults()).toEqual(["file.changed"]);
    expect(await page.locator(".faults li").textContent()).toContain("01-Yard_gate-main_20261120-100957Z.mp4");
  });

  it("says that a camera was renamed", async () => {
    const bytes = await readFile(packages.mp4 ?? "");
    const at = bytes.lastIndexOf('"cameraName": "Yard / gate"');
    bytes.write("Y", at + 15);
    bytes.write("Back / door".slice(0, 11), at + 15);
    const path = join(folder, "renamed.zip");
    await writeFile(path, bytes);
    await give(path);
    await verdict(false);
    expect(await faults()).toEqual(["manifest.changed", "manifest.field"]);
    expect(await page.locator(".faults li").last().textContent()).toContain("Back / door");
  });

  it("opens a sealed package with its passphrase, checks every seal, and plays it", async () => {
    await give(packages.sealed ?? "");
    await verdict(true);
    expect(await page.locator("canvas").count()).toBe(0);
    await page.locator("#passphrase").fill("not the passphrase");
    await page.locator("form button").click();
    expect(await page.locator('[role="alert"]').textContent()).toBe("The passphrase does not fit.");
    await verdict(true);
    await page.locator("#passphrase").fill(PASSPHRASE);
    await page.locator("form button").click();
    await verdict(true);
    await expect.poll(drawn, { timeout: 10_000 }).toBeGreaterThan(4);
    const shown = () => page.locator(".row.left span").textContent();
    const first = await shown();
    expect(first).toContain("2026-11-20 10:09:57.000 UTC");
    await page.locator(".row.left button").click();
    await expect.poll(shown, { timeout: 15_000 }).toMatch(/10:10:02/);
    await page.locator('input[type="range"]').fill("500");
    await expect.poll(shown, { timeout: 10_000 }).toContain("10:10:00.0");
  });

  it("asked the network for nothing and the console had nothing to say", () => {
    expect(requests.filter((url) => !/^(file|blob|data):/.test(url))).toEqual([]);
    expect(errors).toEqual([]);
  });
});
