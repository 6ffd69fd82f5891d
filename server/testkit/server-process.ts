import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface ServerUnderTest {
  readonly url: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly dataDir: string;
  readonly pid: number;
  /** Everything it printed so far. */
  output(): string;
  /** The first match in what it prints, waiting for it for at most 20 s. */
  printed(pattern: RegExp): Promise<string>;
  /** As a power cut would: no clean-up. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Runs it under a C library that can load WebTransport, where the system's own cannot. */
  readonly webTransport?: boolean;
  readonly demo?: boolean;
  readonly adminPassword?: string;
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly port?: number;
}

export const ADMIN_PASSWORD = "correct horse battery staple";

/** A server that may not be ready yet. */
export interface LaunchedServer extends ServerUnderTest {
  /** Rejects when it ends before, or after 60 s. */
  ready(): Promise<void>;
}

/** Starts the built server as a user would, in a data folder of its own, and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<ServerUnderTest> {
  const server = await launchServer(options);
  await server.ready();
  return server;
}

/** As `startServer`, without waiting for it. */
export async function launchServer(options: ServerOptions = {}): Promise<LaunchedServer> {
  const ownData = options.dataDir === undefined;
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "fluxvision-e2e-")));
  const port = options.port ?? (await freePort());
  const tlsPort = await freePort();
  const node = options.webTransport ? await nodeForWebTransport() : [process.execPath];
  const command = [...node, "dist/server/cli.mjs", "serve"];
  const child = spawn(command[0] ?? process.execPath, command.slice(1), {
    env: {
      ...withoutOurs(process.env),
      FLUXVISION_DATA_DIR: dataDir,
      FLUXVISION_PORT: String(port),
      FLUXVISION_TLS_PORT: String(tlsPort),
      FLUXVISION_DEMO: options.demo ? "1" : "0",
      // The tests' cameras are on this machine.
      FLUXVISION_LOOPBACK_PORTS: "any",
      ...(options.adminPassword === undefined ? {} : { FLUXVISION_ADMIN_PASSWORD: options.adminPassword }),
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      text = `${text}${line}\n`.slice(-200_000);
    });
  }
  const url = `http://localhost:${port}`;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  return {
    url,
    port,
    tlsPort,
    dataDir,
    pid: child.pid ?? -1,
    output: () => text,
    ready: () => untilReady(child, url, () => text),
    printed: (pattern) => untilPrinted(pattern, () => text),
    kill: () => end("SIGKILL"),
    async close() {
      await end("SIGTERM");
      if (ownData) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function nodeForWebTransport(): Promise<readonly string[]> {
  const url = new URL("../../scripts/webtransport-libc.mjs", import.meta.url);
  const fromBundle = new URL("../../scripts/webtransport-libc.mjs", `file://${process.cwd()}/server/testkit/x`);
  const module = (await import(url.href).catch(() => import(fromBundle.href))) as { nodeCommand(): string[] };
  return module.nodeCommand();
}

async function untilReady(child: ChildProcess, url: string, output: () => string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const end = child.exitCode ?? child.signalCode;
    if (end !== null) throw new Error(`the server ended with ${end}:\n${output()}`);
    const response = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill("SIGKILL");
  throw new Error(`the server was not ready within 60 s:\n${output()}`);
}

async function untilPrinted(pattern: RegExp, output: () => string): Promise<string> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const [match] = pattern.exec(output()) ?? [];
    if (match !== undefined) return match;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the server did not print ${pattern}:\n${output()}`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith("FLUXVISION_") && name !== "DATABASE_URL"),
  );
}
