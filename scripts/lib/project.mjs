// What every bootstrap script needs before anything is installed: paths, stamps, one-line messages, child processes.
// Only Node's own modules may be imported here (and in install.mjs): they run in a clone without node_modules.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const inRoot = (...parts) => join(root, ...parts);
/** Stamps and downloaded test tools; inside node_modules so that a clean install forgets them. */
export const cacheFolder = inRoot("node_modules", ".cache", "fluxvision");

/** A failure whose message is meant for the person at the terminal: printed without a stack. */
export class ScriptError extends Error {}

export const sayOut = (text) => process.stdout.write(`${text}\n`);
export const sayErr = (text) => process.stderr.write(`${text}\n`);

/** True when the module was started as a program rather than imported (through whatever symlinks). */
export const isProgram = (url) =>
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(url));

/** Runs a script's main function; prints ScriptErrors plainly and everything else with its stack. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    sayErr(error instanceof ScriptError ? error.message : (error?.stack ?? String(error)));
    process.exitCode = 1;
  }
}

/**
 * Runs a command and resolves to {code, output}. `inherit` shows its output as it comes (`"stderr"`: all of it there);
 * otherwise it is collected.
 */
export function execute(command, args, { inherit = false, env = {}, cwd = root } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: inherit ? ["ignore", inherit === "stderr" ? 2 : "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && !command.endsWith(".exe"),
    });
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code: code ?? (signal ? 128 : 1), output }));
  });
}

/** Every file below the given files and folders, sorted, so that hashes do not depend on directory order. */
export function listFiles(paths, keep = () => true, base = root) {
  const found = [];
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      for (const name of readdirSync(path)) if (name !== "node_modules") visit(join(path, name));
    } else if (stat?.isFile() && keep(relative(base, path).split(sep).join("/"))) found.push(path);
  };
  for (const path of paths) visit(join(base, path));
  return found.sort();
}

/** SHA-256 over names and contents of the files, plus any extra text (versions, options). */
export function hashFiles(files, extra = "") {
  const hash = createHash("sha256").update(extra);
  for (const file of files) hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

export const readStamp = (file) => (existsSync(file) ? readFileSync(file, "utf8").trim() : "");

export function writeStamp(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${value}\n`);
}
