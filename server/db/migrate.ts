import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import type { Sql } from "postgres";
import { FluxError } from "../../shared/lib/errors.ts";

/** Any fixed number: two servers that start on one database at once migrate one after the other. */
const MIGRATION_LOCK = 1_179_011_661;

/**
 * Applies the migrations that the database has not seen, all in one transaction: after a crash either all or none
 * are in. A database that is newer than this program is refused.
 */
export async function migrateDatabase(sql: Sql): Promise<void> {
  const migrationsFolder = findMigrations();
  const connection = await sql.reserve();
  try {
    await connection`select pg_advisory_lock(${MIGRATION_LOCK})`;
    try {
      await migrate(drizzle(sql), { migrationsFolder });
    } finally {
      await connection`select pg_advisory_unlock(${MIGRATION_LOCK})`;
    }
  } catch (cause) {
    throw new FluxError("database.migration_failed", "the database's schema could not be brought up to date", {
      cause,
    });
  } finally {
    connection.release();
  }
}

/** Beside this file in the checkout, beside the bundle after a build. */
function findMigrations(): string {
  const folder = join(dirname(fileURLToPath(import.meta.url)), "migrations");
  if (!existsSync(join(folder, "meta", "_journal.json"))) {
    throw new FluxError("database.no_migrations", `the migrations are missing from ${folder}`);
  }
  return folder;
}
