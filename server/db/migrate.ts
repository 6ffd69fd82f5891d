import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
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
 * are in. Throws `database.newer` for one that this program does not know, `database.migration_failed`.
 */
export async function migrateDatabase(sql: Sql): Promise<void> {
  const migrationsFolder = findMigrations();
  const connection = await sql.reserve();
  try {
    await connection`select pg_advisory_lock(${MIGRATION_LOCK})`;
    try {
      await refuseNewer(connection, migrationsFolder);
      await migrate(drizzle(sql), { migrationsFolder });
    } finally {
      await connection`select pg_advisory_unlock(${MIGRATION_LOCK})`;
    }
  } catch (cause) {
    if (cause instanceof FluxError) throw cause;
    throw new FluxError("database.migration_failed", "the database's schema could not be brought up to date", {
      cause,
    });
  } finally {
    connection.release();
  }
}

/** Drizzle skips migrations older than the newest applied one and would not notice that it does not know that one. */
async function refuseNewer(sql: Sql, migrationsFolder: string): Promise<void> {
  const [table] = await sql`select to_regclass('drizzle.__drizzle_migrations') as name`;
  if (table?.name === null) return;
  const [applied] = await sql`select max(created_at) as newest from drizzle.__drizzle_migrations`;
  const journal = JSON.parse(await readFile(join(migrationsFolder, "meta", "_journal.json"), "utf8")) as {
    entries: { when: number }[];
  };
  const known = Math.max(0, ...journal.entries.map((entry) => entry.when));
  if (Number(applied?.newest ?? 0) > known) {
    throw new FluxError(
      "database.newer",
      "the database was written by a newer FluxVision: install that version, or restore a backup",
    );
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
