import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { CheckReport } from "../../server/archive/check.ts";

const run = promisify(execFile);

/** `fluxvision check --json` on a data folder that no server holds. */
export async function runCheck(
  env: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<CheckReport> {
  const args = ["dist/server/cli.mjs", "check", "--json", ...flags];
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("FLUXVISION_") && name !== "DATABASE_URL"),
  );
  const options = { env: { ...own, ...env }, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await run(process.execPath, args, options).catch((error: unknown) => {
    // 1: there are findings, and they are what was asked for.
    const failed = error as { code?: number; stdout?: string; stderr?: string };
    if (failed.code === 1 && failed.stdout) return { stdout: failed.stdout };
    throw new Error(`check ended with ${failed.code}: ${failed.stderr}`);
  });
  return JSON.parse(stdout) as CheckReport;
}
