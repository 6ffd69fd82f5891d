import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { Logger } from "../../core/log.ts";
import { OpenFolder } from "../../core/open-folder.ts";
import { CLUSTER, DATABASE_USER, initialiseCluster } from "./initialise.ts";
import { giveTo } from "./ownership.ts";
import { Postmaster, SOCKET_FOLDER } from "./postmaster.ts";
import { findPrograms, type Programs } from "./programs.ts";
import { chooseRunAs, type RunAs } from "./run-as.ts";
import { clearStaleServer } from "./stale.ts";

export interface EmbeddedPostgresOptions {
  /** The server's data folder; its lock must be held. The cluster goes into `postgres` below it. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How to connect: a Unix socket, reachable for the database's account and for us. */
export interface EmbeddedConnection {
  readonly socketPath: string;
  readonly username: string;
  readonly password: string;
}

const FIRST_RESTART_MS = 200;
const LONGEST_RESTART_MS = 10_000;

/** PostgreSQL's own binaries as processes of ours, on a Unix socket only. Starts again when it dies. */
export class EmbeddedPostgres {
  readonly connection: EmbeddedConnection;
  readonly #options: EmbeddedPostgresOptions;
  readonly #folder: OpenFolder;
  readonly #programs: Programs;
  readonly #account: RunAs | undefined;
  #postmaster: Postmaster | undefined;
  #starting: Promise<void> | undefined;
  #restartTimer: Timer | undefined;
  #restartMs = FIRST_RESTART_MS;
  #closed = false;

  private constructor(
    options: EmbeddedPostgresOptions,
    folder: OpenFolder,
    programs: Programs,
    account: RunAs | undefined,
    password: string,
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#programs = programs;
    this.#account = account;
    this.connection = { socketPath: folder.own(SOCKET_FOLDER, ".s.PGSQL.5432"), username: DATABASE_USER, password };
  }

  /** Creates the cluster if needed and waits until it accepts connections. Throws `database.*`. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const path = join(options.dataDir, "postgres");
    const account = chooseRunAs(path);
    const programs = await findPrograms(account, options.dataDir);
    const folder = new OpenFolder(path);
    try {
      await mkdir(folder.own(SOCKET_FOLDER), { recursive: true, mode: 0o700 });
      await chmod(folder.own(SOCKET_FOLDER), 0o700);
      const password = await readOrCreatePassword(join(options.dataDir, "database-password"));
      await stopLeftOver(folder, options);
      if (account) await giveTo(account, path);
      const created = await initialiseCluster(folder, programs, account, password);
      if (created) options.log.info("database created");
      const embedded = new EmbeddedPostgres(options, folder, programs, account, password);
      await embedded.#launch();
      return embedded;
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** Process ids of the database; for statistics. Empty while it restarts. */
  get pid(): number | undefined {
    return this.#postmaster?.pid;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#restartTimer?.cancel();
    await this.#starting?.catch(() => undefined);
    await this.#postmaster?.stop();
    this.#folder.close();
  }

  async #launch(): Promise<void> {
    await stopLeftOver(this.#folder, this.#options);
    const postmaster = await Postmaster.start(this.#folder, this.#programs, this.#account, this.#options.log);
    this.#postmaster = postmaster;
    this.#restartMs = FIRST_RESTART_MS;
    void postmaster.exited.then((code) => this.#onExit(code));
  }

  #onExit(code: number): void {
    this.#postmaster = undefined;
    if (this.#closed) return;
    this.#options.log.error({ code, restartMs: this.#restartMs }, "the embedded database ended; starting it again");
    this.#restartTimer = this.#options.clock.after(millis(this.#restartMs), () => this.#restart());
  }

  #restart(): void {
    this.#restartMs = Math.min(this.#restartMs * 2, LONGEST_RESTART_MS);
    this.#starting = this.#launch().catch((err) => {
      this.#options.log.error({ err }, "the embedded database does not start");
      if (!this.#closed) this.#restartTimer = this.#options.clock.after(millis(this.#restartMs), () => this.#restart());
    });
  }
}

async function stopLeftOver(folder: OpenFolder, { clock, log }: EmbeddedPostgresOptions): Promise<void> {
  const found = await clearStaleServer(folder.own(CLUSTER), folder.own(SOCKET_FOLDER), clock);
  if (found === "stopped") log.warn("stopped a database that an earlier run had left behind");
}

/** The superuser's password for the socket. Lies outside the cluster: its account need not read it. */
async function readOrCreatePassword(file: string): Promise<string> {
  try {
    const password = (await readFile(file, "utf8")).trim();
    if (password !== "") return password;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new FluxError("database.password_unreadable", `cannot read ${file}`, { cause: error });
    }
  }
  const password = randomBytes(32).toString("base64url");
  await writeFile(`${file}.new`, `${password}\n`, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  return password;
}
