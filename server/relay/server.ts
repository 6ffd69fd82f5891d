import type { Clock } from "../../shared/lib/clock.ts";
import { Scope } from "../../shared/lib/scope.ts";
import { parseNetwork } from "../net/address-class.ts";
import { Admission } from "./front/admission.ts";
import { Clients } from "./front/client.ts";
import { ConnectionGate } from "./front/connection-gate.ts";
import { affordableConnections, DEFAULT_FRONT, type FrontSettings } from "./front/front-settings.ts";
import { InsecureHttp } from "./front/insecure-http.ts";
import { Listener } from "./front/listeners.ts";
import { LiveUpgrade } from "./front/live-upgrade.ts";
import { HttpProxy } from "./front/proxy.ts";
import { strictTransport } from "./front/security-headers.ts";
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
    const front: FrontSettings = { ...DEFAULT_FRONT, ...data.front };
    const clients = new Clients(front.trustedProxies.map(parseNetwork));
    const insecure = front.insecureHttp ? {} : { insecure: new InsecureHttp(() => https?.port, clock) };
    let strict = strictTransport(data.tls?.certificate);
    const proxy = scope.own(
      new HttpProxy({
        socketPath: data.upstreamSocket,
        clock,
        clients,
        requestsPerSecond: front.requestsPerSecond,
        strictTransport: () => strict,
        ...insecure,
      }),
    );
    const gate = new ConnectionGate({
      total: affordableConnections(front.maxConnections),
      perOwner: front.maxConnectionsPerAddress,
    });
    const admission = new Admission();
    const upgrade = scope.own(
      new LiveUpgrade({
        allowedOrigins: data.allowedOrigins,
        admission,
        accept,
        acceptPlayback: (line) => relay.playback.accept(line),
        clock,
        clients,
        ...insecure,
      }),
    );
    const shared = { host: data.httpHost, proxy, upgrade, gate, clients };
    const http = scope.own(await Listener.open({ ...shared, port: data.httpPort, tls: undefined }));
    https = data.tls && scope.own(await Listener.open({ ...shared, port: data.tls.port, tls: data.tls }));
    const webTransport = scope.own(
      new WebTransportSlot({ host: data.httpHost, admission: new WebTransportAdmission(), accept, clock }),
    );
    let shownPinned = data.webTransport?.certificate;
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
        strict = strictTransport(tls.certificate);
        // Its viewers would be cut off for nothing.
        if (pinned.certificate === shownPinned) return;
        shownPinned = pinned.certificate;
        if (data.webTransport && !scope.closed) await webTransport.open(data.webTransport.port, pinned);
      },
      close: () => scope.close(),
    };
  } catch (error) {
    await scope.close();
    throw error;
  }
}
