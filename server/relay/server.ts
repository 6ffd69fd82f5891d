import type { Clock } from "../../shared/lib/clock.ts";
import { describeError } from "../../shared/lib/errors.ts";
import { Scope } from "../../shared/lib/scope.ts";
import { Admission } from "./front/admission.ts";
import { Listener } from "./front/listeners.ts";
import { LiveUpgrade } from "./front/live-upgrade.ts";
import { HttpProxy } from "./front/proxy.ts";
import type { FromRelay, RelayWorkerData } from "./protocol.ts";
import { Relay } from "./relay.ts";
import type { AcceptViewer } from "./transport/connection.ts";
import { WebTransportListener } from "./webtransport/listener.ts";

export interface RelayServer {
  readonly relay: Relay;
  readonly ready: Extract<FromRelay, { type: "ready" }>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Composition of the relay thread: listeners, proxy, transports, relay. Rejects with `relay.listen_failed`. */
export async function openRelayServer(
  data: RelayWorkerData,
  post: (message: FromRelay) => void,
  clock: Clock,
): Promise<RelayServer> {
  const scope = new Scope();
  try {
    const relay = new Relay({ quotaKbps: data.quotaKbps, clock, post });
    const accept: AcceptViewer = (connection) => relay.accept(connection);
    const admission = new Admission();
    const proxy = scope.own(new HttpProxy({ socketPath: data.upstreamSocket, clock }));
    const upgrade = scope.own(new LiveUpgrade({ allowedOrigins: data.allowedOrigins, admission, accept, clock }));
    const shared = { host: data.httpHost, proxy, upgrade };
    const http = scope.own(await Listener.open({ ...shared, port: data.httpPort, tls: undefined }));
    const https = data.tls && scope.own(await Listener.open({ ...shared, port: data.tls.port, tls: data.tls }));
    // Optional by nature: the native module needs a recent C library. Its absence is told once, and is no failure.
    let webTransport: WebTransportListener | undefined;
    let webTransportError: string | undefined;
    if (data.webTransport) {
      try {
        webTransport = scope.own(
          await WebTransportListener.open({ ...data.webTransport, host: data.httpHost, admission, accept, clock }),
        );
      } catch (error) {
        webTransportError = describeError(error);
      }
    }
    // Runs first: viewers are told before their sockets go.
    scope.add(() => relay.close());
    return {
      relay,
      ready: {
        type: "ready",
        httpPort: http.port,
        tlsPort: https?.port,
        webTransportPort: webTransport?.port,
        webTransportError,
      },
      close: () => scope.close(),
    };
  } catch (error) {
    await scope.close();
    throw error;
  }
}
