import { type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Clock } from "../../../shared/lib/clock.ts";
import { addressOwner } from "../../net/address-class.ts";
import { RateLimiter } from "../../net/rate-limiter.ts";
import { Admission } from "./admission.ts";
import type { Clients, FrontClient } from "./client.ts";
import { errorBody } from "./error-body.ts";
import { ambiguity, options } from "./framing.ts";
import { FORWARDED_HEADERS, HOP_BY_HOP_HEADERS, LOCAL_HEADER } from "./headers.ts";
import type { InsecureHttp } from "./insecure-http.ts";
import { BodyBudget, readBody } from "./read-body.ts";
import { FRONT_HEADERS } from "./security-headers.ts";
import { UpstreamAgent } from "./upstream-agent.ts";

/** Connections to the main thread that are kept for the next request. */
const MAX_IDLE_UPSTREAM = 32;
const MAX_UPSTREAM = 256;
/** The main thread answers with headers within this time; an answer's body may take as long as it likes. */
const UPSTREAM_IDLE_MS = 120_000;
/** Requests under way, and of these from one address; what is beyond the upstream connections waits for one. */
const MAX_REQUESTS = { total: 2 * MAX_UPSTREAM, perAddress: 32 };
/** The REST interface has a smaller limit of its own, and says so better. */
const MAX_BODY_BYTES = 1024 * 1024;
/** All bodies that are held at one moment. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
const BURST_SECONDS = 5;
/** Never as the client has written it. */
const WRITTEN_ANEW: ReadonlySet<string> = new Set([...FORWARDED_HEADERS, "content-length"]);

export interface HttpProxyOptions {
  /** Unix socket or named pipe. */
  readonly socketPath: string;
  readonly clock: Clock;
  readonly clients: Clients;
  /** Of one address; 0: not limited. This machine itself is not limited. */
  readonly requestsPerSecond: number;
  /** `Strict-Transport-Security` of answers over HTTPS; undefined: none. */
  readonly strictTransport?: () => string | undefined;
  /** Undefined: plain HTTP is as good as any. */
  readonly insecure?: InsecureHttp;
}

/** Passes plain HTTP on to the main thread. A request goes there when it is whole: a slow sender holds nothing there. */
export class HttpProxy {
  readonly #options: HttpProxyOptions;
  readonly #requests = new Admission(MAX_REQUESTS);
  readonly #bodies = new BodyBudget(MAX_HELD_BYTES);
  readonly #rate: RateLimiter | undefined;
  readonly #agent = new UpstreamAgent({ maxFreeSockets: MAX_IDLE_UPSTREAM, maxSockets: MAX_UPSTREAM });

  constructor(options: HttpProxyOptions) {
    this.#options = options;
    const { clock, requestsPerSecond: perSecond } = options;
    this.#rate = perSecond > 0 ? new RateLimiter(clock, { perSecond, burst: BURST_SECONDS * perSecond }) : undefined;
  }

  /** `whole` is called when the request is there to its end, and is going to be answered. */
  handle(
    incoming: IncomingMessage,
    response: ServerResponse,
    protocol: "http" | "https",
    whole: () => void = () => {},
  ): void {
    const client = this.#options.clients.of(incoming, protocol);
    if (client.protocol === "http" && this.#options.insecure?.answer(incoming, response, client)) return;
    const owner = addressOwner(client.address);
    const waitMs = client.local ? 0 : (this.#rate?.take(owner) ?? 0);
    if (waitMs > 0) {
      this.#answer(response, 429, "server.rate_limited", "Too many requests from this address.", waitMs);
      return;
    }
    const unclear = ambiguity(incoming);
    if (unclear !== undefined) {
      this.#answer(response, 400, "request.ambiguous", `The request is not clear: ${unclear}.`);
      return;
    }
    void readBody(incoming, MAX_BODY_BYTES, this.#bodies).then(({ body, release }) => {
      response.on("close", release);
      if (response.destroyed) return release();
      if (body === "too-large") return this.#tooLarge(response);
      if (body === "busy") return this.#busy(response);
      if (body === "cut") return void response.destroy();
      whole();
      // Not before: who sends slowly holds a connection of his, and no place that others need.
      const leave = this.#requests.enter(owner);
      if (!leave) return this.#busy(response);
      response.on("close", leave);
      this.#pass(incoming, response, client, body, true);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #pass(
    incoming: IncomingMessage,
    response: ServerResponse,
    client: FrontClient,
    body: Buffer,
    mayRetry: boolean,
  ): void {
    const upstream = request({
      socketPath: this.#options.socketPath,
      agent: this.#agent,
      method: incoming.method,
      path: incoming.url,
      headers: upstreamHeaders(incoming, client, body),
      setHost: false,
      timeout: UPSTREAM_IDLE_MS,
    });
    upstream.on("timeout", () => upstream.destroy(new Error("the main thread did not answer")));
    upstream.on("response", (answer) => {
      const headers = withoutHopByHop(answer.rawHeaders);
      const strict = client.protocol === "https" ? this.#options.strictTransport?.() : undefined;
      if (strict !== undefined) headers.push("strict-transport-security", strict);
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
      answer.pipe(response);
      // An answer cut short must not look complete.
      answer.on("error", () => response.destroy());
    });
    upstream.on("error", () => {
      // A kept connection that the main thread closed at this very moment. Nothing was processed, nothing is repeated.
      const bodiless = incoming.method === "GET" || incoming.method === "HEAD";
      if (mayRetry && bodiless && upstream.reusedSocket && !response.headersSent && !response.destroyed) {
        this.#pass(incoming, response, client, body, false);
      } else this.#failed(response);
    });
    response.on("close", () => {
      if (!response.writableFinished) upstream.destroy();
    });
    upstream.end(body);
  }

  #tooLarge(response: ServerResponse): void {
    this.#answer(response, 413, "server.body_too_large", `A request's body is limited to ${MAX_BODY_BYTES} bytes.`);
  }

  #busy(response: ServerResponse): void {
    this.#answer(response, 503, "server.busy", "Too many requests at once.", 1000);
  }

  #failed(response: ServerResponse): void {
    this.#answer(response, 502, "server.unavailable", "The server is starting or restarting.", 1000);
  }

  #answer(response: ServerResponse, status: number, code: string, message: string, retryMs?: number): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const body = errorBody(code, message, this.#options.clock);
    response.writeHead(status, {
      ...FRONT_HEADERS,
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      ...(retryMs !== undefined && { "retry-after": String(Math.ceil(retryMs / 1000)) }),
      // The request's body may not have been read.
      connection: "close",
    });
    response.end(body);
  }
}

/** What the client says about where it comes from is never passed on: it is written anew, from what is believed. */
function upstreamHeaders(
  incoming: IncomingMessage,
  { address, protocol, host, local }: FrontClient,
  body: Buffer,
): string[] {
  const headers = withoutHopByHop(incoming.rawHeaders, WRITTEN_ANEW);
  headers.push("x-forwarded-for", address, "x-forwarded-proto", protocol);
  if (host !== undefined) headers.push("x-forwarded-host", host);
  if (local) headers.push(LOCAL_HEADER, "1");
  // Always and for every method: Node adds no length to a GET or DELETE, and a body without one is the next request.
  headers.push("content-length", String(body.byteLength));
  return headers;
}

function withoutHopByHop(raw: readonly string[], also: ReadonlySet<string> = new Set()): string[] {
  const named = connectionNamed(raw);
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const lower = name.toLowerCase();
    if (HOP_BY_HOP_HEADERS.has(lower) || named.has(lower) || also.has(lower)) continue;
    kept.push(name, raw[i + 1] ?? "");
  }
  return kept;
}

/** Headers that `Connection` names are of this hop only, too (RFC 9110, 7.6.1). */
function connectionNamed(raw: readonly string[]): Set<string> {
  const named = new Set<string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== "connection") continue;
    for (const name of options(raw[i + 1] ?? "")) named.add(name);
  }
  return named;
}
