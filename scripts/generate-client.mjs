// Writes the clients of the API from its own document: types for the web app, a package for Python. `--check` only says
// whether what is committed is what would be written. See docs/api.md for why these are scripts of ours.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { loadDocument } from "./lib/client/load-document.mjs";
import { pythonOf } from "./lib/client/python.mjs";
import { typescriptOf } from "./lib/client/typescript.mjs";
import { inRoot } from "./lib/project.mjs";

const check = process.argv.includes("--check");
const document = await loadDocument();
const files = {
  "web/api/generated/schema.ts": typescriptOf(document),
  "clients/python/fluxvision/_generated.py": pythonOf(document),
};

const stale = Object.entries(files).filter(([path, text]) => read(path) !== text);
if (check && stale.length > 0) {
  process.stderr.write(`Stale: ${stale.map(([path]) => path).join(", ")}. Run npm run generate.\n`);
  process.exitCode = 1;
} else if (!check) {
  for (const [path, text] of stale) {
    mkdirSync(dirname(inRoot(path)), { recursive: true });
    writeFileSync(inRoot(path), text);
    process.stdout.write(`Wrote ${path}\n`);
  }
}

function read(path) {
  try {
    return readFileSync(inRoot(path), "utf8");
  } catch {
    return undefined;
  }
}
