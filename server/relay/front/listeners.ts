import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { KeyPair } from "../protocol.ts";
import type { LiveUpgrade } from "./live-upgrade.ts";
import type { HttpProxy } from "./proxy.ts";

/** A client that takes longer to say what it wants is slow on purpose. */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 2000,
  noDelay: true,
  keepAlive: true,
};
const MAX_CONNECTIONS = 4096;
const MAX_HEADERS = 100;

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM; undefined: plain HTTP. */
  readonly tls: KeyPair | undefined;
  readonly proxy: HttpProxy;
  readonly upgrade: LiveUpgrade;
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
    const { tls, proxy, upgrade, host, port } = options;
    const server: Server = tls ? createTlsServer({ ...LIMITS, ...secureContext(tls) }) : createServer(LIMITS);
    server.maxConnections = MAX_CONNECTIONS;
    server.maxHeadersCount = MAX_HEADERS;
    const protocol = tls ? "https" : "http";
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    server.on("request", (request, response) => proxy.handle(request, response, protocol));
    server.on("upgrade", (request, socket, head) => upgrade.handle(request, socket, head));
    server.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
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

function secureContext({ certificate, privateKey }: KeyPair): { cert: string; key: string; minVersion: "TLSv1.2" } {
  return { cert: certificate, key: privateKey, minVersion: "TLSv1.2" };
}
