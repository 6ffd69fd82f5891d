import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../shared/lib/clock.ts";
import { delay } from "../../../shared/lib/delay.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";

/** Asked in turn: shut down fast (checkpoint written), stop at once (recovery at the next start), be gone. */
const STEPS = [
  ["SIGINT", 10_000],
  ["SIGQUIT", 3_000],
  ["SIGKILL", 3_000],
] as const;
const POLL_MS = 25;

/**
 * Deals with what a killed server left behind: a PostgreSQL that still runs is shut down (its commits are safe either
 * way), and lock files are removed, whose process numbers may belong to another program or to a zombie by now; either
 * would keep PostgreSQL from starting. The caller holds the data folder's lock.
 */
export async function clearStaleServer(
  cluster: string,
  socketFolder: string,
  clock: Clock,
): Promise<"none" | "stopped"> {
  if (process.platform !== "linux") return "none"; // Elsewhere PostgreSQL's own checks have to do.
  const wasRunning = await stopProcesses(cluster, clock);
  // Only now: nothing works in the cluster any more, so nothing can be corrupted by a second server.
  await rm(join(cluster, "postmaster.pid"), { force: true });
  for (const name of await readdir(socketFolder)) await rm(join(socketFolder, name), { force: true });
  return wasRunning ? "stopped" : "none";
}

async function stopProcesses(cluster: string, clock: Clock): Promise<boolean> {
  let pids = await processesIn(cluster);
  if (pids.length === 0) return false;
  for (const [signal, limitMs] of STEPS) {
    // The postmaster passes a shutdown on; told one by one, its processes would look crashed to it.
    const postmaster = await readPid(join(cluster, "postmaster.pid"));
    const targets = signal !== "SIGKILL" && postmaster !== undefined && pids.includes(postmaster) ? [postmaster] : pids;
    for (const pid of targets) send(pid, signal);
    const deadline = clock.monotonicMs() + limitMs;
    while (clock.monotonicMs() < deadline) {
      pids = await processesIn(cluster);
      if (pids.length === 0) return true;
      await delay(clock, millis(POLL_MS));
    }
  }
  throw new FluxError("database.still_running", `processes ${pids.join(", ")} hold ${cluster} and do not end`);
}

/**
 * Every process of PostgreSQL works inside its cluster's folder, also those that outlive their postmaster for a moment.
 * Comparing inodes makes the way there irrelevant. Zombies have no folder.
 */
async function processesIn(cluster: string): Promise<number[]> {
  const folder = await stat(cluster).catch(() => undefined);
  if (!folder) return [];
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const workingDir = await stat(`/proc/${name}/cwd`).catch(() => undefined);
    if (workingDir?.ino === folder.ino && workingDir.dev === folder.dev) found.push(Number(name));
  }
  return found;
}

async function readPid(file: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(file, "utf8").catch(() => ""), 10);
  return pid > 1 ? pid : undefined;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime.
  }
}
