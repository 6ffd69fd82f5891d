// What the tests need beside npm packages: Chromium, FFmpeg and, where the shared camera server lies beside the
// checkout, GStreamer's RTSP server. Installed where that is possible, otherwise named in one clear message.
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execute, inRoot, ScriptError, sayErr } from "./project.mjs";

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const onPath = (name) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);

async function playwrightChromium() {
  const { chromium } = await import("playwright-core");
  const path = chromium.executablePath();
  return path && isExecutable(path) ? path : undefined;
}

/** Chromium's path: CHROMIUM_PATH, the system's, or the one that Playwright downloaded. */
export async function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (!isExecutable(named)) throw new ScriptError(`CHROMIUM_PATH names ${named}, which cannot be run.`);
    return named;
  }
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return names.map(onPath).find(Boolean) ?? (await playwrightChromium());
}

async function hasGstreamerRtsp() {
  const probe = 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer';
  const { code } = await execute("/usr/bin/python3", ["-c", probe]).catch(() => ({ code: 1 }));
  return code === 0;
}

const gstreamerPackages = [
  "python3-gi",
  "gir1.2-gst-rtsp-server-1.0",
  ...["good", "bad", "ugly"].map((name) => `gstreamer1.0-plugins-${name}`),
];

async function missingTools() {
  const missing = [];
  if (!(await findChromium())) missing.push({ name: "Chromium", packages: ["chromium"] });
  if (!onPath("ffmpeg")) missing.push({ name: "FFmpeg", packages: ["ffmpeg"] });
  const wantsCameraServer = existsSync(inRoot("..", "shared", "tools", "rtsp-cameras.py"));
  if (wantsCameraServer && !(await hasGstreamerRtsp()))
    missing.push({ name: "GStreamer's RTSP server", packages: gstreamerPackages });
  return missing;
}

async function aptInstall(packages) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["-qq", "update"],
    ["-qq", "install", "-y", "--no-install-recommends", ...packages],
  ]) {
    const { code, output } = await execute("apt-get", args, { env });
    if (code !== 0)
      throw new ScriptError(`apt-get ${args.join(" ")} failed:\n${output.trim().split("\n").slice(-12).join("\n")}`);
  }
}

/** Installs what is missing, or throws a ScriptError that says what to install by hand. */
export async function ensureTestTools() {
  let missing = await missingTools();
  if (missing.length === 0) return;
  sayErr(`Installing test tools: ${missing.map(({ name }) => name).join(", ")}...`);
  if (process.getuid?.() === 0 && onPath("apt-get")) {
    await aptInstall(missing.flatMap(({ packages }) => packages));
  } else if (missing.some(({ name }) => name === "Chromium")) {
    const cli = inRoot("node_modules", "playwright-core", "cli.js");
    const { code, output } = await execute(process.execPath, [cli, "install", "chromium"]);
    if (code !== 0) sayErr(output.trim());
  }
  missing = await missingTools();
  if (missing.length === 0) return;
  const list = missing.map(({ name, packages }) => `  ${name} (Debian/Ubuntu: apt-get install ${packages.join(" ")})`);
  throw new ScriptError(`The tests need tools that could not be installed from here:\n${list.join("\n")}`);
}
