import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";
import { systemClock } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { IngestToRelay } from "../../ingest/protocol.ts";
import { webTransportCertificate } from "../../tls/certificates.ts";
import type { CameraRoute, FromRelay, RelayWorkerData, ToRelay } from "../protocol.ts";
import { FakeAuthority } from "./fake-authority.ts";
import { cameraId, FrameSource, mainStreamId, subStreamId } from "./frame-source.ts";
import type { SyntheticStream } from "./frames.ts";

/**
 * A process with the true relay thread, a fake main thread and synthetic cameras. Its one argument names a
 * JSON file with the settings; talks with its parent over IPC. Built by `startRelayProcess`.
 */
export interface RelayProcessSettings {
  readonly folder: string;
  /** UDP; undefined: no WebTransport. */
  readonly webTransportPort: number | undefined;
  readonly httpPort: number;
  readonly cameras: number;
  readonly sub: Omit<SyntheticStream, "streamId">;
  readonly main: Omit<SyntheticStream, "streamId"> | undefined;
  readonly quotaKbps: number;
  /** Served at `/` and `/page.js`. */
  readonly pageScript: string | undefined;
  /** Instead of the relay thread: a fan-out of the same bytes with nothing but `ws`, one message per frame or batch. */
  readonly bare?: "frames" | "batches";
}

export type ToRelayProcess =
  | { readonly type: "to-relay"; readonly message: Exclude<ToRelay, { type: "ingest-port" }> }
  | { readonly type: "permit"; readonly token: string; readonly cameras: readonly string[] }
  | { readonly type: "usage" };

export type FromRelayProcess =
  | { readonly type: "ready"; readonly ready: Extract<FromRelay, { type: "ready" }>; readonly certificateHash: string }
  | { readonly type: "usage"; readonly cpuMicros: number; readonly rssBytes: number }
  | { readonly type: "from-relay"; readonly message: FromRelay };

const BATCH_PERIOD_MS = millis(5);
const TOKEN_LASTS_MICROS = 900_000_000;

async function run(settings: RelayProcessSettings): Promise<void> {
  const clock = systemClock();
  const send = (message: FromRelayProcess): void => void process.send?.(message);
  const upstreamSocket = join(settings.folder, `upstream-${process.pid}.sock`);
  const upstream = createServer((request, response) => {
    if (request.url === "/page.js") response.setHeader("content-type", "text/javascript");
    else response.setHeader("content-type", "text/html");
    response.end(request.url === "/page.js" ? settings.pageScript : '<script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => upstream.listen(upstreamSocket, resolve));
  const certificate = await webTransportCertificate(settings.folder, clock);
  const workerData: RelayWorkerData = {
    logLevel: "silent",
    httpHost: "127.0.0.1",
    httpPort: settings.httpPort,
    tls: undefined,
    webTransport:
      settings.webTransportPort === undefined
        ? undefined
        : {
            port: settings.webTransportPort,
            certificate: certificate.certificatePem,
            privateKey: certificate.privateKeyPem,
            hashBase64: certificate.hashBase64,
          },
    upstreamSocket,
    quotaKbps: settings.quotaKbps,
    allowedOrigins: [],
  };
  const worker = new Worker(
    join(dirname(fileURLToPath(import.meta.url)), settings.bare ? "bare-worker.mjs" : "worker.mjs"),
    {
      workerData: settings.bare ? { ...workerData, bare: settings.bare } : workerData,
    },
  );
  const authority = new FakeAuthority();
  const indexes = Array.from({ length: settings.cameras }, (_, index) => index);
  const all = new Set(indexes.map(cameraId));
  for (const name of ["anna", "ben"]) {
    const tokenExpiresAtMicros = clock.utcMicros() + TOKEN_LASTS_MICROS;
    authority.users.set(name, { userId: name, sessionId: `session-${name}`, cameras: all, tokenExpiresAtMicros });
  }
  const post = (message: ToRelay): void => worker.postMessage(message);
  worker.on("message", (message: FromRelay) => {
    authority.answer(message, post);
    if (message.type === "ready") send({ type: "ready", ready: message, certificateHash: certificate.hashBase64 });
    else if (message.type !== "request") send({ type: "from-relay", message });
    if (message.type === "failed") {
      process.stderr.write(`relay: ${message.code} ${message.message}\n`);
      process.exit(1);
    }
    if (message.type === "closed") process.exit(0);
  });
  const cameras: CameraRoute[] = indexes.map((index) => ({
    cameraId: cameraId(index),
    name: `camera ${index}`,
    streams: [
      { streamId: subStreamId(index), role: "sub" as const },
      ...(settings.main ? [{ streamId: mainStreamId(index), role: "main" as const }] : []),
    ],
  }));
  post({ type: "cameras", cameras });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: "ingest-port", workerIndex: 0, port: port1 } satisfies ToRelay, [port1]);
  const source = new FrameSource(
    indexes.flatMap((index) => [
      { ...settings.sub, streamId: subStreamId(index) },
      ...(settings.main ? [{ ...settings.main, streamId: mainStreamId(index) }] : []),
    ]),
    clock.monotonicMs(),
  );
  clock.every(BATCH_PERIOD_MS, () => {
    const buffer = source.batch(clock.monotonicMs(), clock.utcMicros());
    if (!buffer) return;
    const message: IngestToRelay = { type: "frames", buffer, byteLength: buffer.byteLength };
    port2.postMessage(message, [buffer]);
  });
  port2.on("message", () => {});
  process.on("message", (message: ToRelayProcess) => {
    if (message.type === "to-relay") post(message.message);
    else if (message.type === "permit") authority.permit(message.token, message.cameras);
    else {
      const { user, system } = process.cpuUsage();
      send({ type: "usage", cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

await run(JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as RelayProcessSettings);
