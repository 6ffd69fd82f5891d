import { parentPort, workerData } from "node:worker_threads";
import type { ExportOrder, ToExport } from "./protocol.ts";
import { serveExport } from "./serve-export.ts";

/** Entry of the export thread: one package, then it ends. */
const port = parentPort;
if (!port) throw new Error("this file runs as a worker thread");
const { handle, ended } = serveExport(workerData as ExportOrder, (message) => port.postMessage(message));
port.on("message", (message: ToExport) => handle(message));
await ended;
port.close();
