import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { FluxError } from "../../../shared/lib/errors.ts";
import { addressOwner } from "../../net/address-class.ts";
import type { KeyPair } from "../protocol.ts";
import type { Clients } from "./client.ts";
import type { ConnectionGate } from "./connection-gate.ts";
import { peerAddress } from "./headers.ts";
import type { LiveUpgrade } from "./live-upgrade.ts";
import type { HttpProxy } from "./proxy.ts";
import { FRONT_HEADER_LINES } from "./security-headers.ts";

/** A client that takes longer to say what it wants is slow on purpose. */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  // With the body, which is 1 MB at most.
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 2000,
  noDelay: true,
  keepAlive: true,
};
const MAX_HEADERS = 100;
/** Neither side says anything for so long in the middle of an answer: nobody is there any more. */
const STALLED_MS = 120_000;
const HANDSHAKE_MS = 10_000;
/** TLS 1.3 has no weak ones; of TLS 1.2 those with forward secrecy and authenticated encryption only. */
const CIPHERS = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  ...["ECDSA", "RSA"].flatMap((kind) =>
    ["AES256-GCM-SHA384", "AES128-GCM-SHA256", "CHACHA20-POLY1305"].map((cipher) => `ECDHE-${kind}-${cipher}`),
  ),
].join(":");

const BAD_REQUEST = `HTTP/1.1 400 Bad Request\r\n${FRONT_HEADER_LINES}Connection: close\r\nContent-Length: 0\r\n\r\n`;

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM; undefined: plain HTTP. */
  readonly tls: KeyPair | undefined;
  readonly proxy: HttpProxy;
  readonly upgrade: LiveUpgrade;
  readonly gate: ConnectionGate;
  readonly clients: Clients;
}

/** One public listener. Rejects with `relay.listen_failed`. */
export class Listener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly port: number;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  static open(options: ListenerOptions): Promise<Listener> {
    const { tls, proxy, upgrade, host, port, gate, clients } = options;
    const server: Server = tls
      ? createTlsServer({ ...LIMITS, ...secureContext(tls), handshakeTimeout: HANDSHAKE_MS })
      : createServer(LIMITS);
    server.maxHeadersCount = MAX_HEADERS;
    server.setTimeout(STALLED_MS); // clock: the sockets' own idle timers
    const protocol = tls ? "https" : "http";
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      const peer = peerAddress(socket.remoteAddress);
      if (!gate.enter(socket, clients.isProxy(peer) ? undefined : addressOwner(peer))) return;
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    server.on("request", (request, response) => {
      response.on("close", () => gate.idle(request.socket));
      proxy.handle(request, response, protocol, () => gate.busy(request.socket));
    });
    server.on("upgrade", (request, socket, head) => {
      upgrade.handle(request, socket, head, protocol, () => gate.busy(request.socket));
    });
    server.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end(BAD_REQUEST);
      else socket.destroy();
    });
    return new Promise((resolve, reject) => {
      server.once("error", (cause) => {
        reject(new FluxError("relay.listen_failed", `cannot listen on ${host}:${port}`, { cause }));
      });
      server.listen(port, host, () => {
        server.removeAllListeners("error");
        // Running out of file descriptors shows here; the listener goes on.
        server.on("error", () => {});
        resolve(new Listener(server, sockets));
      });
    });
  }

  /** New connections get this certificate; those that are open go on. Throws what OpenSSL says of a bad pair. */
  setCertificate(tls: KeyPair): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext(secureContext(tls));
  }

  /** Stops listening and cuts what is still open. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }
}

function secureContext({ certificate, privateKey }: KeyPair): SecureContextOptions {
  return { cert: certificate, key: privateKey, minVersion: "TLSv1.2", ciphers: CIPHERS, honorCipherOrder: true };
}
