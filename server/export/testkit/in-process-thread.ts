import type { ExportThread } from "../export-runner.ts";
import type { ExportOrder, FromExport } from "../protocol.ts";
import { serveExport } from "../serve-export.ts";

/** The export's thread without a thread. `terminate` only waits: it stops at the next question or segment. */
export function inProcessThread(order: ExportOrder): ExportThread {
  let listener: (message: FromExport) => void = () => undefined;
  let exited: (error: unknown) => void = () => undefined;
  const { handle, ended } = serveExport(order, (message) => listener(message));
  void ended.then(() => exited(undefined));
  return {
    post: (message) => handle(message),
    onMessage: (take) => {
      listener = take;
    },
    onExit: (take) => {
      exited = take;
    },
    terminate: () => ended,
  };
}
