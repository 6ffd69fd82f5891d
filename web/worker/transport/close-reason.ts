import type { CloseReason } from "./transport.ts";

/** The server ends a line with "code message" (SPEC.md); anything else is the network's doing. */
export function closeReason(text: string, final: boolean): CloseReason {
  const match = /^([a-z]+(?:[._][a-z_]+)+) ?(.*)$/.exec(text);
  if (!match) return { code: "transport.closed", message: text || "the connection was lost", retryable: true };
  return { code: match[1] ?? "transport.closed", message: match[2] ?? "", retryable: !final };
}
