import type { Transferable } from "node:worker_threads";
import { Worker } from "node:worker_threads";

/** What the media plane needs of a worker thread; tests give it one that is no thread. */
export interface Thread<In, Out> {
  post(message: In, transfer?: readonly Transferable[]): void;
  onMessage(listener: (message: Out) => void): void;
  /** Once, when the thread is gone for whatever reason; `error` is what it threw. */
  onExit(listener: (error: unknown) => void): void;
  /** Resolves when the thread is gone. */
  terminate(): Promise<void>;
}

/** Starts the thread whose entry is at `entry` (a bundled file). */
export function spawnThread<In, Out>(entry: URL, data: unknown, name: string): Thread<In, Out> {
  const worker = new Worker(entry, { workerData: data, name });
  let failure: unknown;
  let exited = false;
  worker.on("error", (error) => {
    failure = error;
  });
  worker.on("exit", () => {
    exited = true;
  });
  return {
    post(message, transfer = []) {
      if (!exited) worker.postMessage(message, transfer);
    },
    onMessage(listener) {
      worker.on("message", listener);
    },
    onExit(listener) {
      worker.once("exit", (code) => listener(failure ?? new Error(`thread ended with code ${code}`)));
    },
    async terminate() {
      await worker.terminate();
    },
  };
}
