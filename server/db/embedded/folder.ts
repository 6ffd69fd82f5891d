import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { chmod, chown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunAs } from "./run-as.ts";

/**
 * The folder that holds the cluster, kept open. On Linux everything in it is named through its descriptor
 * (/proc/self/fd/N): PostgreSQL's account then needs no right to walk down to it (data in /root works without
 * loosening anything), and socket paths stay short.
 */
export class ClusterFolder {
  readonly path: string;
  readonly #descriptor: number | undefined;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.#descriptor =
      process.platform === "linux" ? openSync(path, constants.O_RDONLY | constants.O_DIRECTORY) : undefined;
  }

  /** As this process may open it. */
  own(...parts: string[]): string {
    return this.#descriptor === undefined
      ? join(this.path, ...parts)
      : join(`/proc/self/fd/${this.#descriptor}`, ...parts);
  }

  /** As a child process started with `stdio` may open it. */
  child(...parts: string[]): string {
    return this.#descriptor === undefined ? join(this.path, ...parts) : join("/proc/self/fd/3", ...parts);
  }

  /** Fourth entry (descriptor 3) of a child's stdio. */
  get inherited(): number | "ignore" {
    return this.#descriptor ?? "ignore";
  }

  /** Hands the folder and all in it to `account`. */
  async giveTo(account: RunAs): Promise<void> {
    await giveTree(this.path, account);
    await chmod(this.path, 0o700);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}

async function giveTree(path: string, account: RunAs): Promise<void> {
  const stat = await lstat(path);
  if (stat.isSymbolicLink()) return;
  if (stat.uid !== account.uid || stat.gid !== account.gid) await chown(path, account.uid, account.gid);
  if (!stat.isDirectory()) return;
  for (const name of await readdir(path)) await giveTree(join(path, name), account);
}
