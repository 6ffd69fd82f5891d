import { setFlagsFromString } from "node:v8";
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

/**
 * The threads have small heaps (8 MB) and move 24 MB of frames per second outside of them. V8 takes its first limit from
 * the heap alone, which that traffic passes every second: each time it would mark the whole heap to free buffers. From
 * here on it starts at this size; buffers outside of the heap still make it collect after each 64 MB.
 */
const OLD_SPACE_MIB = 32;
/** What lives shortly: by itself V8 lets it grow to 16 MB and more, twice, in each thread. */
const SEMI_SPACE_MIB = 4;

/** Starts the thread whose entry is at `entry` (a bundled file). */
export function spawnThread<In, Out>(entry: URL, data: unknown, name: string): Thread<In, Out> {
  // Read when a thread's heap is made; there is no such field among a worker's `resourceLimits`.
  setFlagsFromString(`--initial-old-space-size=${OLD_SPACE_MIB}`);
  setFlagsFromString(`--max-semi-space-size=${SEMI_SPACE_MIB}`);
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
