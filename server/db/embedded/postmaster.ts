import type { ChildProcess, StdioOptions } from "node:child_process";
import { createInterface } from "node:readline";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { Logger } from "../../core/log.ts";
import type { OpenFolder } from "../../core/open-folder.ts";
import { CLUSTER, spawnProgram, startError } from "./initialise.ts";
import type { Programs } from "./programs.ts";
import type { RunAs } from "./run-as.ts";
import { SERVER_SETTINGS } from "./settings.ts";

export const SOCKET_FOLDER = "run";

/**
 * Ties PostgreSQL's life to ours: descriptor 0 is a pipe that only this server holds. When it closes, because we
 * ask for it or because we were killed, the shell has PostgreSQL shut down fast (clients cut, checkpoint written).
 */
const LIFELINE = `exec 4<&0 </dev/null
"$@" 4<&- &
postgres=$!
(read -r line <&4; kill -INT "$postgres") 2>/dev/null &
watch=$!
wait "$postgres"
code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

/** One run of the PostgreSQL server, from start to exit. */
export class Postmaster {
  readonly #shell: ChildProcess;
  readonly exited: Promise<number>;
  #ready = false;
  #lastLines: string[] = [];

  private constructor(shell: ChildProcess, log: Logger) {
    this.#shell = shell;
    this.exited = new Promise((done) => {
      shell.on("exit", (code, signal) => done(code ?? (signal ? 128 : 1)));
      shell.on("error", () => done(127));
    });
    shell.stdin?.on("error", () => undefined); // EPIPE when it is gone already.
    if (shell.stderr) {
      createInterface({ input: shell.stderr }).on("line", (line) => this.#onLine(line, log));
    }
  }

  /** Resolves once connections are accepted. Throws `database.start_failed` with PostgreSQL's last words. */
  static async start(
    folder: OpenFolder,
    programs: Programs,
    account: RunAs | undefined,
    log: Logger,
  ): Promise<Postmaster> {
    const settings = { ...SERVER_SETTINGS, unix_socket_directories: folder.child(SOCKET_FOLDER) };
    const args = ["-D", folder.child(CLUSTER)];
    for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
    const stdio: StdioOptions = ["pipe", "ignore", "pipe", folder.inherited];
    // Detached, in a group of its own: Ctrl-C in the terminal stops the server first, and that stops PostgreSQL.
    const shell = spawnProgram("/bin/sh", ["-c", LIFELINE, "sh", programs.postgres, ...args], account, stdio, true);
    const postmaster = new Postmaster(shell, log);
    await postmaster.#untilReady();
    return postmaster;
  }

  /** Process id of the shell; the database's processes are its descendants. */
  get pid(): number | undefined {
    return this.#shell.pid;
  }

  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  async stop(): Promise<void> {
    this.#shell.stdin?.end();
    await this.exited;
  }

  #untilReady(): Promise<void> {
    return new Promise((done, fail) => {
      this.#shell.once("error", (cause) => fail(startError(cause)));
      this.#shell.stderr?.on("ready", done);
      void this.exited.then((code) =>
        fail(
          new FluxError(
            "database.start_failed",
            `the embedded PostgreSQL ended at start (${code}): ${this.#lastLines.join(" | ")}`,
          ),
        ),
      );
    });
  }

  #onLine(line: string, log: Logger): void {
    this.#lastLines = [...this.#lastLines.slice(-4), line];
    if (!this.#ready && /database system is ready to accept connections/.test(line)) {
      this.#ready = true;
      this.#shell.stderr?.emit("ready");
    }
    if (/^(FATAL|PANIC):/.test(line) && !/shutting down|administrator command/.test(line))
      log.error({ postgres: line }, "database");
    else log.debug({ postgres: line }, "database");
  }
}
