import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Finds the programs that some tests need. Each answers undefined where the program is missing. */

/** `CHROMIUM_PATH`, else the usual places, else Playwright's download. */
export function findChromium(): string | undefined {
  return firstExecutable([
    process.env.CHROMIUM_PATH,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    ...playwrightBrowsers(),
  ]);
}

/** `FFMPEG_PATH`, else `ffmpeg` on the PATH. */
export function findFfmpeg(): string | undefined {
  return firstExecutable([process.env.FFMPEG_PATH, ...onPath("ffmpeg")]);
}

/** Folder with `initdb` and `postgres` of an installed PostgreSQL (Debian's layout, newest first, else the PATH). */
export function findPostgresPrograms(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = firstExecutable([
    ...versions.map((version) => join(root, version, "bin", "initdb")),
    ...onPath("initdb"),
  ]);
  return found === undefined ? undefined : join(found, "..");
}

function playwrightBrowsers(): string[] {
  const root = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(process.env.HOME ?? "/root", ".cache", "ms-playwright");
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^chromium(_headless_shell)?-\d+$/.test(name))
    .flatMap((name) => [
      join(root, name, "chrome-linux", "chrome"),
      join(root, name, "chrome-linux", "headless_shell"),
      join(root, name, "chrome-mac", "Chromium.app", "Contents", "MacOS", "Chromium"),
    ]);
}

function onPath(program: string): string[] {
  return (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
}

function firstExecutable(candidates: readonly (string | undefined)[]): string | undefined {
  return candidates.find((candidate): candidate is string => candidate !== undefined && isExecutable(candidate));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
