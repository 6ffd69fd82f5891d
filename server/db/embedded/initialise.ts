import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { OpenFolder } from "../../core/open-folder.ts";
import type { Programs } from "./programs.ts";
import type { RunAs } from "./run-as.ts";
import { INITDB_OPTIONS } from "./settings.ts";

/** Database user and database name inside the cluster. */
export const DATABASE_USER = "fluxvision";
export const CLUSTER = "cluster";
const UNFINISHED = "cluster.new";
const PASSWORD_FILE = "password.new";

/** Creates the cluster unless it is there. One that was cut short is thrown away: it never had data. */
export async function initialiseCluster(
  folder: OpenFolder,
  programs: Programs,
  account: RunAs | undefined,
  password: string,
): Promise<boolean> {
  if (existsSync(folder.own(CLUSTER))) return false;
  await rm(folder.own(UNFINISHED), { recursive: true, force: true });
  await mkdir(folder.own(UNFINISHED), { mode: 0o700 });
  await writeFile(folder.own(PASSWORD_FILE), password, { mode: 0o600 });
  if (account) {
    for (const name of [UNFINISHED, PASSWORD_FILE]) await chown(folder.own(name), account.uid, account.gid);
  }
  try {
    await runInitdb(folder, programs, account);
    await rename(folder.own(UNFINISHED), folder.own(CLUSTER));
  } finally {
    await rm(folder.own(PASSWORD_FILE), { force: true });
  }
  return true;
}

async function runInitdb(folder: OpenFolder, programs: Programs, account: RunAs | undefined): Promise<void> {
  const args = [
    `--pgdata=${folder.child(UNFINISHED)}`,
    `--pwfile=${folder.child(PASSWORD_FILE)}`,
    `--username=${DATABASE_USER}`,
    ...INITDB_OPTIONS,
  ];
  const child = spawnProgram(programs.initdb, args, account, ["ignore", "ignore", "pipe", folder.inherited]);
  return new Promise((done, fail) => {
    let output = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-4000);
    });
    child.on("error", (cause) => fail(startError(cause)));
    child.on("close", (code) => (code === 0 ? done() : fail(initError(output))));
  });
}

/** Starts a program of PostgreSQL's. Throws `database.start_failed`: some refusals come as exceptions, others as events. */
export function spawnProgram(
  command: string,
  args: readonly string[],
  account: RunAs | undefined,
  stdio: StdioOptions,
  detached = false,
): ChildProcess {
  try {
    return spawn(command, args, { ...account, cwd: "/", env: CHILD_ENVIRONMENT, stdio, detached });
  } catch (cause) {
    throw startError(cause as Error);
  }
}

/** Nothing of ours: PG* variables would change what PostgreSQL does, others may be secret. */
const CHILD_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  LC_ALL: "C",
  LANG: "C",
  TZ: "UTC",
};

/** Says what to do when the system refuses to start the programs. */
export function startError(cause: Error): FluxError {
  const refused = (cause as NodeJS.ErrnoException).code === "EPERM";
  const advice = refused
    ? "the server is root without the right to change the user id (CAP_SETUID, CAP_SETGID); run it as another user, or set DATABASE_URL"
    : cause.message;
  return new FluxError("database.start_failed", `the embedded PostgreSQL could not be started: ${advice}`, { cause });
}

function initError(output: string): FluxError {
  const advice = /could not look up effective user ID/.test(output)
    ? " (the account has no entry in /etc/passwd: add one, or set DATABASE_URL)"
    : "";
  const message = `PostgreSQL could not create its database: ${output.trim()}${advice}`;
  return new FluxError("database.init_failed", message);
}
