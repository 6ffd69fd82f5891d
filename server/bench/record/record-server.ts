import { createECDH, randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { GapFact, RecordingPlan } from "../../ingest/protocol.ts";
import { MARKER_FILE } from "../../record/volume-io.ts";
import type { RelayAuthority } from "../../relay/protocol.ts";
import { cameraId } from "../../relay/testkit/frame-source.ts";
import { reportPlane, say, startBenchPlane } from "../ingest/media-server.ts";

export interface RecordServerSettings {
  readonly urls: readonly string[];
  /** Where segments go. */
  readonly folder: string;
  readonly segmentMs: number;
}

const FAR_MICROS = 8e15;

/**
 * The process under measurement of `bench record`: the media plane with one main stream per camera, all recorded, and
 * open to viewers. Reads `RecordServerSettings` as one line from stdin; says what `bench ingest`'s does, `{port}`, and
 * each gap.
 */
export async function runRecordServer(): Promise<void> {
  const bench = await startBenchPlane(openHouse());
  const { plane } = bench;
  plane.onRecorder((events) => {
    for (const event of events) {
      if (event.type === "gap") say({ gap: event.gap satisfies GapFact });
      if (event.type === "volume") say({ volume: event.state, detail: event.detail });
    }
  });
  const stopReport = reportPlane(plane);
  for await (const line of createInterface({ input: process.stdin })) {
    const { urls, folder, segmentMs } = JSON.parse(line) as RecordServerSettings;
    const volumes = [{ id: randomUUID(), path: join(folder, "volume"), reserveBytes: 0 }];
    for (const { id, path } of volumes) {
      await mkdir(path, { mode: 0o700 });
      await chmod(path, 0o700);
      await writeFile(join(path, MARKER_FILE), `${id}\n`);
    }
    const plans = urls.map((_, index): RecordingPlan => {
      const what = { cameraId: cameraId(index), streamId: index + 1, role: "main", action: "record" } as const;
      return { ...what, preRollMs: 0, audio: true, segmentMs, volumes };
    });
    plane.setRecording(plans, 1000);
    for (const [index, url] of urls.entries()) {
      await plane.putCamera({
        id: cameraId(index),
        name: `camera ${index + 1}`,
        enabled: true,
        username: undefined,
        password: undefined,
        transport: "tcp",
        allowUntrustedCertificate: false,
        streams: [{ streamId: index + 1, role: "main", url }],
      });
    }
    plane.camerasKnown();
    say({ port: plane.endpoints.httpPort });
  }
  stopReport();
  await bench.close();
}

/** Lets everybody see everything, without a key to open it: these viewers count. */
function openHouse(): RelayAuthority {
  return {
    async authenticate(connectionId) {
      const publicKey = createECDH("prime256v1").generateKeys("base64");
      const session = { userId: connectionId, sessionId: connectionId, tokenExpiresAtMicros: FAR_MICROS };
      return { ...session, publicKey, salt: randomBytes(32).toString("base64") };
    },
    renew: async () => ({ tokenExpiresAtMicros: FAR_MICROS }),
    authorise: async (_connectionId, cameraIds) => ({ allowed: cameraIds, audible: cameraIds, keys: [] }),
    key: async () => undefined,
  };
}
