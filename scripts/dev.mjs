#!/usr/bin/env node
// `npm run dev`: rebuilds and restarts the server when its sources change; Vite serves the pages with hot reload and
// passes /api, /live and /docs on to the server. Open the address that Vite prints.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { serverBuildOptions } from "./lib/bundle-server.mjs";
import { cacheFolder, inRoot, runMain, sayErr } from "./lib/project.mjs";
import { serverEnvironment } from "./lib/supervise-child.mjs";

const serverPort = process.env.FLUXVISION_PORT ?? "8080";

/** Owns the one server process: a restart waits for the old one to end, so that the port and the data folder are free. */
function serverProcess() {
  let child;
  let queue = Promise.resolve();
  const stop = () =>
    new Promise((done) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return done();
      child.once("exit", () => done());
      child.kill("SIGTERM");
    });
  const start = () => {
    child = spawn(process.execPath, ["--enable-source-maps", inRoot("dist", "server", "cli.mjs"), "serve"], {
      stdio: "inherit",
      env: serverEnvironment,
    });
  };
  const enqueue = (step) => {
    queue = queue.then(step);
    return queue;
  };
  return { restart: () => enqueue(() => stop().then(start)), stop: () => enqueue(stop) };
}

async function watchServer(server) {
  // The bundle made here is not the one that a start would make: the next build must not take it for its own.
  rmSync(join(cacheFolder, "build-server.stamp"), { force: true });
  const { context } = await import("esbuild");
  const options = serverBuildOptions({ say: sayErr, development: true });
  const restartAfterBuild = {
    name: "restart-after-build",
    setup: (pluginBuild) =>
      pluginBuild.onEnd(({ errors }) => {
        if (errors.length === 0) return server.restart();
      }),
  };
  const watcher = await context({ ...options, plugins: [...options.plugins, restartAfterBuild] });
  await watcher.watch();
  return watcher;
}

async function serveWeb() {
  const { createServer } = await import("vite");
  const target = `http://127.0.0.1:${serverPort}`;
  const proxy = Object.fromEntries(
    ["/api", "/live", "/docs", "/setup", "/.well-known"].map((path) => [path, { target, ws: true }]),
  );
  const vite = await createServer({ root: inRoot(), configFile: inRoot("vite.config.ts"), server: { proxy } });
  await vite.listen();
  vite.printUrls();
  return vite;
}

await runMain(async () => {
  await install();
  await build({ only: ["crypto", "migrations", "clips"] });
  const server = serverProcess();
  const watcher = await watchServer(server);
  const vite = await serveWeb();
  await new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, done);
  });
  await Promise.all([vite.close(), watcher.dispose(), server.stop()]);
});
