import { readdir, readFile } from "node:fs/promises";

/** Figures of this machine's processes, from /proc; elsewhere what Node knows. */

/** Threads of this process; undefined where /proc is missing. */
export async function threadCount(): Promise<number | undefined> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const [, count] = /^Threads:\s+(\d+)$/m.exec(status) ?? [];
  return count === undefined ? undefined : Number(count);
}

/**
 * Memory of a process and all below it, in bytes. Shared pages are divided among those who share them (PSS) where the
 * system lets us read that, else counted once per process, which overstates PostgreSQL's shared buffers.
 */
export async function treeMemoryBytes(rootPid: number): Promise<number> {
  const children = await childrenByParent();
  let total = 0;
  const pending = [rootPid];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    total += await memoryBytes(pid);
    pending.push(...(children.get(pid) ?? []));
  }
  return total;
}

async function memoryBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const [, pss] = /^Pss:\s+(\d+) kB$/m.exec(rollup) ?? [];
  if (pss !== undefined) return Number(pss) * 1024;
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

async function childrenByParent(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  const names = await readdir("/proc").catch(() => []);
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // The program's name, in brackets, may hold spaces and brackets itself.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (parent > 0) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}
