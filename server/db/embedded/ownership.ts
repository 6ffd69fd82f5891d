import { chmod, chown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunAs } from "./run-as.ts";

/** Hands a folder and all in it to `account`. Files that it owns already cost one look. */
export async function giveTo(account: RunAs, folder: string): Promise<void> {
  await give(folder, account);
  await chmod(folder, 0o700);
}

async function give(path: string, account: RunAs): Promise<void> {
  const stat = await lstat(path);
  if (stat.isSymbolicLink()) return;
  if (stat.uid !== account.uid || stat.gid !== account.gid) await chown(path, account.uid, account.gid);
  if (!stat.isDirectory()) return;
  for (const name of await readdir(path)) await give(join(path, name), account);
}
