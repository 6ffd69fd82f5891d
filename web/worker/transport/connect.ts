import type { Clock } from "../../../shared/lib/clock.ts";
import { describeError } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { ConnectOptions } from "../../engine/worker-protocol.ts";
import type { LiveTransport, TransportHandlers } from "./transport.ts";
import { WebSocketTransport } from "./websocket-transport.ts";
import { WebTransportTransport } from "./webtransport-transport.ts";

/** UDP that is blocked answers nothing: a person would notice a longer wait. */
const WEBTRANSPORT_WITHIN_MS = millis(1000);

/**
 * WebTransport where browser and server have it, else WebSocket, with the reason in `fallbackReason`. Rejects when the
 * server cannot be reached at all. `opening`: aborted when the line is not wanted any more.
 */
export async function connectLive(
  options: ConnectOptions,
  handlers: TransportHandlers,
  clock: Clock,
  opening?: AbortSignal,
): Promise<LiveTransport> {
  opening?.throwIfAborted();
  const { transport: wish = "auto", webTransport, webSocketUrl } = options;
  if (wish === "websocket") return WebSocketTransport.open(webSocketUrl, handlers, undefined, opening);
  let reason: string;
  if (!webTransport) reason = "the server offers no WebTransport";
  else if (!("WebTransport" in globalThis)) reason = "this browser has no WebTransport";
  else {
    try {
      return await openWebTransport(webTransport, handlers, clock, opening);
    } catch (error) {
      reason = describeError(error);
    }
  }
  if (wish === "webtransport") throw new Error(reason);
  return WebSocketTransport.open(webSocketUrl, handlers, reason, opening);
}

async function openWebTransport(
  target: NonNullable<ConnectOptions["webTransport"]>,
  handlers: TransportHandlers,
  clock: Clock,
  opening: AbortSignal | undefined,
): Promise<LiveTransport> {
  const abort = new AbortController();
  const giveUp = (): void => abort.abort();
  opening?.addEventListener("abort", giveUp, { once: true });
  const limit = clock.after(WEBTRANSPORT_WITHIN_MS, () => abort.abort());
  const timeout = new Promise<never>((_, reject) => {
    abort.signal.addEventListener("abort", () => {
      reject(new Error(`WebTransport did not open within ${WEBTRANSPORT_WITHIN_MS} ms (is UDP blocked?)`));
    });
  });
  try {
    return await Promise.race([WebTransportTransport.open(target, handlers, clock, abort.signal), timeout]);
  } finally {
    limit.cancel();
    opening?.removeEventListener("abort", giveUp);
  }
}
