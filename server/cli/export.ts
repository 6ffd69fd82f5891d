import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { MessageChannel } from "node:worker_threads";
import type { ExportJob } from "../../shared/api/recording.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { delay } from "../../shared/lib/delay.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { type ApiClient, findCamera, signIn } from "./api-client.ts";
import { UsageError } from "./cli.ts";
import { type FlagValues, parseFlags } from "./flags.ts";
import type { CliIo } from "./io.ts";
import { readLine } from "./read-line.ts";

const POLL_MS = millis(500);
const FORMATS = ["mp4", "mkv", "sealed"] as const;

/**
 * `export --camera ID|NAME --from TIME --to TIME --out FILE`: asks a running server for a package, with the rights of the
 * user that signs in, waits for it and saves it. Standard input, a line each: the password, the code of the authenticator app
 * where the account has one, and the passphrase of a sealed package.
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
    const client = await signIn(server, text(values, "user", "admin"), () => lines.next());
    const cameraId = await findCamera(client, camera);
    const item = { cameraId, role: text(values, "role", "main"), ...range };
    const secret = format === "sealed" ? { passphrase: await lines.next() } : {};
    const spec = { title: camera, format, items: [item], reason: text(values, "reason", ""), ...secret };
    const { id } = await client.call<ExportJob>("POST", "/exports", spec);
    await finished(client, id, io);
    const response = await client.get(`/exports/${id}/download`);
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

async function finished(client: ApiClient, id: string, io: CliIo): Promise<void> {
  const clock = systemClock();
  let said = -1;
  for (;;) {
    const job = await client.call<ExportJob>("GET", `/exports/${id}`);
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
