import { parentPort, workerData } from "node:worker_threads";
import { WebSocket, WebSocketServer } from "ws";
import { readFrame } from "../../../shared/wire/sealed-frame.ts";
import type { IngestToRelay, RelayToIngest } from "../../ingest/protocol.ts";
import type { FromRelay, RelayWorkerData, ToRelay } from "../protocol.ts";

/** The measure for the relay: the same bytes to every client with `ws` alone; no sessions, hubs, queues or rules. */
const settings = workerData as RelayWorkerData & { readonly bare: "frames" | "batches" };
const server = new WebSocketServer({ host: settings.httpHost, port: settings.httpPort, perMessageDeflate: false });

function sendAll(bytes: Uint8Array): void {
  for (const client of server.clients) if (client.readyState === WebSocket.OPEN) client.send(bytes, { binary: true });
}

function onBatch(buffer: ArrayBuffer, byteLength: number): void {
  const batch = new Uint8Array(buffer, 0, byteLength);
  if (settings.bare === "batches") {
    sendAll(batch);
    return;
  }
  for (let offset = 0; offset < byteLength; ) {
    const frame = readFrame(batch, offset);
    if (!frame) {
      undefined;
      return;
    }
    sendAll(frame.bytes);
    offset += frame.bytes.byteLength;
  }
  undefined;
  return;
}

parentPort?.on("message", (message: ToRelay) => {
  if (message.type === "close") {
    parentPort?.postMessage({ type: "closed" } satisfies FromRelay);
  } else if (message.type === "ingest-port") {
    message.port.on("message", (batch: IngestToRelay) => {
      if (batch.type !== "frames") return;
      onBatch(batch.buffer, batch.byteLength);
      message.port.postMessage({ type: "ack", bytes: batch.byteLength } satisfies RelayToIngest);
    });
  }
});
server.on("listening", () => {
  parentPort?.postMessage({
    type: "ready",
    httpPort: settings.httpPort,
    tlsPort: undefined,
    webTransportPort: undefined,
    webTransportError: undefined,
  } satisfies FromRelay);
});
