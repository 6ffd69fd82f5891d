import { randomInt } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { ioThreads } from "../config/io-threads.ts";
import { CLOSED_OUTBOUND, createOutboundGuard } from "../net/outbound-settings.ts";
import { fileSystem } from "../record/volume-io.ts";
import { startPull } from "../rtsp/pull.ts";
import { Ingest } from "./ingest.ts";
import type { FromIngest, IngestWorkerData, ToIngest } from "./protocol.ts";

/**
 * Of the process's pool of I/O threads (4, unless UV_THREADPOOL_SIZE says more), so many per volume and worker that two
 * workers and two hanging volumes leave some to everybody else. A busy thread looks at what is done a few times a second
 * only: one operation at a time would then write little.
 */
function ioParallel(poolThreads: number): number {
  return Math.min(8, Math.max(1, Math.floor(poolThreads / 5)));
}

/** Thread entry: composition root of an ingest worker. */
async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error("this file is a worker thread's entry");
  const { generation, forbiddenPorts, outbound: rules = CLOSED_OUTBOUND } = workerData as IngestWorkerData;
  const early: ToIngest[] = [];
  let ingest: Ingest | undefined;
  // Listening from the start: the main thread may send before the cipher is compiled.
  port.on("message", (message: ToIngest) => {
    if (ingest) ingest.handle(message);
    else early.push(message);
  });
  const ownPorts = new Set(forbiddenPorts);
  const outbound = createOutboundGuard(rules, () => ownPorts);
  const neverChanges = new Int32Array(new SharedArrayBuffer(4));
  const crypto = await loadFluxCrypto();
  ingest = new Ingest({
    generation,
    clock: systemClock(),
    random: () => randomInt(0, 0x1_0000_0000) / 0x1_0000_0000,
    crypto,
    startPull: (options, handlers) => startPull({ ...options, outbound }, handlers),
    io: fileSystem(),
    ioParallel: ioParallel(ioThreads()),
    send: (message: FromIngest) => {
      port.postMessage(message);
      if (message.type === "closed") port.close();
    },
    defer: (run) => void setImmediate(run),
    sleep: (duration) => void Atomics.wait(neverChanges, 0, 0, duration),
    // Thrown outside of any handler it ends this thread; the media plane starts a new one with a new generation.
    onFatal: (error) => {
      setImmediate(() => {
        throw error;
      });
    },
  });
  for (const message of early.splice(0)) ingest.handle(message);
  port.postMessage({ type: "ready" } satisfies FromIngest);
}

await main();
