import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, readFileSync } from "node:fs";
import { chown, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../shared/lib/clock.ts";
import { delay } from "../../../shared/lib/delay.ts";
import { millis } from "../../../shared/lib/time.ts";
import { createLog } from "../../core/log.ts";
import { databaseTemplate } from "../../testkit/database-template.ts";
import { type Database, openDatabase } from "../database.ts";
import { settings } from "../schema/index.ts";
import { chooseRunAs } from "./run-as.ts";

const clock = systemClock();
const isRoot = process.getuid?.() === 0;

let folder: string;
let dataDir: string;
let lines: PassThrough;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fv-pg-"));
  dataDir = join(folder, "data");
  cpSync(await databaseTemplate(), dataDir, { recursive: true });
  lines = new PassThrough();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (): Promise<Database> =>
  openDatabase({ url: undefined, dataDir, clock, log: createLog("info", { write: (line) => void lines.write(line) }) });

const postmasterPid = (): number =>
  Number.parseInt(readFileSync(join(dataDir, "postgres/cluster/postmaster.pid"), "utf8"), 10);
const add = (database: Database, name: string) =>
  database.orm.insert(settings).values({ name, value: "1", updatedAt: new Date() });
const names = async (database: Database): Promise<string[]> =>
  (await database.orm.select({ name: settings.name }).from(settings)).map((row) => row.name);

/** Asks until the answer comes; what is waited for here has no event that a test could see. */
async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await delay(clock, millis(50));
    }
  }
}

/** Several starts each; on a busy machine they take long. */
describe("embedded PostgreSQL", { timeout: 120_000 }, () => {
  it("starts again by itself when it dies, and has lost nothing", async () => {
    const database = await open();
    await add(database, "before");
    const pid = postmasterPid();
    process.kill(pid, "SIGKILL");
    await eventually(async () => {
      expect(postmasterPid()).not.toBe(pid);
      await database.ping();
    });
    expect(await names(database)).toEqual(["before"]);
    await database.close();
  });

  it("is taken over from a server that was killed, with all that was acknowledged", async () => {
    // A second process that opens the database and waits to be killed.
    const script = join(folder, "server.mjs");
    await build({
      stdin: {
        contents: `import { openDatabase } from "${join(import.meta.dirname, "../database.ts")}";
          import { systemClock } from "${join(import.meta.dirname, "../../../shared/lib/clock.ts")}";
          import { createLog } from "${join(import.meta.dirname, "../../core/log.ts")}";
          const database = await openDatabase({ url: undefined, dataDir: process.argv[2], clock: systemClock(), log: createLog("silent") });
          await database.orm.execute("insert into settings values ('acknowledged', '1', now())");
          process.stdout.write("ready");`,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      outfile: script,
      logLevel: "error",
    });
    cpSync(join(import.meta.dirname, "../migrations"), join(folder, "migrations"), { recursive: true });
    await symlink(join(import.meta.dirname, "../../../node_modules"), join(folder, "node_modules"));
    const child = spawn(process.execPath, [script, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    await expect(open()).rejects.toMatchObject({ code: "data.in_use" });
    child.kill("SIGKILL");
    await once(child, "exit");
    const database = await open();
    expect(await names(database)).toEqual(["acknowledged"]);
    await database.close();
  });

  it("is not kept from starting by lock files of processes that are others by now", async () => {
    const run = join(dataDir, "postgres/run");
    await writeFile(join(dataDir, "postgres/cluster/postmaster.pid"), `${process.pid}\n/x\n0\n5432\n/x\n\n`);
    await writeFile(join(run, ".s.PGSQL.5432.lock"), `${process.pid}\n`);
    const database = await open();
    await database.close();
  });

  it("makes a new cluster when the first creation was cut short", async () => {
    await rm(join(dataDir, "postgres"), { recursive: true });
    const unfinished = join(dataDir, "postgres/cluster.new");
    cpSync(import.meta.dirname, unfinished, { recursive: true });
    const database = await open();
    expect(await names(database)).toEqual([]);
    await expect(stat(unfinished)).rejects.toThrow();
    await database.close();
  });

  it("listens on a socket that only its account can reach, and on no port", async () => {
    const database = await open();
    const [row] = (await database.orm.execute(
      "select setting from pg_settings where name = 'listen_addresses'",
    )) as unknown as [{ setting: string }];
    expect(row.setting).toBe("");
    expect((await stat(join(dataDir, "postgres"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, "database-password"))).mode & 0o777).toBe(0o600);
    await database.close();
  });

  it.skipIf(!isRoot)("runs under another account when we are root, below a folder that is closed to it", async () => {
    chmodSync(folder, 0o700);
    await chown(folder, 0, 0);
    const account = chooseRunAs(join(folder, "none"));
    const database = await open();
    const uid = execFileSync("stat", ["-c", "%u", `/proc/${postmasterPid()}`], { encoding: "utf8" }).trim();
    expect(uid).toBe(`${account?.uid}`);
    expect(uid).not.toBe("0");
    await add(database, "x");
    await database.close();
  });
});
