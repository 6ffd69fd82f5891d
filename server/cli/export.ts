import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { MessageChannel } from "node:worker_threads";
import type { ExportJob } from "../../shared/api/recording.ts";
import type { Camera, ErrorBody, Session } from "../../shared/api/schemas.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { delay } from "../../shared/lib/delay.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { UsageError } from "./cli.ts";
import { type FlagValues, parseFlags } from "./flags.ts";
import type { CliIo } from "./io.ts";
import { readLine } from "./read-line.ts";

const POLL_MS = millis(500);
const FORMATS = ["mp4", "mkv", "sealed"] as const;

/**
 * `export --camera ID|NAME --from TIME --to TIME --out FILE`: asks a running server for a package, with the rights of the
 * user that signs in, waits for it and saves it. The password, and then the passphrase of a sealed package, are read from
 * standard input, a line each.
 */
export async function runExport(
  args: string[],
  io: CliIo,
  stdin: AsyncIterable<Buffer> = process.stdin,
): Promise<number> {
  const { values, positionals } = parseFlags(args, {
    server: { kind: "string" },
    user: { kind: "string" },
    camera: { kind: "string" },
    role: { kind: "string", oneOf: ["main", "sub"] },
    from: { kind: "string" },
    to: { kind: "string" },
    format: { kind: "string", oneOf: FORMATS },
    reason: { kind: "string" },
    out: { kind: "string" },
  });
  if (positionals.length > 0) throw new UsageError(`there is no argument ${positionals[0]}`);
  const server = new URL(text(values, "server", "http://localhost:8080"));
  const [camera, out] = [text(values, "camera"), text(values, "out")];
  const range = { startMicros: instant(values, "from"), endMicros: instant(values, "to") };
  const format = text(values, "format", "mp4");
  const lines = readLine(stdin);
  // The clock's timers let a process end while it waits.
  const alive = new MessageChannel();
  alive.port1.on("message", () => undefined);
  try {
    const login = { username: text(values, "user", "admin"), password: await lines.next() };
    const { accessToken } = await call<Session>(server, "POST", "/auth/login", login);
    const cameraId = await findCamera(server, accessToken, camera);
    const item = { cameraId, role: text(values, "role", "main"), ...range };
    const secret = format === "sealed" ? { passphrase: await lines.next() } : {};
    const spec = { title: camera, format, items: [item], reason: text(values, "reason", ""), ...secret };
    const { id } = await call<ExportJob>(server, "POST", "/exports", spec, accessToken);
    await finished(server, accessToken, id, io);
    const response = await request(server, "GET", `/exports/${id}/download`, undefined, accessToken);
    if (!response.body) throw new FluxError("export.failed", "the server sent nothing");
    const body = Readable.fromWeb(response.body as NodeReadableStream);
    await pipeline(body, createWriteStream(out, { flags: "wx", mode: 0o600 }));
    io.out(`${out}\n`);
    return 0;
  } catch (error) {
    io.err(`fluxvision export: ${describeError(error)}\n`);
    return 1;
  } finally {
    alive.port1.close();
  }
}

async function finished(server: URL, token: string, id: string, io: CliIo): Promise<void> {
  const clock = systemClock();
  let said = -1;
  for (;;) {
    const job = await call<ExportJob>(server, "GET", `/exports/${id}`, undefined, token);
    if (job.state === "done") return;
    if (job.state !== "queued" && job.state !== "running") {
      throw new FluxError(job.errorCode ?? "export.failed", job.errorMessage ?? `the export is ${job.state}`);
    }
    const percent = Math.floor(job.progress * 100);
    if (percent !== said) io.err(`${job.state} ${percent} %\n`);
    said = percent;
    await delay(clock, POLL_MS);
  }
}

async function findCamera(server: URL, token: string, wanted: string): Promise<string> {
  const cameras = await call<Camera[]>(server, "GET", "/cameras", undefined, token);
  const found = cameras.filter(({ id, name }) => id === wanted || name === wanted);
  if (found.length > 1)
    throw new FluxError("camera.not_found", `${found.length} cameras are called ${wanted}: give the id`);
  if (!found[0]) throw new FluxError("camera.not_found", `there is no camera ${wanted}`);
  return found[0].id;
}

async function call<T>(server: URL, method: string, path: string, body?: unknown, token?: string): Promise<T> {
  return (await (await request(server, method, path, body, token)).json()) as T;
}

async function request(server: URL, method: string, path: string, body?: unknown, token?: string): Promise<Response> {
  const response = await fetch(new URL(`/api/v1${path}`, server), {
    method,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  const { error } = (await response.json()) as ErrorBody;
  throw new FluxError(error.code, error.message);
}

function text(values: FlagValues, name: string, otherwise?: string): string {
  const value = values[name] ?? otherwise;
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return String(value);
}

function instant(values: FlagValues, name: string): number {
  const at = Date.parse(text(values, name));
  if (Number.isNaN(at)) throw new UsageError(`--${name} must be a time such as 2026-11-20T10:00:00Z`);
  return at * 1000;
}
