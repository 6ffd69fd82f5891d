import { readFile } from "node:fs/promises";
import { loadFluxCrypto, readCryptoBinary } from "../../shared/crypto/load-node.ts";
import { checkVectors, parseVectors, type VectorReport } from "../../shared/crypto/vectors.ts";
import { describeError } from "../../shared/lib/errors.ts";
import { openChromiumPage } from "../bench/chromium-page.ts";
import { UsageError } from "./cli.ts";
import type { CliIo } from "./io.ts";

async function inChromium(text: string): Promise<VectorReport> {
  const files = {
    "/flux-crypto.wasm": await readCryptoBinary("flux-crypto.wasm"),
    "/flux-crypto-relaxed.wasm": await readCryptoBinary("flux-crypto-relaxed.wasm"),
    "/vectors.json": text,
  };
  const page = await openChromiumPage("shared/crypto/vectors-page.ts", files);
  try {
    return (await page.call("run")) as VectorReport;
  } finally {
    await page.close();
  }
}

/**
 * `vectors FILE [--browser]`: checks every known answer of FILE in Node, or in headless Chromium with every
 * binary that it can run.
 * Prints each failure and `N passed, N failed`. Resolves to 0 only when at least one vector ran and all passed.
 */
export async function runVectors(args: string[], io: CliIo): Promise<number> {
  const options = args.filter((arg) => arg.startsWith("-"));
  const [path, ...more] = args.filter((arg) => !arg.startsWith("-"));
  const unknown = options.find((option) => option !== "--browser");
  if (unknown !== undefined) throw new UsageError(`there is no option ${unknown}`);
  if (path === undefined || more.length > 0) throw new UsageError("name one file of vectors");

  let report: VectorReport;
  try {
    const text = await readFile(path, "utf8");
    const file = parseVectors(text);
    report = options.length > 0 ? await inChromium(text) : checkVectors(await loadFluxCrypto(), file);
  } catch (error) {
    io.err(`fluxvision vectors: ${describeError(error)}\n`);
    io.out("0 passed, 1 failed\n");
    return 1;
  }
  for (const failure of report.failures) io.err(`${failure}\n`);
  io.out(`${report.passed} passed, ${report.failures.length} failed\n`);
  return report.passed > 0 && report.failures.length === 0 ? 0 : 1;
}
