#!/usr/bin/env node
// Builds what is out of date: crypto (WebAssembly), server bundles, migrations and clips beside them, web pages.
// Each part carries a hash of its inputs; an unchanged part costs only that hash.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildServer, serverInputs } from "./lib/bundle-server.mjs";
import { buildVerifier } from "./lib/bundle-verifier.mjs";
import {
  cacheFolder,
  hashFiles,
  inRoot,
  isProgram,
  listFiles,
  readStamp,
  runMain,
  sayErr,
  writeStamp,
} from "./lib/project.mjs";

const notTests = (path) => !/\.test\.tsx?$|\.md$/.test(path);

async function buildCryptoPart() {
  const module = await import(pathToFileURL(inRoot("shared", "crypto", "build.mjs")).href);
  await module.buildCrypto();
}

function copyFolder(from, to) {
  rmSync(inRoot(to), { recursive: true, force: true });
  mkdirSync(inRoot(to), { recursive: true });
  cpSync(inRoot(from), inRoot(to), { recursive: true, filter: (path) => !/\.test\.ts$/.test(path) });
}

async function buildWeb() {
  // Vite reads the mode from the environment it starts in; a build is always a production build.
  process.env.NODE_ENV = "production";
  const { build } = await import("vite");
  await build({
    root: inRoot(),
    configFile: inRoot("vite.config.ts"),
    logLevel: "warn",
    build: { outDir: inRoot("dist", "web") },
  });
}

/** In build order: the web page and the server both embed the crypto module. `needs` names a file without which the part is skipped. */
const parts = [
  {
    name: "crypto",
    needs: "shared/crypto/build.mjs",
    inputs: () => listFiles(["shared/crypto"], (path) => /\/assembly\/|build\.mjs$|asconfig/.test(path)),
    run: buildCryptoPart,
    output: "dist/crypto/flux-crypto.wasm",
  },
  {
    name: "server",
    needs: "server/cli/index.ts",
    inputs: () => listFiles(serverInputs, notTests),
    run: buildServer,
    output: "dist/server/cli.mjs",
  },
  {
    name: "verifier",
    needs: "web/verifier/main.ts",
    inputs: () => listFiles(["web/verifier", "shared", "scripts/lib/bundle-verifier.mjs", "package.json"], notTests),
    run: () => buildVerifier(),
    output: "dist/server/verify.html",
  },
  {
    name: "migrations",
    needs: "server/db/migrations",
    inputs: () => listFiles(["server/db/migrations"]),
    run: () => copyFolder("server/db/migrations", "dist/server/migrations"),
    output: "dist/server/migrations",
  },
  {
    name: "clips",
    needs: "server/simulator/clips",
    inputs: () => listFiles(["server/simulator/clips"]),
    run: () => copyFolder("server/simulator/clips", "dist/server/clips"),
    output: "dist/server/clips",
  },
  {
    name: "web",
    needs: "vite.config.ts",
    inputs: () => listFiles(["web", "shared", "public", "vite.config.ts", "tsconfig.json", "package.json"], notTests),
    run: buildWeb,
    output: "dist/web/index.html",
  },
];

/** Builds the named parts (all without names). Resolves to the names of the parts that were built. */
export async function build({ say = sayErr, only = parts.map((part) => part.name), force = false } = {}) {
  const built = [];
  const common = `${readStamp(join(cacheFolder, "install.stamp"))}|${process.versions.node.split(".")[0]}`;
  const scripts = listFiles(["scripts/build.mjs", "scripts/lib/bundle-server.mjs"]);
  for (const part of parts.filter(({ name }) => only.includes(name))) {
    if (!existsSync(inRoot(part.needs))) {
      say(`Skipped ${part.name}: ${part.needs} does not exist.`);
      continue;
    }
    const stampFile = join(cacheFolder, `build-${part.name}.stamp`);
    const hash = hashFiles([...part.inputs(), ...scripts], common);
    if (!force && readStamp(stampFile) === hash && (part.output === undefined || existsSync(inRoot(part.output))))
      continue;
    if (built.length === 0) say("Building...");
    await part.run({ say });
    writeStamp(stampFile, hash);
    built.push(part.name);
  }
  return built;
}

if (isProgram(import.meta.url)) {
  await runMain(async () => {
    const started = process.hrtime.bigint();
    const args = process.argv.slice(2);
    const only = args.filter((arg) => !arg.startsWith("-"));
    const quiet = args.includes("--quiet");
    const built = await build({ force: args.includes("--force"), ...(only.length > 0 ? { only } : {}) });
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    if (built.length > 0) sayErr(`Built ${built.join(", ")} in ${seconds.toFixed(1)} s.`);
    else if (!quiet) sayErr("The build is up to date.");
  });
}
