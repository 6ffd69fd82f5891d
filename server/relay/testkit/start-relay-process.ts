import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { FromRelayProcess, RelayProcessSettings, ToRelayProcess } from "./relay-process.ts";

const root = findRoot(dirname(fileURLToPath(import.meta.url)));

/** A development package: loaded when it is asked for, so that no bundle of the server contains it. */
async function esbuild(): Promise<typeof import("esbuild")> {
  const name: string = "esbuild";
  return (await import(name)) as typeof import("esbuild");
}

export interface RelayProcess {
  readonly httpPort: number;
  readonly webTransportPort: number | undefined;
  readonly webTransportError: string | undefined;
  readonly certificateHash: string;
  readonly pid: number;
  send(message: ToRelayProcess): void;
  usage(): Promise<{ readonly cpuMicros: number; readonly rssBytes: number }>;
  next(accept: (message: FromRelayProcess) => boolean): Promise<FromRelayProcess>;
  close(): Promise<void>;
}

/** Bundles that Node can run; below the repository, so that packages with native parts are found. */
export async function bundleTo(folder: string, entries: Record<string, string>): Promise<void> {
  await (await esbuild()).build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, file)])),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    packages: "external",
    logLevel: "error",
  });
}

/** A script for a page, as text. */
export async function bundlePage(file: string): Promise<string> {
  const result = await (await esbuild()).build({
    absWorkingDir: root,
    entryPoints: [join(root, file)],
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    target: "chrome120",
    logLevel: "error",
  });
  return result.outputFiles[0]?.text ?? "";
}

export function tempFolder(name: string): string {
  const parent = join(root, ".cache");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${name}-`));
}

/** The command that starts Node so that WebTransport loads, where this system can do that at all. */
async function nodeCommand(): Promise<string[]> {
  const script = pathToFileURL(join(root, "scripts", "webtransport-libc.mjs"));
  const module = (await import(script.href)) as {
    ensureWebTransportLibc(): Promise<void>;
    nodeCommand(): string[];
  };
  await module.ensureWebTransportLibc().catch(() => {});
  return module.nodeCommand();
}

export async function startRelayProcess(
  settings: Omit<RelayProcessSettings, "folder">,
  options: { readonly webTransport: boolean },
): Promise<RelayProcess> {
  const folder = tempFolder("relay");
  await bundleTo(folder, {
    "relay-process": "server/relay/testkit/relay-process.ts",
    worker: "server/relay/worker.ts",
    "bare-worker": "server/relay/testkit/bare-worker.ts",
  });
  const [command = process.execPath, ...before] = options.webTransport ? await nodeCommand() : [process.execPath];
  const settingsFile = join(folder, "settings.json");
  writeFileSync(settingsFile, JSON.stringify({ ...settings, folder }));
  const args = [...before, join(folder, "relay-process.mjs"), settingsFile];
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const next = (accept: (message: FromRelayProcess) => boolean): Promise<FromRelayProcess> => nextOf(child, accept);
  const ready = await next((message) => message.type === "ready");
  if (ready.type !== "ready") throw new Error("unreachable");
  return {
    httpPort: ready.ready.httpPort,
    webTransportPort: ready.ready.webTransportPort,
    webTransportError: ready.ready.webTransportError,
    certificateHash: ready.certificateHash,
    pid: child.pid ?? 0,
    next,
    send: (message) => void child.send(message),
    async usage() {
      const answer = next((message) => message.type === "usage");
      child.send({ type: "usage" } satisfies ToRelayProcess);
      const usage = await answer;
      if (usage.type !== "usage") throw new Error("unreachable");
      return usage;
    },
    close: () =>
      new Promise((resolve) => {
        const done = (): void => {
          rmSync(folder, { recursive: true, force: true });
          resolve();
        };
        if (child.exitCode !== null) return done();
        child.once("exit", done);
        child.send({ type: "to-relay", message: { type: "close" } } satisfies ToRelayProcess);
        return undefined;
      }),
  };
}

function nextOf(child: ChildProcess, accept: (message: FromRelayProcess) => boolean): Promise<FromRelayProcess> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromRelayProcess): void => {
      if (!accept(message)) return;
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(message);
    };
    const onExit = (code: number | null): void => reject(new Error(`the relay process ended with code ${code}`));
    child.on("message", onMessage);
    child.once("exit", onExit);
  });
}

/** The checkout, from wherever this file or a bundle of it lies. */
function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json")) && existsSync(join(folder, "server", "relay"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("this runs in a checkout only");
  return findRoot(parent);
}
