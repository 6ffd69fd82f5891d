import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../../shared/lib/clock.ts";
import { errorBody } from "./error-body.ts";
import { peerAddress } from "./headers.ts";

const AUTH_PATH = /^\/api\/v1\/auth\//i;
const HEALTH_PATH = /^\/health(?=$|[/?])/;
const LOOPBACK_NAME = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i;
const LOOPBACK_ADDRESS = /^(127\.|::1$)/;
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/**
 * Plain HTTP from another machine, where HTTPS is there too: pages are sent on to it, since a browser gives a page of
 * plain HTTP neither decoders nor cryptography, and passwords are not taken in clear. Everything else passes.
 *
 * What decides is what the browser will hold for secure: `localhost` in the address (a container's mapped port, an SSH
 * tunnel) is, whatever the peer's address. A proxy that has ended TLS says so in `x-forwarded-proto`; a client that lies
 * there gives away its own password only.
 */
export class InsecureHttp {
  readonly #tlsPort: () => number | undefined;
  readonly #clock: Clock;

  constructor(tlsPort: () => number | undefined, clock: Clock) {
    this.#tlsPort = tlsPort;
    this.#clock = clock;
  }

  /** True: the request is answered. */
  answer(incoming: IncomingMessage, response: ServerResponse): boolean {
    const tlsPort = this.#tlsPort();
    if (tlsPort === undefined || isPrivate(incoming)) return false;
    const path = incoming.url ?? "/";
    if (incoming.method === "POST" && AUTH_PATH.test(path)) {
      const message = `Passwords are not taken over plain HTTP. Use https, port ${tlsPort}.`;
      const body = errorBody("auth.insecure", message, this.#clock);
      response.writeHead(403, {
        "content-type": "application/json; charset=utf-8",
        "content-length": Buffer.byteLength(body),
        "cache-control": "no-store",
        connection: "close",
      });
      response.end(body);
      return true;
    }
    const name = hostName(incoming.headers.host);
    const isPage = /\btext\/html\b/i.test(incoming.headers.accept ?? "");
    const isPath = /^\/[\x21-\x7e]*$/.test(path) && !HEALTH_PATH.test(path);
    if (!isPage || !isPath || name === undefined || !/^(GET|HEAD)$/.test(incoming.method ?? "")) return false;
    response.writeHead(307, {
      location: `https://${name}:${tlsPort}${path}`,
      "content-length": 0,
      "cache-control": "no-store",
      connection: "close",
    });
    response.end();
    return true;
  }
}

function isPrivate(incoming: IncomingMessage): boolean {
  if (LOOPBACK_ADDRESS.test(peerAddress(incoming.socket.remoteAddress))) return true;
  if (incoming.headers["x-forwarded-proto"] === "https") return true;
  const name = hostName(incoming.headers.host);
  return name !== undefined && LOOPBACK_NAME.test(name);
}

/** Without the port; undefined for what is no host. */
function hostName(host: string | undefined): string | undefined {
  return HOST.exec(host ?? "")?.[1];
}
