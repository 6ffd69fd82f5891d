import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { epochAt } from "../../../shared/wire/epoch.ts";
import type { SealKey } from "../../ingest/protocol.ts";
import { createMediaPlane, type OwnedMediaPlane } from "../../media/media-plane.ts";
import { spawnThread } from "../../media/thread.ts";
import type { RelayAuthority } from "../../relay/protocol.ts";
import { createGenerationStore } from "../../seal/generation.ts";

/** The simulated cameras are on this machine. */
const HERE = { loopback: "any", cameraNetworks: undefined, webhookNetworks: undefined } as const;

export interface BenchPlane {
  readonly plane: OwnedMediaPlane;
  /** Empty, and removed by `close`. */
  readonly folder: string;
  close(): Promise<void>;
}

export const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** The whole media plane (ingest pool, relay thread) as the server runs it, without database and web. */
export async function startBenchPlane(authority?: RelayAuthority): Promise<BenchPlane> {
  const clock = systemClock();
  const folder = await mkdtemp(join(tmpdir(), "fluxvision-bench-"));
  const refuse = (): Promise<never> => Promise.reject(new FluxError("auth.required", "nobody may sign in here"));
  const log = {
    info: () => undefined,
    warn: (fields: object, message: string) => say({ message, ...fields }),
    error: (fields: object, message: string) => say({ message, ...fields }),
  };
  const plane = await createMediaPlane({
    clock,
    random: Math.random,
    log,
    logLevel: "warn",
    keys: {
      async sealKeys(cameraId) {
        const epoch = epochAt(clock.utcMicros());
        return [epoch, epoch + 1].map((at): SealKey => {
          return { cameraId, suite: "LEA-256-GCM", keyId: 1, epoch: at, key: new Uint8Array(randomBytes(32)) };
        });
      },
    },
    generations: createGenerationStore({ path: join(folder, "generation") }),
    authority: authority ?? { authenticate: refuse, renew: refuse, authorise: refuse, key: refuse },
    onViewerClosed: () => undefined,
    onViewersLost: () => undefined,
    relay: {
      logLevel: "warn",
      httpPort: 0,
      httpHost: "127.0.0.1",
      tls: undefined,
      webTransport: undefined,
      upstreamSocket: join(folder, "http.sock"),
      quotaKbps: 50_000,
      allowedOrigins: [],
    },
    spawnIngest: (data) =>
      spawnThread(new URL("./ingest-worker.mjs", import.meta.url), { ...data, outbound: HERE }, "ingest"),
    spawnRelay: (data) => spawnThread(new URL("./relay-worker.mjs", import.meta.url), data, "relay"),
  });
  const close = async (): Promise<void> => {
    await plane.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { plane, folder, close };
}

/** Says once a second what the plane does: `{frames, bytes, dropped, online, reason}`. Returns how to stop that. */
export function reportPlane(plane: OwnedMediaPlane): () => void {
  const online = new Map<string, boolean>();
  const errors = new Map<string, string | undefined>();
  plane.onStatus((status) => {
    online.set(status.cameraId, status.state === "online");
    errors.set(status.cameraId, status.reason);
  });
  const report = setInterval(() => {
    void plane.stats().then(({ framesSealed, bytesSealed, framesDropped }) => {
      const up = [...online.values()].filter(Boolean).length;
      const reason = [...errors.values()].find((text) => text !== undefined);
      say({ frames: framesSealed, bytes: bytesSealed, dropped: framesDropped, online: up, reason });
    });
  }, 1000);
  return () => clearInterval(report);
}

/** The process under measurement of `bench ingest`. Reads one JSON array of URLs from stdin, reports once a second. */
export async function runMediaServer(): Promise<void> {
  const { plane, close } = await startBenchPlane();
  plane.camerasKnown();
  const stopReport = reportPlane(plane);
  let stream = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    for (const url of JSON.parse(line) as string[]) {
      stream++;
      await plane.putCamera({
        id: randomUUID(),
        name: `stream ${stream}`,
        enabled: true,
        username: undefined,
        password: undefined,
        transport: "tcp",
        allowUntrustedCertificate: false,
        // One stream per camera: it is pulled without a viewer, whatever its role.
        streams: [{ streamId: stream, role: "sub", url }],
      });
    }
  }
  stopReport();
  await close();
}
