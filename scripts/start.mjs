#!/usr/bin/env node
// `npm start`: install what is missing, build what changed, serve. Signals reach the server; its exit code comes back.
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { inRoot, runMain } from "./lib/project.mjs";
import { superviseChild } from "./lib/supervise-child.mjs";

await runMain(async () => {
  await install();
  await build();
  return superviseChild(process.execPath, [inRoot("dist", "server", "cli.mjs"), "serve", ...process.argv.slice(2)]);
});
