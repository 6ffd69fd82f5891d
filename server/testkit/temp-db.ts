import { randomBytes } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { systemClock } from "../../shared/lib/clock.ts";
import { createLog } from "../core/log.ts";
import { type Database, openDatabase } from "../db/database.ts";
import { databaseTemplate } from "./database-template.ts";
import { startInstalledPostgres } from "./installed-postgres.ts";
import { findPostgresPrograms } from "./tools.ts";

/** A database of its own for one test file; `close` leaves nothing behind. */
export interface TempDatabase extends Database {
  readonly dataDir: string;
}

export interface DatabaseKind {
  readonly name: string;
  open(): Promise<TempDatabase>;
}

export const embedded: DatabaseKind = { name: "embedded", open: openEmbedded };

/**
 * What every database test runs on: `describe.each(databases)("...", ({ open }) => ...)`. The second is DATABASE_URL
 * where it is set (its user must be allowed to create databases), else an installed PostgreSQL, started for the test.
 */
export const databases: readonly DatabaseKind[] = [embedded, ...externalKinds()];

function externalKinds(): DatabaseKind[] {
  const url = process.env.DATABASE_URL;
  if (url) return [{ name: "DATABASE_URL", open: () => openOn(url) }];
  const programs = findPostgresPrograms();
  if (programs === undefined) {
    process.stderr.write(
      "Skipped: database tests on an external PostgreSQL (neither DATABASE_URL nor one installed).\n",
    );
    return [];
  }
  const open = async (): Promise<TempDatabase> => {
    const server = await startInstalledPostgres(programs);
    return openOn(server.url, () => server.close());
  };
  return [{ name: "installed PostgreSQL", open }];
}

async function openEmbedded(): Promise<TempDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), "fv-test-"));
  await cp(await databaseTemplate(), dataDir, { recursive: true });
  const database = await openDatabase({ url: undefined, dataDir, clock: systemClock(), log: createLog("silent") });
  return temporary(database, dataDir, async () => undefined);
}

async function openOn(
  serverUrl: string,
  afterwards: () => Promise<void> = async () => undefined,
): Promise<TempDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), "fv-test-"));
  const name = `fluxvision_test_${randomBytes(6).toString("hex")}`;
  const admin = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  await admin`create database ${admin(name)}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = await openDatabase({ url: url.href, dataDir, clock: systemClock(), log: createLog("silent") });
  return temporary(database, dataDir, async () => {
    await admin`drop database ${admin(name)} with (force)`;
    await admin.end();
    await afterwards();
  });
}

function temporary(database: Database, dataDir: string, afterwards: () => Promise<void>): TempDatabase {
  return {
    dataDir,
    kind: database.kind,
    orm: database.orm,
    ping: () => database.ping(),
    get pid() {
      return database.pid;
    },
    close: async () => {
      await database.close();
      await afterwards();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
