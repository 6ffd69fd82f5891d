import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { LookupFunction, Socket } from "node:net";
import { Readable, Transform } from "node:stream";
import { FluxError } from "../../shared/lib/errors.ts";

export interface FetchLimits {
  /** Of an answer's body. */
  readonly maxBytes: number;
  /** Without a byte either way. */
  readonly idleMs: number;
  /** PEM of an authority to trust besides the system's. */
  readonly ca?: string;
}

export interface FetchGuard {
  /** Throws `net.bad_url`, `net.refused`. */
  check(url: URL): URL;
  lookup(port: number): LookupFunction;
  refusal(ip: string, port: number): FluxError | undefined;
}

const DEFAULT_LIMITS: FetchLimits = { maxBytes: 8 * 1024 * 1024, idleMs: 15_000 };
const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Not sent on when a redirect leaves the origin. */
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization", "x-amz-security-token"];
const NO_BODY = new Set([204, 205, 304]);

type Body = Uint8Array | Readable | undefined;

interface Outgoing {
  readonly method: string;
  readonly headers: Headers;
  readonly body: Body;
  readonly signal: AbortSignal | undefined;
}

/** `fetch` over sockets that connect to addresses which were looked at. Keeps connections for the next request. */
export class GuardedFetch {
  readonly #guard: FetchGuard;
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16 });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16 });

  constructor(guard: FetchGuard) {
    this.#guard = guard;
  }

  async fetch(
    input: string | URL | Request,
    init: RequestInit | undefined,
    given: Partial<FetchLimits>,
  ): Promise<Response> {
    const limits = { ...DEFAULT_LIMITS, ...given };
    const redirect =
      init?.redirect ?? (input instanceof Request && input.redirect !== "follow" ? input.redirect : "error");
    let url = new URL(input instanceof Request ? input.url : input);
    let outgoing = await toOutgoing(input, init);
    for (let hops = 0; ; hops++) {
      this.#guard.check(url);
      const response = await this.#once(url, outgoing, limits);
      const location = response.headers.get("location");
      if (!REDIRECTS.has(response.status) || location === null || redirect === "manual") return response;
      await response.body?.cancel();
      if (redirect !== "follow") throw new FluxError("net.redirect", "the server redirects to another address");
      if (hops === MAX_REDIRECTS) throw new FluxError("net.redirect", "the server redirects too often");
      const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
      if (!next) throw new FluxError("net.redirect", "the server redirects to what is no address");
      if (url.protocol === "https:" && next.protocol !== "https:") {
        throw new FluxError("net.redirect", "the server redirects from an encrypted to an unencrypted address");
      }
      outgoing = redirected(outgoing, response.status, next.origin === url.origin);
      url = next;
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #once(url: URL, { method, headers, body, signal }: Outgoing, limits: FetchLimits): Promise<Response> {
    const secure = url.protocol === "https:";
    const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
    const options = {
      method,
      agent: secure ? this.#https : this.#http,
      headers: Object.fromEntries(headers),
      lookup: this.#guard.lookup(port),
      timeout: limits.idleMs,
      ...(signal ? { signal } : {}),
      ...(limits.ca === undefined ? {} : { ca: limits.ca }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = secure ? httpsRequest(url, options) : httpRequest(url, options);
      outgoing.on("socket", (socket: Socket) => {
        // Belt and braces: whatever was resolved, this is where the socket went.
        socket.once("connect", () => {
          const error = this.#guard.refusal(socket.remoteAddress ?? "", port);
          if (error) outgoing.destroy(error);
        });
      });
      outgoing.on("timeout", () => outgoing.destroy(new FluxError("net.timeout", "the server does not answer")));
      outgoing.on("error", (error) => reject(toFluxError(error)));
      outgoing.on("response", (incoming) => {
        try {
          resolve(toResponse(incoming, method, limits.maxBytes));
        } catch (error) {
          outgoing.destroy();
          reject(toFluxError(error));
        }
      });
      if (body instanceof Readable) {
        body.on("error", (error) => outgoing.destroy(error));
        body.pipe(outgoing);
      } else outgoing.end(body);
    });
  }
}

async function toOutgoing(input: string | URL | Request, init: RequestInit = {}): Promise<Outgoing> {
  const known = input instanceof Request ? input : undefined;
  const headers = new Headers(init.headers ?? known?.headers);
  const method = (init.method ?? known?.method ?? "GET").toUpperCase();
  const body = await toBody(init.body ?? known?.body, headers);
  if (body instanceof Uint8Array) headers.set("content-length", String(body.byteLength));
  headers.set("accept-encoding", "identity");
  const signal = init.signal ?? known?.signal;
  return { method, headers, body, signal: signal ?? undefined };
}

/** Bytes where they are at hand, so that the length is told; a stream of unknown length goes out in pieces. */
async function toBody(body: RequestInit["body"], headers: Headers): Promise<Body> {
  if (body === undefined || body === null) return undefined;
  if (body instanceof ReadableStream) return Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  const type = headers.get("content-type");
  const wrapped = new Response(body as ConstructorParameters<typeof Response>[0]);
  if (type === null) headers.set("content-type", wrapped.headers.get("content-type") ?? "application/octet-stream");
  return new Uint8Array(await wrapped.arrayBuffer());
}

/** RFC 9110, 15.4: after 303, and by custom after 301 and 302, the next request is a GET. */
function redirected(outgoing: Outgoing, status: number, sameOrigin: boolean): Outgoing {
  const { method, headers: before, body, signal } = outgoing;
  const headers = new Headers(before);
  if (!sameOrigin) for (const name of CREDENTIALS) headers.delete(name);
  const becomesGet = status === 303 || ((status === 301 || status === 302) && method === "POST");
  if (!becomesGet) {
    if (body instanceof Readable) throw new FluxError("net.redirect", "what is being sent cannot be sent twice");
    return { method, headers, body, signal };
  }
  for (const name of ["content-length", "content-type"]) headers.delete(name);
  return { method: "GET", headers, body: undefined, signal };
}

function toResponse(incoming: IncomingMessage, method: string, maxBytes: number): Response {
  const headers = new Headers();
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
  }
  const status = incoming.statusCode ?? 502;
  if (Number(headers.get("content-length") ?? 0) > maxBytes && method !== "HEAD") throw tooLarge(maxBytes);
  if (method === "HEAD" || NO_BODY.has(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  let received = 0;
  const limited = incoming.pipe(
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        received += chunk.byteLength;
        if (received > maxBytes) done(tooLarge(maxBytes));
        else done(null, chunk);
      },
    }),
  );
  // Either way: a broken connection must not look like the end, and nobody reading any more ends the connection.
  incoming.on("error", (error) => limited.destroy(toFluxError(error)));
  limited.on("close", () => {
    if (!incoming.readableEnded) incoming.destroy();
  });
  return new Response(Readable.toWeb(limited) as ReadableStream, { status, headers });
}

function tooLarge(maxBytes: number): FluxError {
  return new FluxError("net.too_large", `the answer is larger than ${maxBytes} bytes`);
}

function toFluxError(error: unknown): Error {
  if (error instanceof FluxError) return error;
  if (error instanceof Error && error.name === "AbortError") return error;
  return new FluxError("net.failed", "the server cannot be reached", { cause: error });
}
