import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { RunAs } from "./run-as.ts";

const READ_EXECUTE = 0o5;
const EXECUTE = 0o1;

/** May `account` walk down to `folder` and list it? (Access lists are not looked at: a "no" costs only a copy.) */
export function canReach(account: RunAs, folder: string): boolean {
  let path = realpathSync(folder);
  if (!allows(account, statSync(path), READ_EXECUTE)) return false;
  while (path !== dirname(path)) {
    path = dirname(path);
    if (!allows(account, statSync(path), EXECUTE)) return false;
  }
  return true;
}

function allows(account: RunAs, stat: Stats, bits: number): boolean {
  const shift = stat.uid === account.uid ? 6 : stat.gid === account.gid ? 3 : 0;
  return ((stat.mode >> shift) & bits) === bits;
}

/** Is every folder on the way down protected from being swapped by someone other than root or us? */
export function isTrusted(folder: string): boolean {
  const own = process.getuid?.() ?? 0;
  for (let path = realpathSync(folder); ; path = dirname(path)) {
    const stat = statSync(path);
    const sticky = (stat.mode & 0o1000) !== 0;
    if (stat.uid !== 0 && stat.uid !== own) return false;
    if ((stat.mode & 0o022) !== 0 && !(sticky && path !== folder)) return false;
    if (path === dirname(path)) return true;
  }
}
