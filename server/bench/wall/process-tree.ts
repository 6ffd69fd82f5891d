import { readdirSync, readFileSync } from "node:fs";

/** Linux counts process times in this many ticks a second, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_MIB = 4096 / 2 ** 20;

export interface TreeUse {
  /** Processor seconds since the processes began, by kind of process (`browser`, `renderer`, `gpu-process`, ...). */
  readonly cpuSeconds: Record<string, number>;
  readonly totalCpuSeconds: number;
  /** Resident memory; shared pages are counted in each process. */
  readonly rssMib: number;
  readonly processes: number;
}

interface ProcessFacts {
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly rssMib: number;
}

/** proc(5): the command may contain spaces and brackets, so fields are counted from its last bracket. */
function readProcess(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const number = (index: number): number => Number(fields[index - 3]);
    return {
      parent: number(4),
      cpuSeconds: (number(14) + number(15)) / TICKS_PER_SECOND,
      rssMib: number(24) * PAGE_MIB,
    };
  } catch {
    return undefined;
  }
}

function kindOf(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return /--type=([a-z-]+)/.exec(command)?.[1] ?? "browser";
  } catch {
    return "gone";
  }
}

/** What a process and all that it started use. Linux only. */
export function measureTree(rootPid: number): TreeUse {
  const all = new Map<number, ProcessFacts>();
  for (const name of readdirSync("/proc")) {
    const facts = /^\d+$/.test(name) ? readProcess(Number(name)) : undefined;
    if (facts) all.set(Number(name), facts);
  }
  const belongs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.parent) {
      if (at === rootPid) return true;
    }
    return false;
  };
  const cpuSeconds: Record<string, number> = {};
  let totalCpuSeconds = 0;
  let rssMib = 0;
  let processes = 0;
  for (const [pid, facts] of all) {
    if (!belongs(pid)) continue;
    const kind = kindOf(pid);
    cpuSeconds[kind] = (cpuSeconds[kind] ?? 0) + facts.cpuSeconds;
    totalCpuSeconds += facts.cpuSeconds;
    rssMib += facts.rssMib;
    processes++;
  }
  return { cpuSeconds, totalCpuSeconds, rssMib, processes };
}
