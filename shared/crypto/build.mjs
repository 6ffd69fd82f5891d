import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const sources = join(here, "assembly");
const folder = join(root, "dist", "crypto");
const output = join(folder, "flux-crypto.wasm");

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

/**
 * One source, two instruction sets. `i8x16.swizzle` costs three x86 instructions, because it must read indices above 15
 * as 0; `i8x16.relaxed_swizzle` costs one. Ours are always below 16, or above 127, where both read 0.
 */
const FLAVOURS = [
  { file: "flux-crypto.wasm", options: [], source: (text) => text },
  {
    file: "flux-crypto-relaxed.wasm",
    options: ["--enable", "relaxed-simd"],
    source: (text) => text.replaceAll("i8x16.swizzle(", "i8x16.relaxed_swizzle("),
  },
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

async function compile({ file, options, source }) {
  const { default: asc } = await import("assemblyscript/asc");
  const produced = new Map();
  const readSource = async (name) => {
    const text = await readFile(join(sources, name), "utf8").catch(() => null);
    return text === null ? null : source(text);
  };
  const { error, stderr } = await asc.main(["index.ts", "--outFile", file, ...OPTIONS, ...options], {
    readFile: readSource,
    writeFile: (name, contents) => void produced.set(name, contents),
    listFiles: () => [],
  });
  const wasm = produced.get(file);
  if (error || wasm === undefined) {
    throw new Error(`AssemblyScript failed: ${error?.message ?? ""}\n${stderr.toString()}`);
  }
  await replaceFile(join(folder, file), wasm);
}

/** The file appears by rename, so a reader beside a running build sees the old or the new one, never a part. */
async function replaceFile(path, contents) {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

/**
 * Compiles assembly/*.ts to dist/crypto/ unless it is up to date; resolves to the path of flux-crypto.wasm.
 */
export async function buildCrypto() {
  const stamp = await fingerprint();
  const stampFile = join(folder, "flux-crypto.sha256");
  const present = await Promise.all(
    FLAVOURS.map(({ file }) =>
      access(join(folder, file)).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (!present.includes(false) && (await readIfPresent(stampFile)) === stamp) return output;

  await mkdir(folder, { recursive: true });
  for (const flavour of FLAVOURS) await compile(flavour);
  await replaceFile(stampFile, stamp);
  return output;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(`${await buildCrypto()}\n`);
}
