// Runs one long-lived child in the foreground, as a shell's `exec` would: signals in, exit code out.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { trialEnvironment } from "./trial-environment.mjs";

/**
 * With many threads glibc keeps many memory arenas; two are enough for this workload and save tens of megabytes.
 * I/O threads: a recorder writes and syncs up to six files of a volume at a time, and a volume that hangs keeps their
 * threads; the rest must have some left.
 */
export const serverEnvironment = { MALLOC_ARENA_MAX: "2", UV_THREADPOOL_SIZE: "32", ...process.env };
trialEnvironment(serverEnvironment);

const orphanCheckMs = 500;

/**
 * `npm start` runs us below a shell. A SIGTERM to npm ends npm and that shell but reaches nobody below, so the end of
 * our parent counts as the signal. Only under npm: a server started from a terminal may outlive it on purpose.
 */
function whenOrphaned(run) {
  if (process.env.npm_lifecycle_event === undefined || process.platform === "win32") return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) run();
  }, orphanCheckMs);
  return () => clearInterval(timer);
}

/** Starts the command with this terminal and resolves to its exit code (128 + n when signal n ended it). */
export function superviseChild(command, args) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: "inherit", env: serverEnvironment });
    let told = false;
    const stop = (signal) => {
      told = true;
      child.kill(signal);
    };
    // A terminal delivers Ctrl-C to the whole foreground group, the child included; a second copy would mean "abort".
    const forward = (signal) => {
      if (signal === "SIGTERM" || !process.stdin.isTTY) stop(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    const stopWatching = whenOrphaned(() => {
      if (!told) stop("SIGTERM");
    });
    child.on("error", fail);
    child.on("exit", (code, signal) => {
      stopWatching();
      for (const name of signals) process.off(name, forward);
      done(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
