#!/usr/bin/env node
// WebTransport's native module needs glibc 2.38; Debian 12 has 2.36. For tests on such a machine the C library of
// Debian 13 is unpacked into the cache folder (nothing on the system changes) and Node is started through its loader.
//
// Found by trying (Debian 12, x64): Node 20 itself runs under that loader and loads the module; the module's
// TypeScript part calls Promise.withResolvers, which Node has from 22 on, so the server must add it before importing.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, execute, isProgram, runMain, ScriptError, sayOut } from "./lib/project.mjs";

const neededGlibc = [2, 38];
const suite = "trixie";
const packages = ["libc6", "libgcc-s1", "libstdc++6"];
const loaders = { x64: "ld-linux-x86-64.so.2", arm64: "ld-linux-aarch64.so.1" };
const folder = join(cacheFolder, "glibc");

/** Can this process load the module as it is? True on systems without glibc's version rule (macOS, Windows). */
export function systemGlibcSuffices() {
  if (process.platform !== "linux") return true;
  const version = process.report.getReport().header.glibcVersionRuntime;
  if (!version) return false;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > neededGlibc[0] || (major === neededGlibc[0] && minor >= neededGlibc[1]);
}

/** The Debian mirror and signing key that this system already trusts and reaches. */
function systemMirror() {
  const parts = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ];
  for (const file of files.filter((path) => /\.(list|sources)$/.test(path) && existsSync(path))) {
    const text = readFileSync(file, "utf8");
    for (const [, url] of text.matchAll(/^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(\S+)/gm)) {
      if (/\/debian\/?$/.test(url)) return url;
    }
  }
  throw new ScriptError("No Debian mirror is configured on this system, so its newer C library cannot be fetched.");
}

/** apt with state, cache and sources of its own below the folder, and the system's keys. */
function aptOptions(work) {
  const sources = join(work, "sources.list");
  for (const sub of ["state/lists/partial", "cache/archives/partial", "empty"])
    mkdirSync(join(work, sub), { recursive: true });
  writeFileSync(join(work, "status"), "");
  const key = "/usr/share/keyrings/debian-archive-keyring.gpg";
  writeFileSync(sources, `deb ${existsSync(key) ? `[signed-by=${key}] ` : ""}${systemMirror()} ${suite} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": join(work, "empty"),
    "Dir::State": join(work, "state"),
    "Dir::State::status": join(work, "status"),
    "Dir::Cache": join(work, "cache"),
    // The sandbox user cannot write below a private folder; signatures are checked all the same.
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

async function must(command, args, options) {
  const { code, output } = await execute(command, args, options).catch((error) => ({ code: 1, output: String(error) }));
  if (code !== 0)
    throw new ScriptError(
      `${command} ${args.at(-1)} failed while fetching Debian's newer C library:\n${output.trim()}`,
    );
}

async function unpackGlibc() {
  const work = `${folder}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "root"), { recursive: true });
  const apt = aptOptions(work);
  await must("apt-get", [...apt, "-qq", "update"]);
  await must("apt-get", [...apt, "-qq", "download", ...packages], { cwd: work });
  const debs = readdirSync(work).filter((name) => name.endsWith(".deb"));
  for (const deb of debs) await must("dpkg-deb", ["-x", join(work, deb), join(work, "root")]);
  rmSync(folder, { recursive: true, force: true });
  renameSync(join(work, "root"), folder);
  rmSync(work, { recursive: true, force: true });
}

function find(base, name) {
  return readdirSync(base, { recursive: true, withFileTypes: true }).find((entry) => entry.name === name)?.parentPath;
}

/** Folders of the unpacked libraries, the loader's first; undefined when not unpacked (whole) yet. */
function unpackedLibraries() {
  const loader = loaders[process.arch];
  if (!loader || !existsSync(folder)) return undefined;
  const places = [loader, "libc.so.6", "libgcc_s.so.1", "libstdc++.so.6"].map((name) => find(folder, name));
  return places.includes(undefined)
    ? undefined
    : { loader: join(places[0], loader), path: [...new Set(places)].join(":") };
}

/** Makes sure that `nodeCommand` can answer; fetches the libraries when this system's are too old. */
export async function ensureWebTransportLibc() {
  if (systemGlibcSuffices() || unpackedLibraries()) return;
  if (!loaders[process.arch]) throw new ScriptError(`There is no C library for ${process.arch} to fetch.`);
  await unpackGlibc();
}

/**
 * The command that starts Node so that WebTransport loads; arguments follow it.
 * Without fetched libraries on an old system it is plain Node (the server then serves WebSocket only).
 */
export function nodeCommand() {
  const libraries = systemGlibcSuffices() ? undefined : unpackedLibraries();
  if (!libraries) return [process.execPath];
  return [libraries.loader, "--library-path", libraries.path, process.execPath];
}

if (isProgram(import.meta.url)) {
  await runMain(async () => {
    await ensureWebTransportLibc();
    sayOut(nodeCommand().join(" "));
  });
}
