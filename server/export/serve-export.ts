import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { RemoteHost } from "./host.ts";
import type { ExportOrder, FromExport, ToExport } from "./protocol.ts";
import { runExport } from "./run-export.ts";

/** The export thread's side of the conversation. `ended` resolves after `done` or `failed` was said. */
export function serveExport(
  order: ExportOrder,
  post: (message: FromExport) => void,
): { handle: (message: ToExport) => void; ended: Promise<void> } {
  const host = new RemoteHost(post);
  const ended = runExport(order, host).then(
    ({ bytes, sha256 }) => post({ type: "done", bytes, sha256 }),
    (error: unknown) => {
      const code = errorCode(error) ?? "export.failed";
      post({ type: "failed", code, message: describeError(error) });
    },
  );
  return { handle: (message) => host.handle(message), ended };
}
