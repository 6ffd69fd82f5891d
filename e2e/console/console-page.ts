import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { collectErrors } from "../../server/testkit/chromium.ts";
import { findChromium } from "../../server/testkit/tools.ts";

export const SCREENS = {
  wall: { width: 1920, height: 1080 },
  tablet: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;

export const INSECURE_HOST = "vms.test";

const artifacts = fileURLToPath(new URL("../artifacts", import.meta.url));

/** The fake engine draws on a plain canvas: no GPU flags are needed. */
export function launchConsoleBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("Chromium is missing: run `npm test`, which installs it");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--no-first-run",
      "--disable-background-networking",
      // A name that is not this computer's: http to it is no secure context.
      `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
    ],
  });
}

export interface ConsolePage {
  readonly page: Page;
  /** Console errors and uncaught exceptions so far. */
  readonly errors: readonly string[];
  shoot(name: string): Promise<void>;
  close(): Promise<void>;
}

/** A page in a profile of its own. `refusals`: the browser itself logs refused requests, which a test may expect. */
export async function openConsole(
  browser: Browser,
  screen: keyof typeof SCREENS,
  options: BrowserContextOptions & { readonly refusals?: boolean } = {},
): Promise<ConsolePage> {
  const { refusals = false, ...contextOptions } = options;
  const touch = screen === "wall" ? {} : { hasTouch: true, isMobile: screen === "phone" };
  const context = await browser.newContext({
    viewport: SCREENS[screen],
    locale: "en-US",
    serviceWorkers: "block",
    ...touch,
    ...contextOptions,
  });
  // Generous: a machine that runs every suite at once is slow, not wrong.
  context.setDefaultTimeout(45_000);
  const page = await context.newPage();
  const errors = collectErrors(
    page,
    refusals ? [/^Failed to load resource: the server responded with a status of/] : [],
  );
  return {
    page,
    errors,
    async shoot(name) {
      mkdirSync(artifacts, { recursive: true });
      await page.screenshot({ path: `${artifacts}/console-${screen}-${name}.png` });
    },
    close: () => context.close(),
  };
}

export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator("input[name=username]").fill("admin");
  await page.locator("input[name=password]").fill("correct horse battery");
  await page.locator("button[type=submit]").click();
}

/** Names on the tiles, in the order of the cells; "" for an empty one. */
export function tileNames(page: Page): Promise<string[]> {
  return page
    .locator("[data-tile]")
    .evaluateAll((tiles) =>
      tiles.map((tile) => /^[^:]*: (.*)$/.exec(tile.getAttribute("aria-label") ?? "")?.[1] ?? ""),
    );
}
