import type { Clock } from "../../shared/lib/clock.ts";
import { Scope } from "../../shared/lib/scope.ts";
import { Admission } from "./front/admission.ts";
import { InsecureHttp } from "./front/insecure-http.ts";
import { Listener } from "./front/listeners.ts";
import { LiveUpgrade } from "./front/live-upgrade.ts";
import { HttpProxy } from "./front/proxy.ts";
import type { FromRelay, RelayCertificates, RelayWorkerData } from "./protocol.ts";
import { Relay } from "./relay.ts";
import type { AcceptViewer } from "./transport/connection.ts";
import { WebTransportAdmission } from "./webtransport/admission.ts";
import { WebTransportSlot } from "./webtransport/slot.ts";

export interface RelayServer {
  readonly relay: Relay;
  /** As it is now: where WebTransport listens may change with its certificate. */
  readonly ready: Extract<FromRelay, { type: "ready" }>;
  /** HTTPS goes on; WebTransport begins anew, and its viewers connect again. Never rejects. */
  setCertificates(certificates: RelayCertificates): Promise<void>;
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
    let https: Listener | undefined;
    const proxy = scope.own(
      new HttpProxy({ socketPath: data.upstreamSocket, clock, insecure: new InsecureHttp(() => https?.port, clock) }),
    );
    const admission = new Admission();
    const upgrade = scope.own(
      new LiveUpgrade({
        allowedOrigins: data.allowedOrigins,
        admission,
        accept,
        acceptPlayback: (line) => relay.playback.accept(line),
        clock,
      }),
    );
    const shared = { host: data.httpHost, proxy, upgrade };
    const http = scope.own(await Listener.open({ ...shared, port: data.httpPort, tls: undefined }));
    https = data.tls && scope.own(await Listener.open({ ...shared, port: data.tls.port, tls: data.tls }));
    const webTransport = scope.own(
      new WebTransportSlot({ host: data.httpHost, admission: new WebTransportAdmission(), accept, clock }),
    );
    if (data.webTransport) await webTransport.open(data.webTransport.port, data.webTransport);
    // Runs first: viewers are told before their sockets go.
    scope.add(() => relay.close());
    return {
      relay,
      get ready() {
        return {
          type: "ready" as const,
          httpPort: http.port,
          tlsPort: https?.port,
          webTransportPort: webTransport.port,
          webTransportError: webTransport.error,
          webTransportDetail: webTransport.detail,
        };
      },
      async setCertificates({ tls, webTransport: pinned }) {
        https?.setCertificate(tls);
        if (data.webTransport && !scope.closed) await webTransport.open(data.webTransport.port, pinned);
      },
      close: () => scope.close(),
    };
  } catch (error) {
    await scope.close();
    throw error;
  }
}
