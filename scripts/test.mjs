#!/usr/bin/env node
// `npm test`: installs what is missing, builds, runs every suite (unit, integration, end to end in Chromium).
// The last line is always `N passed, N failed` (with `, N skipped` when tests were skipped).
// Arguments are passed on to vitest: `npm test -- server/rtp` runs one folder.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { cacheFolder, execute, inRoot, runMain, ScriptError, sayErr, sayOut } from "./lib/project.mjs";
import { summarise } from "./lib/test-summary.mjs";
import { ensureTestTools, findChromium } from "./lib/test-tools.mjs";
import { ensureWebTransportLibc } from "./webtransport-libc.mjs";

const reportFile = join(cacheFolder, "vitest-report.json");

async function prepare() {
  await install();
  await ensureTestTools();
  await ensureWebTransportLibc().catch((error) =>
    sayErr(`${error.message}\nWebTransport's own tests will be skipped.`),
  );
  await build();
}

/** Runs vitest with its usual output; the counts come from its JSON report. */
async function runSuites() {
  mkdirSync(cacheFolder, { recursive: true });
  rmSync(reportFile, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const vitest = inRoot("node_modules", "vitest", "vitest.mjs");
  const chromium = await findChromium();
  const { code } = await execute(process.execPath, [vitest, "run", ...reporters, ...process.argv.slice(2)], {
    inherit: true,
    env: { FORCE_COLOR: process.stdout.isTTY ? "1" : "0", ...(chromium ? { CHROMIUM_PATH: chromium } : {}) },
  });
  return summarise(existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, "utf8")) : undefined, code);
}

await runMain(async () => {
  let counts = { passed: 0, failed: 1, skipped: 0 };
  try {
    await prepare();
    counts = await runSuites();
  } catch (error) {
    sayErr(error instanceof ScriptError ? error.message : error.stack);
  }
  sayOut(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
