import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../shared/lib/clock.ts";
import { createLog } from "../core/log.ts";
import { openDatabase } from "../db/database.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const CACHE = join(ROOT, "node_modules", ".cache", "fluxvision");

/**
 * A data folder with an empty, migrated database, to be copied: creating one takes a second of CPU, and every test
 * file wants its own. Made once per set of migrations and settings.
 */
export async function databaseTemplate(): Promise<string> {
  const template = join(CACHE, `test-database-${fingerprint()}`);
  if (existsSync(template)) return template;
  await mkdir(CACHE, { recursive: true });
  const unfinished = await mkdtemp(join(CACHE, "test-database-new-"));
  const options = { url: undefined, dataDir: unfinished, clock: systemClock(), log: createLog("silent") };
  await (await openDatabase(options)).close();
  await rename(unfinished, template).catch(async (error) => {
    // Another test file was faster.
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(template)) throw error;
  });
  return template;
}

function fingerprint(): string {
  const hash = createHash("sha256").update(process.version);
  const migrations = join(ROOT, "server", "db", "migrations");
  for (const name of readdirSync(migrations)
    .filter((entry) => entry.endsWith(".sql"))
    .sort()) {
    hash.update(name).update(readFileSync(join(migrations, name)));
  }
  for (const name of ["settings.ts", "initialise.ts"])
    hash.update(readFileSync(join(ROOT, "server", "db", "embedded", name)));
  return hash.digest("hex").slice(0, 16);
}
