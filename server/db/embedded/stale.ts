import { readFile, readlink, rm, stat } from "node:fs/promises";
import type { Clock } from "../../../shared/lib/clock.ts";
import { delay } from "../../../shared/lib/delay.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";

const FAST_SHUTDOWN_MS = 10_000;
const IMMEDIATE_SHUTDOWN_MS = 5_000;
const POLL_MS = 25;

/**
 * Deals with what a killed server left in `cluster`: a PostgreSQL that still runs is asked to shut down (its commits
 * are safe either way), and a pid file whose number now belongs to some other program is removed, which PostgreSQL
 * itself would take for a running server. The caller holds the data folder's lock.
 */
export async function clearStaleServer(cluster: string, clock: Clock): Promise<"none" | "stopped" | "removed"> {
  if (process.platform !== "linux") return "none"; // Elsewhere PostgreSQL's own check has to do.
  const pidFile = `${cluster}/postmaster.pid`;
  const pid = await readPid(pidFile);
  if (pid === undefined) return "none";
  if (!(await servesCluster(pid, cluster))) {
    await rm(pidFile, { force: true });
    return "removed";
  }
  for (const [signal, limitMs] of [
    ["SIGINT", FAST_SHUTDOWN_MS],
    ["SIGQUIT", IMMEDIATE_SHUTDOWN_MS],
  ] as const) {
    send(pid, signal);
    const deadline = clock.monotonicMs() + limitMs;
    while (clock.monotonicMs() < deadline) {
      if (!(await servesCluster(pid, cluster))) return "stopped";
      await delay(clock, millis(POLL_MS));
    }
  }
  throw new FluxError(
    "database.still_running",
    `another PostgreSQL (process ${pid}) holds ${cluster} and does not stop`,
  );
}

async function readPid(file: string): Promise<number | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return pid > 1 ? pid : undefined;
}

/** A postmaster works inside its cluster's folder; comparing inodes makes the way there irrelevant. */
async function servesCluster(pid: number, cluster: string): Promise<boolean> {
  try {
    const [folder, workingDir] = await Promise.all([stat(cluster), stat(`/proc/${pid}/cwd`)]);
    const program = await readlink(`/proc/${pid}/exe`);
    return folder.ino === workingDir.ino && folder.dev === workingDir.dev && /postgres/.test(program);
  } catch {
    return false;
  }
}

function send(pid: number, signal: "SIGINT" | "SIGQUIT"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime.
  }
}
