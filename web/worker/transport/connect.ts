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
 * server cannot be reached at all.
 */
export async function connectLive(
  options: ConnectOptions,
  handlers: TransportHandlers,
  clock: Clock,
): Promise<LiveTransport> {
  const { transport: wish = "auto", webTransport, webSocketUrl } = options;
  if (wish === "websocket") return WebSocketTransport.open(webSocketUrl, handlers, undefined);
  let reason: string;
  if (!webTransport) reason = "the server offers no WebTransport";
  else if (!("WebTransport" in globalThis)) reason = "this browser has no WebTransport";
  else {
    try {
      return await openWebTransport(webTransport, handlers, clock);
    } catch (error) {
      reason = describeError(error);
    }
  }
  if (wish === "webtransport") throw new Error(reason);
  return WebSocketTransport.open(webSocketUrl, handlers, reason);
}

async function openWebTransport(
  target: NonNullable<ConnectOptions["webTransport"]>,
  handlers: TransportHandlers,
  clock: Clock,
): Promise<LiveTransport> {
  const abort = new AbortController();
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
  }
}
