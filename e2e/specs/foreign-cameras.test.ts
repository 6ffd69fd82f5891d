import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addCamera, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, waitForStats } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, freePort, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";

/** Cameras of an RTSP server that nobody here wrote, with real footage; both lie beside the checkout of its developers. */
const shared = fileURLToPath(new URL("../../../shared/", import.meta.url));
const python = "/usr/bin/python3";
const present = existsSync(`${shared}tools/rtsp-cameras.py`) && hasGstreamer();

function hasGstreamer(): boolean {
  try {
    const script = 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer';
    execFileSync(python, ["-c", script], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const children: ChildProcess[] = [];

async function startCameras(...args: string[]): Promise<string> {
  const port = await freePort();
  const child = spawn(python, [`${shared}tools/rtsp-cameras.py`, "--port", String(port), ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  await once(createInterface({ input: child.stdout }), "line");
  return `rtsp://127.0.0.1:${port}/cam01/main`;
}

describe.skipIf(!present)(
  "cameras of an independent RTSP server (skipped without ../shared and GStreamer)",
  { timeout: 120_000 },
  () => {
    let server: ServerUnderTest;
    let browser: Browser;

    beforeAll(async () => {
      server = await startServer({ adminPassword: ADMIN_PASSWORD });
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
      for (const child of children) child.kill();
    });

    test("play with B-frames, behind a digest password, and say why where the browser cannot decode", async () => {
      const api = await signIn(server.url);
      const media = `${shared}media/`;
      const plain = await startCameras("--main", `${media}car-sub-360p.mp4`);
      const reordered = await startCameras("--main", `${media}one-by-one-person-detection.mp4`);
      const locked = await startCameras(
        "--main",
        `${media}car-sub-360p.mp4`,
        "--user",
        "operator",
        "--password",
        "s3cret",
      );
      const hevc = await startCameras("--main", `${media}car-hevc-720p.mp4`, "--codec", "h265");
      const ids = {
        plain: await addCamera(api, "Plain", plain),
        reordered: await addCamera(api, "B-frames", reordered),
        locked: await addCamera(api, "Digest", locked.replace("//", "//operator:s3cret@")),
        wrong: await addCamera(api, "Wrong password", locked.replace("//", "//operator:guess@")),
        hevc: await addCamera(api, "H.265", hevc),
      };
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      const errors = collectErrors(page);
      await openWall(page, server, { transport: "websocket" });
      const live = [ids.plain, ids.reordered, ids.locked];
      const stats = await waitForStats(
        page,
        ({ tiles }) =>
          live.every((id) => tiles.some((tile) => tile.cameraId === id && tile.state === "live")) &&
          tiles.some(({ cameraId, reason }) => cameraId === ids.hevc && reason === "codec-unsupported") &&
          tiles.some(({ cameraId, reason }) => cameraId === ids.wrong && reason === "camera-unauthorised"),
        60_000,
      );
      const reasonOf = (id: string) => stats.tiles.find(({ cameraId }) => cameraId === id)?.reason;
      expect(reasonOf(ids.hevc)).toBe("codec-unsupported");
      expect(reasonOf(ids.wrong)).toBe("camera-unauthorised");
      await page.screenshot({ path: "e2e/artifacts/foreign-cameras.png" });
      expect(errors).toEqual([]);
    });
  },
);
