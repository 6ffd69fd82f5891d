import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FluxError } from "../../shared/lib/errors.ts";
import { findChromium } from "../testkit/tools.ts";

/** The checkout: this file is two folders below it as source (server/bench) and as a bundle (dist/server). */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A page that has loaded one bundled entry. */
export interface ChromiumPage {
  /** Calls a function that the entry put on globalThis, with one plain argument; resolves to its plain result. */
  call(name: string, argument?: unknown): Promise<unknown>;
  version: string;
  close(): Promise<void>;
}

/** Development packages are loaded by name only when asked for: the server's bundle must not contain them. */
async function developmentPackage<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    throw new FluxError("tools.missing", `${name} is not installed here: run npm install in a checkout`, { cause });
  }
}

async function bundle(entry: string): Promise<string> {
  const esbuild = await developmentPackage<typeof import("esbuild")>("esbuild");
  const built = await esbuild.build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    format: "esm",
    target: "es2023",
    write: false,
    logLevel: "silent",
  });
  const [file] = built.outputFiles;
  if (file === undefined) throw new FluxError("tools.bundle_failed", `esbuild wrote nothing for ${entry}`);
  return file.text;
}

function listen(files: ReadonlyMap<string, string | Uint8Array>): Promise<Server> {
  const types: Record<string, string> = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const body = files.get(path);
    const type = types[path === "/" ? "html" : (path.split(".").at(-1) ?? "")] ?? "application/json";
    response.writeHead(body === undefined ? 404 : 200, {
      "content-type": type,
      // A cross-origin isolated page gets a fine clock.
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    response.end(body);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

/**
 * Bundles `entry` (a path from the root of the checkout), serves it with `files` on a loopback port and opens it in
 * headless Chromium. Throws `tools.missing` without Chromium, esbuild or playwright-core.
 */
export async function openChromiumPage(
  entry: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<ChromiumPage> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new FluxError("tools.missing", "Chromium was not found: install it or set CHROMIUM_PATH");
  }
  const playwright = await developmentPackage<typeof import("playwright-core")>("playwright-core");
  const all = new Map<string, string | Uint8Array>(Object.entries(files));
  all.set("/", '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/entry.js"></script>');
  all.set("/entry.js", await bundle(entry));
  const server = await listen(all);
  const closeServer = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  try {
    const browser = await playwright.chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-quic"] });
    const close = async (): Promise<void> => {
      await browser.close();
      await closeServer();
    };
    try {
      const page = await browser.newPage();
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      await page.goto(`http://127.0.0.1:${port}/`, { waitUntil: "load" });
      const call = (name: string, argument: unknown = null): Promise<unknown> =>
        page.evaluate(
          ([fn, value]) =>
            (globalThis as unknown as Record<string, (value: unknown) => Promise<unknown>>)[String(fn)]?.(value),
          [name, argument],
        );
      return { call, version: browser.version(), close };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await closeServer();
    throw error;
  }
}
