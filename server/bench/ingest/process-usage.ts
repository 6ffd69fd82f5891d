import { readdirSync, readFileSync } from "node:fs";

/** CPU seconds, memory and threads of processes, from /proc (Linux). */
export interface ProcessUsage {
  /** User and system time of all threads so far. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Like RSS, but memory that processes share is counted once. */
  readonly pssBytes: number;
  readonly threads: number;
  readonly processes: number;
}

/** Ticks per second of /proc/PID/stat: USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly threads: number;
}

function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name, in parentheses, may hold spaces: fields are counted from behind it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND, threads: field(20) };
}

function kibibytes(path: string, name: string): number {
  try {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(path, "utf8"));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Calls of the write family so far, to files, sockets, and from thread to thread. */
export function writeCallsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      return sum + Number(/^syscw: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
    } catch {
      return sum;
    }
  }, 0);
}

/** The process and all its descendants. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(Number(entry));
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(entry)]);
  }
  const tree: number[] = [];
  for (const queue = [pid]; queue.length > 0; ) {
    const next = queue.pop();
    if (next === undefined) break;
    tree.push(next);
    queue.push(...(children.get(next) ?? []));
  }
  return tree;
}

export function usageOf(pids: readonly number[]): ProcessUsage {
  const sum = { cpuSeconds: 0, rssBytes: 0, pssBytes: 0, threads: 0, processes: 0 };
  for (const pid of pids) {
    const stat = readStat(pid);
    if (!stat) continue;
    sum.cpuSeconds += stat.cpuSeconds;
    sum.threads += stat.threads;
    sum.processes++;
    sum.rssBytes += kibibytes(`/proc/${pid}/status`, "VmRSS");
    sum.pssBytes += kibibytes(`/proc/${pid}/smaps_rollup`, "Pss");
  }
  return sum;
}
