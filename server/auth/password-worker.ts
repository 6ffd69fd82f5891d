import { pbkdf2Sync } from "node:crypto";
import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import type { FromPasswordThread, ToPasswordThread } from "./password-threads.ts";

/** Entry of the threads that check passwords: one at a time each, behind everything else that wants a processor. */
const port = parentPort;
if (!port) throw new Error("this file runs as a worker thread");
stepBack();
port.on("message", ({ password, salt, iterations, bytes }: ToPasswordThread) => {
  port.postMessage(pbkdf2Sync(password, salt, iterations, bytes, "sha256") satisfies FromPasswordThread);
});

/**
 * Lets every other thread go first, yet not as the very last: where the processors are never idle, a tenth of a thread's
 * share is what lets somebody still sign in. Linux alone counts threads as processes here: elsewhere the whole server would step
 * back, so it stays as it is.
 */
function stepBack(): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    if (Number.isInteger(thread) && thread !== process.pid)
      setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // No /proc here: the number of threads is the bound then.
  }
}
