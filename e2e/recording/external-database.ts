import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { startInstalledPostgres } from "../../server/testkit/installed-postgres.ts";
import { findPostgresPrograms } from "../../server/testkit/tools.ts";

export interface ExternalDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/** A database of its own on DATABASE_URL, else on an installed PostgreSQL; undefined where there is neither. */
export async function externalDatabase(): Promise<ExternalDatabase | undefined> {
  const given = process.env.DATABASE_URL;
  const programs = findPostgresPrograms();
  if (given) return databaseOn(given, async () => undefined);
  if (programs === undefined) return undefined;
  const server = await startInstalledPostgres(programs);
  return databaseOn(server.url, () => server.close());
}

async function databaseOn(serverUrl: string, afterwards: () => Promise<void>): Promise<ExternalDatabase> {
  const name = `fluxvision_crash_${randomBytes(6).toString("hex")}`;
  const admin = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  await admin`create database ${admin(name)}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async close() {
      await admin`drop database ${admin(name)} with (force)`;
      await admin.end();
      await afterwards();
    },
  };
}
