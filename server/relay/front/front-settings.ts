import { readFileSync } from "node:fs";

/** How the public listeners treat those who come. */
export interface FrontSettings {
  /** Networks of proxies whose forwarding headers are believed, CIDR. */
  readonly trustedProxies: readonly string[];
  /** Plain HTTP from other machines is served as HTTPS is. */
  readonly insecureHttp: boolean;
  /** Of one address, on average; five times as many at once. 0: not limited. */
  readonly requestsPerSecond: number;
  /** Open connections in total, and of one address. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export const DEFAULT_FRONT: FrontSettings = {
  trustedProxies: [],
  insecureHttp: false,
  requestsPerSecond: 200,
  maxConnections: 4096,
  maxConnectionsPerAddress: 512,
};

/** Half of the files that this process may open: the recorder needs the others. */
export function affordableConnections(wanted: number): number {
  const limit = openFileLimit();
  return limit === undefined ? wanted : Math.max(64, Math.min(wanted, Math.floor(limit / 2)));
}

function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    // Not Linux.
    return undefined;
  }
}
