import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../../shared/lib/clock.ts";
import type { FrontClient } from "./client.ts";
import { errorBody } from "./error-body.ts";
import { FRONT_HEADERS } from "./security-headers.ts";

/** Asked by machines that hold no certificate, and saying nothing that is secret: probes, ACME, public keys. */
const OPEN_PATH = /^\/(health|\.well-known|api\/v1\/health)(?=$|[/?])/;
const API_PATH = /^\/api(?=$|[/?])/i;
const LOOPBACK_NAME = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i;
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/**
 * Plain HTTP from another machine, where HTTPS is there too: pages are sent on to it, and the interface is not served,
 * since passwords, tokens and cookies would go over the network in clear.
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

  /** Whether this is served as it is. */
  allows(incoming: IncomingMessage, client: FrontClient): boolean {
    return this.#tlsPort() === undefined || isPrivate(incoming, client) || OPEN_PATH.test(incoming.url ?? "/");
  }

  /** True: the request is answered. */
  answer(incoming: IncomingMessage, response: ServerResponse, client: FrontClient): boolean {
    if (this.allows(incoming, client)) return false;
    const path = incoming.url ?? "/";
    const name = hostName(client.host);
    const isRead = incoming.method === "GET" || incoming.method === "HEAD";
    const isPage = isRead && name !== undefined && /^\/[\x21-\x7e]*$/.test(path) && !API_PATH.test(path);
    const port = this.#tlsPort();
    const body = isPage ? "" : errorBody("auth.insecure", `Not over plain HTTP. Use https, port ${port}.`, this.#clock);
    response.writeHead(isPage ? 307 : 403, {
      ...FRONT_HEADERS,
      ...(isPage
        ? { location: `https://${name}:${port}${path}` }
        : { "content-type": "application/json; charset=utf-8" }),
      "content-length": Buffer.byteLength(body),
      connection: "close",
    });
    response.end(body);
    return true;
  }
}

function isPrivate(incoming: IncomingMessage, client: FrontClient): boolean {
  if (client.local || client.protocol === "https" || incoming.headers["x-forwarded-proto"] === "https") return true;
  const name = hostName(client.host);
  return name !== undefined && LOOPBACK_NAME.test(name);
}

/** Without the port; undefined for what is no host. */
function hostName(host: string | undefined): string | undefined {
  return HOST.exec(host ?? "")?.[1];
}
