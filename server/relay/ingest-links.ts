import type { MessagePort } from "node:worker_threads";
import type { IngestToRelay, RelayToIngest } from "../ingest/protocol.ts";

export interface IngestLinkHandlers {
  onFrames(buffer: ArrayBuffer, byteLength: number): void;
  onFormat(message: Extract<IngestToRelay, { type: "format" }>): void;
  /** Streams that a worker which joins late must be told of. */
  wanted(): readonly number[];
}

/** Far below the credit of 32 MiB: an ack per message would cost as much as the message. */
const ACK_BYTES = 1024 * 1024;

/** The direct lines to the ingest workers. A worker that is replaced gets a new line with the same index. */
export class IngestLinks {
  readonly #handlers: IngestLinkHandlers;
  readonly #ports = new Map<number, MessagePort>();

  constructor(handlers: IngestLinkHandlers) {
    this.#handlers = handlers;
  }

  add(workerIndex: number, port: MessagePort): void {
    this.#ports.get(workerIndex)?.close();
    this.#ports.set(workerIndex, port);
    let takenBytes = 0;
    port.on("message", (message: IngestToRelay) => {
      if (message.type === "format") return this.#handlers.onFormat(message);
      this.#handlers.onFrames(message.buffer, message.byteLength);
      takenBytes += message.byteLength;
      if (takenBytes < ACK_BYTES) return;
      port.postMessage({ type: "ack", bytes: takenBytes } satisfies RelayToIngest);
      takenBytes = 0;
    });
    port.on("close", () => {
      if (this.#ports.get(workerIndex) === port) this.#ports.delete(workerIndex);
    });
    for (const streamId of this.#handlers.wanted()) {
      port.postMessage({ type: "want", streamId, wanted: true } satisfies RelayToIngest);
    }
  }

  /** To every worker: which one has the stream is not known here, and the others ignore it. */
  want(streamId: number, wanted: boolean): void {
    for (const port of this.#ports.values()) {
      port.postMessage({ type: "want", streamId, wanted } satisfies RelayToIngest);
    }
  }

  close(): void {
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
  }
}
