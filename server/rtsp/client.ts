import { FluxError } from "../../shared/lib/errors.ts";
import type { Authenticator } from "./auth.ts";
import type { RtspConnection } from "./connection.ts";
import { parsePublic, parseSession, parseTransport, type TransportHeader } from "./headers.ts";
import { header, printable, type RtspResponse } from "./message.ts";
import { parseSdp, type Sdp } from "./sdp.ts";
import { statusError } from "./status-error.ts";
import { hasControlOrSpace, resolveControl } from "./url.ts";

type Fields = readonly (readonly [string, string])[];

export interface Description {
  readonly sdp: Sdp;
  /** Where relative control attributes hang. */
  readonly base: string;
  readonly server: string | undefined;
}

/** The camera wants us elsewhere. */
export interface Redirect {
  readonly location: string;
}

/** The RTSP conversation on one connection (RFC 2326, 10): authentication, session, keep-alive. */
export class RtspClient {
  readonly #connection: RtspConnection;
  readonly #authenticator: Authenticator | undefined;
  readonly #maxMedia: number;
  #accepted = false;
  #sessionId: string | undefined;
  #timeoutSeconds = 60;
  #methods: ReadonlySet<string> = new Set();
  #aggregate: string;

  constructor(connection: RtspConnection, authenticator: Authenticator | undefined, maxMedia: number) {
    this.#connection = connection;
    this.#authenticator = authenticator;
    this.#maxMedia = maxMedia;
    this.#aggregate = connection.url.href;
  }

  get sessionTimeoutSeconds(): number {
    return this.#timeoutSeconds;
  }

  /** OPTIONS and DESCRIBE. */
  async describe(): Promise<Description | Redirect> {
    const url = this.#connection.url.href;
    const options = await this.#send("OPTIONS", url, []);
    // A camera that does not know OPTIONS may know the rest.
    if (options.status === 200) this.#methods = parsePublic(header(options, "public"));
    const response = await this.#send("DESCRIBE", url, [["Accept", "application/sdp"]]);
    if (response.status >= 300 && response.status < 400) {
      const location = header(response, "location");
      if (location === undefined)
        throw new FluxError("rtsp.protocol", "the camera redirects, but does not say where to");
      return { location };
    }
    if (response.status === 401) throw this.#unauthorised(response);
    if (response.status !== 200) throw statusError("DESCRIBE", response);
    const sdp = parseSdp(Buffer.from(response.body).toString("utf8"), this.#maxMedia);
    const base = baseUrl(header(response, "content-base"), header(response, "content-location"), url);
    this.#aggregate = resolveControl(base, sdp.control);
    const server = header(response, "server") ?? header(options, "server");
    return { sdp, base, server: server === undefined ? undefined : printable(server) };
  }

  async setup(uri: string, transport: string): Promise<TransportHeader> {
    const session: Fields = this.#sessionId === undefined ? [] : [["Session", this.#sessionId]];
    const response = await this.#send("SETUP", uri, [["Transport", transport], ...session]);
    if (response.status !== 200) throw statusError("SETUP", response);
    const answer = parseSession(header(response, "session"));
    if (answer) {
      this.#sessionId = answer.id;
      this.#timeoutSeconds = answer.timeoutSeconds;
    }
    const chosen = parseTransport(header(response, "transport"));
    if (!chosen) throw new FluxError("rtsp.protocol", "the camera did not say which transport it chose");
    return chosen;
  }

  async play(): Promise<void> {
    const response = await this.#send("PLAY", this.#aggregate, [...this.#session(), ["Range", "npt=0.000-"]]);
    if (response.status !== 200) throw statusError("PLAY", response);
  }

  /** Tells the camera that we are still here. A camera that does not know the method is asked OPTIONS from then on. */
  async keepAlive(): Promise<void> {
    const method = this.#methods.has("GET_PARAMETER") ? "GET_PARAMETER" : "OPTIONS";
    const response = await this.#send(method, this.#aggregate, this.#session());
    if (response.status === 454) throw statusError(method, response);
    if (response.status >= 400 && method === "GET_PARAMETER") this.#methods = new Set();
  }

  async teardown(): Promise<void> {
    if (this.#sessionId !== undefined) await this.#send("TEARDOWN", this.#aggregate, this.#session());
  }

  #session(): Fields {
    return this.#sessionId === undefined ? [] : [["Session", this.#sessionId]];
  }

  /** With authentication. A wrong password is tried once: cameras lock users out. */
  async #send(method: string, uri: string, headers: Fields): Promise<RtspResponse> {
    for (let attempt = 0; ; attempt++) {
      const authorization = this.#authenticator?.authorization(method, uri);
      const fields: Fields = authorization === undefined ? headers : [...headers, ["Authorization", authorization]];
      const response = await this.#connection.request(method, uri, fields);
      if (response.status !== 401) {
        if (authorization !== undefined && response.status < 400) this.#accepted = true;
        return response;
      }
      if (!this.#authenticator) {
        if (method === "OPTIONS") return response;
        throw this.#unauthorised(response);
      }
      const verdict = this.#authenticator.accept(response.headers.get("www-authenticate") ?? []);
      if (verdict === "unsupported") {
        throw new FluxError(
          "rtsp.unauthorised",
          "the camera asks for a kind of login that is not supported or not safe here",
        );
      }
      const mayRetry = authorization === undefined || verdict === "stale" || this.#accepted;
      if (!mayRetry || attempt >= 2) throw this.#unauthorised(response);
    }
  }

  #unauthorised(response: RtspResponse): FluxError {
    if (this.#authenticator) return statusError("", response);
    return new FluxError("rtsp.unauthorised", "the camera asks for a user name and password");
  }
}

/** Content-Base, else Content-Location, else the address asked (RFC 2326, C.1.1). Unusable ones are passed over. */
function baseUrl(contentBase: string | undefined, contentLocation: string | undefined, url: string): string {
  for (const candidate of [contentBase, contentLocation]) {
    if (candidate && candidate.length <= 2048 && !hasControlOrSpace(candidate) && /^rtsps?:\/\//i.test(candidate)) {
      return candidate;
    }
  }
  return url;
}
