import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const sources = join(here, "assembly");
const output = join(root, "dist", "crypto", "flux-crypto.wasm");

/** 64 MiB: fixed work areas and room for thousands of key slots. The module can never take more. */
const MAX_MEMORY_PAGES = 1024;

const OPTIONS = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--enable",
  "simd",
  "--enable",
  "bulk-memory",
  "--maximumMemory",
  String(MAX_MEMORY_PAGES),
  "--zeroFilledMemory",
  "--use",
  "abort=",
];

/** Hash of everything that decides the binary: sources, this file, the compiler's version. */
async function fingerprint() {
  const hash = createHash("sha256");
  const files = (await readdir(sources)).filter((name) => name.endsWith(".ts")).sort();
  for (const name of files)
    hash
      .update(name)
      .update("\0")
      .update(await readFile(join(sources, name)));
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  hash.update(await readFile(join(root, "node_modules", "assemblyscript", "package.json")));
  return hash.digest("hex");
}

async function readIfPresent(path) {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Compiles assembly/*.ts to dist/crypto/flux-crypto.wasm unless it is up to date, and returns its path.
 * The file appears by rename, so a reader beside a running build sees the old or the new one, never a part.
 */
export async function buildCrypto() {
  const stamp = await fingerprint();
  const stampFile = `${output}.sha256`;
  const binary = await readFile(output).catch(() => undefined);
  if (binary !== undefined && (await readIfPresent(stampFile)) === stamp) return output;

  const { default: asc } = await import("assemblyscript/asc");
  const produced = new Map();
  const { error, stderr } = await asc.main(["index.ts", "--outFile", "flux-crypto.wasm", ...OPTIONS], {
    readFile: (name) => readFile(join(sources, name), "utf8").catch(() => null),
    writeFile: (name, contents) => void produced.set(name, contents),
    listFiles: () => [],
  });
  const wasm = produced.get("flux-crypto.wasm");
  if (error || wasm === undefined)
    throw new Error(`AssemblyScript failed: ${error?.message ?? ""}\n${stderr.toString()}`);

  await mkdir(dirname(output), { recursive: true });
  const temporary = `${output}.${process.pid}`;
  await writeFile(temporary, wasm);
  await rename(temporary, output);
  await writeFile(stampFile, stamp);
  return output;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(`${await buildCrypto()}\n`);
}
