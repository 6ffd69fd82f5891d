import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "./tools.ts";

/** Flags with which Chromium draws WebGPU and WebGL2 in software, checked by looking at pixels. */
export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--use-angle=swiftshader",
  "--use-vulkan=swiftshader",
  "--enable-features=Vulkan",
  "--autoplay-policy=no-user-gesture-required",
];

export async function launchChromium(): Promise<Browser> {
  const executablePath = await findChromium();
  if (executablePath === undefined) throw new Error("Chromium is missing: run `npm test`, which installs it");
  return chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
}

/** Any console error or uncaught exception fails the test that owns the page. */
export function collectErrors(page: Page, allow: readonly RegExp[] = []): string[] {
  const errors: string[] = [];
  const note = (text: string): void => {
    if (!allow.some((pattern) => pattern.test(text))) errors.push(text);
  };
  page.on("console", (message) => {
    if (message.type() === "error") note(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => note(error.message));
  return errors;
}

/** What `globalThis.fluxvision.stats()` answers. */
export interface PageStats {
  readonly renderer: string;
  readonly transport: string;
  readonly drawFps: number;
  readonly tiles: readonly {
    readonly cameraId: string;
    readonly state: string;
    readonly reason?: string;
    readonly role?: "main" | "sub";
    readonly detail?: string;
    readonly decodedFps: number;
    readonly drawnFps: number;
    readonly droppedFrames: number;
    readonly latencyMs: number | undefined;
    /** In the archive: capture time of the picture that is drawn. */
    readonly captureMicros?: number | undefined;
  }[];
}

export function pageStats(page: Page): Promise<PageStats> {
  return page.evaluate(() =>
    (globalThis as unknown as { fluxvision: { stats(): Promise<PageStats> } }).fluxvision.stats(),
  );
}

/** Polls until `ready` holds; fails with the last figures, never silently. */
export async function waitForStats(
  page: Page,
  ready: (stats: PageStats) => boolean,
  timeoutMs = 30_000,
): Promise<PageStats> {
  const deadline = performance.now() + timeoutMs;
  let last: PageStats | undefined;
  while (performance.now() < deadline) {
    last = await pageStats(page).catch(() => last);
    if (last && ready(last)) return last;
    await page.waitForFunction(() => true, undefined, { polling: 250 }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`the wall did not get there in ${timeoutMs} ms: ${JSON.stringify(last)}`);
}
