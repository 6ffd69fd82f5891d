import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Clock } from "../../../shared/lib/clock.ts";
import { Admission } from "./admission.ts";
import { errorBody } from "./error-body.ts";
import { FORWARDED_HEADERS, HOP_BY_HOP_HEADERS, peerAddress } from "./headers.ts";
import type { InsecureHttp } from "./insecure-http.ts";
import { readBody } from "./read-body.ts";

/** Connections to the main thread that are kept for the next request. */
const MAX_IDLE_UPSTREAM = 32;
const MAX_UPSTREAM = 256;
/** The main thread answers with headers within this time; an answer's body may take as long as it likes. */
const UPSTREAM_IDLE_MS = 120_000;
/** Requests under way, and of these from one address; what is beyond the upstream connections waits for one. */
const MAX_REQUESTS = { total: 2 * MAX_UPSTREAM, perAddress: 32 };
/** The REST interface has a smaller limit of its own, and says so better. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpProxyOptions {
  /** Unix socket or named pipe. */
  readonly socketPath: string;
  readonly clock: Clock;
  /** Undefined: plain HTTP is as good as any. */
  readonly insecure?: InsecureHttp;
}

type Protocol = "http" | "https";

/** Passes plain HTTP on to the main thread. A request goes there when it is whole: a slow sender holds nothing there. */
export class HttpProxy {
  readonly #options: HttpProxyOptions;
  readonly #requests = new Admission(MAX_REQUESTS);
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_UPSTREAM, maxSockets: MAX_UPSTREAM });

  constructor(options: HttpProxyOptions) {
    this.#options = options;
  }

  handle(incoming: IncomingMessage, response: ServerResponse, protocol: Protocol): void {
    if (protocol === "http" && this.#options.insecure?.answer(incoming, response)) return;
    const leave = this.#requests.enter(peerAddress(incoming.socket.remoteAddress));
    if (!leave) {
      this.#answer(response, 503, "server.busy", "Too many requests at once.");
      return;
    }
    response.on("close", leave);
    void readBody(incoming, MAX_BODY_BYTES).then((body) => {
      if (response.destroyed) return;
      if (body === "too-large") this.#tooLarge(response);
      else if (body === "cut") response.destroy();
      else this.#pass(incoming, response, protocol, body, true);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #pass(
    incoming: IncomingMessage,
    response: ServerResponse,
    protocol: Protocol,
    body: Buffer,
    mayRetry: boolean,
  ): void {
    const upstream = request({
      socketPath: this.#options.socketPath,
      agent: this.#agent,
      method: incoming.method,
      path: incoming.url,
      headers: upstreamHeaders(incoming, protocol, body),
      setHost: false,
      timeout: UPSTREAM_IDLE_MS,
    });
    upstream.on("timeout", () => upstream.destroy(new Error("the main thread did not answer")));
    upstream.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutHopByHop(answer.rawHeaders));
      answer.pipe(response);
      // An answer cut short must not look complete.
      answer.on("error", () => response.destroy());
    });
    upstream.on("error", () => {
      // A kept connection that the main thread closed at this very moment. Nothing was processed, nothing is repeated.
      const bodiless = incoming.method === "GET" || incoming.method === "HEAD";
      if (mayRetry && bodiless && upstream.reusedSocket && !response.headersSent && !response.destroyed) {
        this.#pass(incoming, response, protocol, body, false);
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

  #failed(response: ServerResponse): void {
    this.#answer(response, 502, "server.unavailable", "The server is starting or restarting.");
  }

  #answer(response: ServerResponse, status: number, code: string, message: string): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const body = errorBody(code, message, this.#options.clock);
    response.writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
      ...(status !== 413 && { "retry-after": "1" }),
      // The request's body may not have been read.
      connection: "close",
    });
    response.end(body);
  }
}

/** What the client says about where it comes from is never passed on: it is written anew from the socket. */
function upstreamHeaders(incoming: IncomingMessage, protocol: Protocol, body: Buffer): string[] {
  const headers = withoutHopByHop(incoming.rawHeaders, FORWARDED_HEADERS);
  headers.push("x-forwarded-for", peerAddress(incoming.socket.remoteAddress), "x-forwarded-proto", protocol);
  if (incoming.headers.host !== undefined) headers.push("x-forwarded-host", incoming.headers.host);
  // What came in pieces goes on whole.
  if (incoming.headers["transfer-encoding"] !== undefined) headers.push("content-length", String(body.byteLength));
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
    for (const name of (raw[i + 1] ?? "").split(",")) named.add(name.trim().toLowerCase());
  }
  return named;
}
