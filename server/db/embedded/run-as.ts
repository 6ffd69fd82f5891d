import { readFileSync, statSync } from "node:fs";
import { FluxError } from "../../../shared/lib/errors.ts";

/** The account under which PostgreSQL runs. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root. Undefined: run it as ourselves. As root: as the owner of an existing
 * cluster, else as `fluxvision` or `nobody`. initdb looks its account up by name, so it must be in /etc/passwd.
 */
export function chooseRunAs(clusterFolder: string): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterFolder, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const accounts = readAccounts();
  const account = accounts.get("fluxvision") ?? accounts.get("nobody");
  if (account === undefined) {
    throw new FluxError(
      "database.no_account",
      "the server runs as root, PostgreSQL must not, and there is no account `fluxvision` or `nobody`: create one, run the server as another user, or set DATABASE_URL",
    );
  }
  return account;
}

function readAccounts(): Map<string, RunAs> {
  const accounts = new Map<string, RunAs>();
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name = "", , uid = "", gid = ""] = line.split(":");
    if (/^\d+$/.test(uid) && /^\d+$/.test(gid) && uid !== "0")
      accounts.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return accounts;
}
