import { type ChildProcess, spawn } from "node:child_process";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseRunAs, type RunAs } from "../db/embedded/run-as.ts";

/** A real PostgreSQL on loopback for tests, from the programs in `binFolder`. */
export async function startInstalledPostgres(binFolder: string): Promise<{ url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "fv-pg-"));
  const account = chooseRunAs(join(folder, "none"));
  if (account) await chown(folder, account.uid, account.gid);
  const passwordFile = join(folder, "pw");
  await writeFile(passwordFile, "test", { mode: 0o644 });
  const cluster = join(folder, "data");
  const init = [
    "-D",
    cluster,
    "-U",
    "test",
    "--pwfile",
    passwordFile,
    "-A",
    "scram-sha-256",
    "--no-sync",
    "--locale=C",
    "-E",
    "UTF8",
  ];
  await untilExit(start(join(binFolder, "initdb"), init, account));
  const port = await freePort();
  const flags = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    port: `${port}`,
    fsync: "off",
    shared_buffers: "16MB",
  };
  const args = ["-D", cluster, ...Object.entries(flags).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const server = start(join(binFolder, "postgres"), args, account);
  const exit = new Promise<void>((done) => server.once("exit", () => done()));
  await untilReady(server);
  return {
    url: `postgres://test:test@127.0.0.1:${port}/postgres`,
    close: async () => {
      server.kill("SIGINT");
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function start(program: string, args: string[], account: RunAs | undefined): ChildProcess {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
  return spawn(program, args, { ...account, cwd: "/", env, stdio: ["ignore", "ignore", "pipe"] });
}

function untilExit(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    let output = "";
    child.stderr?.on("data", (text) => {
      output += text;
    });
    child.once("error", fail);
    child.once("close", (code) => (code === 0 ? done() : fail(new Error(`initdb failed: ${output}`))));
  });
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    let output = "";
    child.stderr?.on("data", (text) => {
      output += text;
      if (/ready to accept connections/.test(output)) done();
    });
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`postgres ended (${code}): ${output}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (typeof address === "object" && address ? done(address.port) : fail(new Error("no port"))));
    });
  });
}
