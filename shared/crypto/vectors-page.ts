// Browser entry of `fluxvision vectors --browser`: the same checks on the same binary, in a page.
import { createFluxCrypto } from "./crypto.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";
import { checkVectors, parseVectors, type VectorReport } from "./vectors.ts";

const BINARIES = ["flux-crypto.wasm", "flux-crypto-relaxed.wasm"];

async function run(): Promise<VectorReport> {
  const file = parseVectors(await (await fetch("/vectors.json")).text());
  const total: VectorReport = { passed: Number.POSITIVE_INFINITY, failures: [] };
  for (const binary of hasRelaxedSimd() ? BINARIES : BINARIES.slice(0, 1)) {
    const crypto = await createFluxCrypto(await (await fetch(`/${binary}`)).arrayBuffer());
    const report = checkVectors(crypto, file);
    total.failures.push(...report.failures.map((failure) => `${binary}: ${failure}`));
    // A vector passes when it passes on every binary that this browser can run.
    total.passed = Math.min(total.passed, report.passed);
  }
  return total;
}

Object.assign(globalThis, { run });
