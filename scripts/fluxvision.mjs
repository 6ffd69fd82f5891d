#!/usr/bin/env node
// `npx fluxvision ...`: makes sure that the build is current (messages on stderr, so that output stays parseable),
// then runs the command in this process.
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { inRoot, runMain } from "./lib/project.mjs";

await runMain(async () => {
  await install();
  await build({ say: (text) => process.stderr.write(`${text}\n`) });
  await import(pathToFileURL(inRoot("dist", "server", "cli.mjs")).href);
  return process.exitCode;
});
