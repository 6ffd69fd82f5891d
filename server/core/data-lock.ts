import { randomBytes, randomInt } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import type { Clock } from "../../shared/lib/clock.ts";
import { delay } from "../../shared/lib/delay.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { OpenFolder } from "./open-folder.ts";

const PREFIX = "lock.";
const ATTEMPTS = 3;
const LONGEST_PAUSE_MS = 100;

export interface DataLock {
  close(): Promise<void>;
}

/**
 * Makes sure that one server only works in a data folder. The lock is a listening socket: it dies with its holder,
 * however that ended, and holds across containers that share the folder.
 *
 * Each candidate first listens on a name of its own, then looks for others that answer; if one does, it steps back. Of
 * two at the same moment at least one sees the other, so there are never two holders; there may be none, hence the
 * attempts. Throws `data.in_use`, `data.lock_failed`.
 */
export async function lockDataFolder(folder: OpenFolder, clock: Clock): Promise<DataLock> {
  for (let attempt = 1; ; attempt++) {
    const name = `${PREFIX}${randomBytes(6).toString("hex")}`;
    const server = await listen(folder.own(name));
    const close = () => release(server, folder.own(name));
    if (await isAlone(folder, name)) return { close };
    await close();
    if (attempt === ATTEMPTS) {
      throw new FluxError("data.in_use", `another server is running on the data folder ${folder.path}`);
    }
    await delay(clock, millis(randomInt(LONGEST_PAUSE_MS)));
  }
}

/** Removes dead locks on the way. */
async function isAlone(folder: OpenFolder, own: string): Promise<boolean> {
  const others = (await readdir(folder.own())).filter((name) => name.startsWith(PREFIX) && name !== own);
  for (const name of others) {
    if (await answers(folder.own(name))) return false;
    await rm(folder.own(name), { force: true });
  }
  return true;
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref(); // The lock alone keeps no process alive.
  return new Promise((done, fail) => {
    server.once("error", (cause) =>
      fail(new FluxError("data.lock_failed", "the data folder cannot hold a socket, which is its lock", { cause })),
    );
    server.listen(path, () => done(server));
  });
}

async function release(server: Server, path: string): Promise<void> {
  await new Promise<void>((done) => server.close(() => done()));
  await rm(path, { force: true });
}
