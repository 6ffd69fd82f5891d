import { Agent, type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Clock } from "../../../shared/lib/clock.ts";
import { FORWARDED_HEADERS, HOP_BY_HOP_HEADERS, peerAddress } from "./headers.ts";

/** Connections to the main thread that are kept for the next request. */
const MAX_IDLE_UPSTREAM = 32;
const MAX_UPSTREAM = 256;
/** The main thread answers with headers within this time; bodies (downloads, event streams) may take as long as they like. */
const UPSTREAM_IDLE_MS = 120_000;

/** The REST interface has smaller limits of its own; this one bounds what a stranger can make pass through. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface HttpProxyOptions {
  /** Unix socket or named pipe. */
  readonly socketPath: string;
  readonly clock: Clock;
}

/** Passes plain HTTP on to the main thread, streaming both ways. */
export class HttpProxy {
  readonly #options: HttpProxyOptions;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_UPSTREAM, maxSockets: MAX_UPSTREAM });

  constructor(options: HttpProxyOptions) {
    this.#options = options;
  }

  handle(incoming: IncomingMessage, response: ServerResponse, protocol: "http" | "https"): void {
    if (Number(incoming.headers["content-length"] ?? 0) > MAX_BODY_BYTES) {
      this.#tooLarge(response);
      return;
    }
    this.#pass(incoming, response, protocol, true);
  }

  close(): void {
    this.#agent.destroy();
  }

  #pass(incoming: IncomingMessage, response: ServerResponse, protocol: "http" | "https", mayRetry: boolean): void {
    const upstream = request({
      socketPath: this.#options.socketPath,
      agent: this.#agent,
      method: incoming.method,
      path: incoming.url,
      headers: upstreamHeaders(incoming, protocol),
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
        this.#pass(incoming, response, protocol, false);
      } else this.#failed(response);
    });
    response.on("close", () => {
      if (!response.writableFinished) upstream.destroy();
    });
    if (incoming.readableEnded) upstream.end();
    else this.#passBody(incoming, upstream, response);
  }

  #passBody(incoming: IncomingMessage, upstream: ClientRequest, response: ServerResponse): void {
    let received = 0;
    incoming.on("data", (chunk: Buffer) => {
      received += chunk.byteLength;
      if (received <= MAX_BODY_BYTES) return;
      incoming.unpipe(upstream);
      upstream.destroy();
      this.#tooLarge(response);
    });
    incoming.on("error", () => upstream.destroy());
    incoming.pipe(upstream);
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
      ...(status === 502 && { "retry-after": "1" }),
      // The request's body may not have been read.
      connection: "close",
    });
    response.end(body);
  }
}

/** The error body of the REST interface. */
export function errorBody(code: string, message: string, clock: Clock): string {
  const timestamp = new Date(clock.utcMicros() / 1000).toISOString();
  return JSON.stringify({ success: false, error: { code, message, details: null, timestamp, requestId: null } });
}

/** What the client says about where it comes from is never passed on: it is written anew from the socket. */
function upstreamHeaders(incoming: IncomingMessage, protocol: "http" | "https"): string[] {
  const headers = withoutHopByHop(incoming.rawHeaders, FORWARDED_HEADERS);
  headers.push("x-forwarded-for", peerAddress(incoming.socket.remoteAddress), "x-forwarded-proto", protocol);
  if (incoming.headers.host !== undefined) headers.push("x-forwarded-host", incoming.headers.host);
  const chunked = incoming.headers["transfer-encoding"] !== undefined;
  if (chunked) headers.push("transfer-encoding", "chunked");
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
