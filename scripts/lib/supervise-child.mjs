// Runs one long-lived child in the foreground, as a shell's `exec` would: signals in, exit code out.
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** With many threads glibc keeps many memory arenas; two are enough for this workload and save tens of megabytes. */
export const serverEnvironment = { MALLOC_ARENA_MAX: "2", ...process.env };

/** Starts the command with this terminal and resolves to its exit code (128 + n when signal n ended it). */
export function superviseChild(command, args) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: "inherit", env: serverEnvironment });
    // A terminal delivers Ctrl-C to the whole foreground group, the child included; a second copy would mean "abort".
    const forward = (signal) => {
      if (signal === "SIGTERM" || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    child.on("error", fail);
    child.on("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      done(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
