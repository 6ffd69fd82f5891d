#!/usr/bin/env node
// `npx fluxvision ...`: makes sure that the build is current, then runs the command in this process.
import { pathToFileURL } from "node:url";
import { prepare } from "./lib/prepare.mjs";
import { inRoot, runMain } from "./lib/project.mjs";
import { trialEnvironment } from "./lib/trial-environment.mjs";

await runMain(async () => {
  await prepare();
  trialEnvironment(process.env);
  await import(pathToFileURL(inRoot("dist", "server", "cli.mjs")).href);
  return process.exitCode;
});
