// Install and build in a process of their own: the tools' memory and helper processes are gone before the server runs.
import { install } from "../install.mjs";
import { execute, inRoot, ScriptError } from "./project.mjs";

/** Everything on stderr, so that a command's own output stays parseable. */
export async function prepare() {
  await install();
  const { code } = await execute(process.execPath, [inRoot("scripts", "build.mjs"), "--quiet"], { inherit: "stderr" });
  if (code !== 0) throw new ScriptError("The build failed.");
}
