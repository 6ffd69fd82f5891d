// The OpenAPI document of the server in this tree, without starting one: its routes are registered with services that
// do nothing, which is enough to describe them.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { serverBuildOptions } from "../bundle-server.mjs";
import { inRoot } from "../project.mjs";

export async function loadDocument() {
  const { build } = await import("esbuild");
  const folder = inRoot("node_modules", ".cache", `fluxvision-document-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    const { splitting: _splitting, ...options } = serverBuildOptions({ say: () => undefined });
    await build({
      ...options,
      entryPoints: { document: "server/http/describe.ts" },
      outdir: folder,
      logLevel: "error",
    });
    writeFileSync(`${folder}/package.json`, '{"type":"module"}');
    const { describeApi } = await import(pathToFileURL(`${folder}/document.mjs`).href);
    return JSON.parse(JSON.stringify(describeApi()));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
