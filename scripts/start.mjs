#!/usr/bin/env node
// `npm start`: install what is missing, build what changed, serve. Signals reach the server; its exit code comes back.
import { prepare } from "./lib/prepare.mjs";
import { inRoot, runMain } from "./lib/project.mjs";
import { superviseChild } from "./lib/supervise-child.mjs";

await runMain(async () => {
  await prepare();
  return superviseChild(process.execPath, [inRoot("dist", "server", "cli.mjs"), "serve", ...process.argv.slice(2)]);
});
