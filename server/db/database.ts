import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { Scope } from "../../shared/lib/scope.ts";
import { lockDataFolder } from "../core/data-lock.ts";
import type { Logger } from "../core/log.ts";
import { OpenFolder } from "../core/open-folder.ts";
import { withPatience } from "./deadline.ts";
import { EmbeddedPostgres } from "./embedded/embedded-postgres.ts";
import { migrateDatabase } from "./migrate.ts";
import * as schema from "./schema/index.ts";

export type Orm = PostgresJsDatabase<typeof schema>;

/** The database, wherever it runs. Same driver, same SQL, same migrations for both kinds. */
export interface Database {
  readonly kind: "embedded" | "postgres";
  readonly orm: Orm;
  /** Rejects when the database does not answer within two seconds. */
  ping(): Promise<void>;
  /** Root of the embedded database's process tree; undefined when it is not ours or is restarting. */
  readonly pid: number | undefined;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** PostgreSQL to use; undefined: the embedded one. */
  readonly url: string | undefined;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Each connection is a process of 3 to 8 MB; the control plane never has more than a few queries at once. */
const EMBEDDED_CONNECTIONS = 3;
const REMOTE_CONNECTIONS = 8;
const STATEMENT_TIMEOUT_MS = 15_000;

/** Locks the data folder, opens the database and brings its schema up to date. Throws `data.in_use`, `database.*`. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const scope = new Scope();
  try {
    return await open(options, scope);
  } catch (cause) {
    await scope.close().catch(() => undefined);
    if (cause instanceof FluxError) throw cause;
    throw new FluxError("database.unavailable", "the database cannot be opened", { cause });
  }
}

async function open(options: DatabaseOptions, scope: Scope): Promise<Database> {
  const folder = scope.own(new OpenFolder(options.dataDir));
  // Taken for an external database too: root key and generation counter lie in the folder as well.
  scope.own(await lockDataFolder(folder, options.clock));
  const embedded = options.url === undefined ? scope.own(await EmbeddedPostgres.start(options)) : undefined;
  const sql = embedded
    ? connectEmbedded(embedded, options.log)
    : postgres(options.url ?? "", { ...commonOptions(options.log), max: REMOTE_CONNECTIONS });
  scope.add(() => sql.end({ timeout: 5 }));
  await migrateDatabase(sql);
  return {
    kind: embedded ? "embedded" : "postgres",
    orm: drizzle(sql, { schema }),
    ping: async () => void (await withPatience(options.clock, sql`select 1`)),
    get pid() {
      return embedded?.pid;
    },
    close: () => scope.close(),
  };
}

function connectEmbedded(embedded: EmbeddedPostgres, log: Logger): postgres.Sql {
  const { socketPath, username, password } = embedded.connection;
  return postgres({
    ...commonOptions(log),
    path: socketPath,
    username,
    password,
    database: "postgres",
    max: EMBEDDED_CONNECTIONS,
  });
}

function commonOptions(log: Logger) {
  return {
    connect_timeout: 5,
    // Seconds. A quiet server keeps no database processes for connections.
    idle_timeout: 120,
    // Seconds; jittered, so that a restarted database is not met by all connections at once.
    backoff: (attempt: number) => Math.min(0.1 * 2 ** attempt, 3) * (0.5 + Math.random() / 2),
    connection: {
      application_name: "fluxvision",
      statement_timeout: STATEMENT_TIMEOUT_MS,
    },
    onnotice: (notice: postgres.Notice) => log.debug({ notice: notice.message }, "database notice"),
  };
}
