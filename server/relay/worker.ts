import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import type { FromRelay, RelayWorkerData, ToRelay } from "./protocol.ts";
import { openRelayServer } from "./server.ts";

/** Entry of the relay thread. */
const port = parentPort;
if (!port) throw new Error("this file runs as a worker thread");
const post = (message: FromRelay): void => port.postMessage(message);

try {
  const server = await openRelayServer(workerData as RelayWorkerData, post, systemClock());
  port.on("message", (message: ToRelay) => {
    if (message.type !== "close") return server.relay.handle(message);
    void server.close().then(() => {
      post({ type: "closed" });
      port.close();
    });
  });
  post(server.ready);
} catch (error) {
  post({ type: "failed", code: errorCode(error) ?? "relay.failed", message: describeError(error) });
  port.close();
}
