import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { FromRelay, RelayWorkerData, ToRelay } from "./protocol.ts";
import { openRelayServer } from "./server.ts";

/** Entry of the relay thread. */
const port = parentPort;
if (!port) throw new Error("this file runs as a worker thread");
const post = (message: FromRelay): void => port.postMessage(message);

/** All HTTP passes through this thread: the main thread replaces it when this stops. */
const HEARTBEAT_MS = millis(5000);

try {
  const clock = systemClock();
  const server = await openRelayServer(workerData as RelayWorkerData, post, clock);
  const heartbeat = clock.every(HEARTBEAT_MS, () => post({ type: "heartbeat" }));
  port.on("message", (message: ToRelay) => {
    if (message.type === "certificates") {
      void server.setCertificates(message.certificates).then(() => post(server.ready));
      return;
    }
    if (message.type !== "close") {
      server.relay.handle(message);
      return;
    }
    heartbeat.cancel();
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
