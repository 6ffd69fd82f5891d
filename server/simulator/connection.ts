import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { type Credentials, challenges, isAuthorised } from "./authentication.ts";
import type { FaultSet } from "./faults.ts";
import { RequestReader, type RtspRequest } from "./rtsp-request.ts";
import { describeStream } from "./session-description.ts";
import type { SimulatedStream, StreamClient } from "./stream.ts";
import { DatagramClient, InterleavedClient } from "./stream-client.ts";
import { type AllowedTransport, chooseTransport } from "./transport-header.ts";
import type { UdpPair } from "./udp-pair.ts";

/** What a URL path names. */
export interface StreamTarget {
  readonly stream: SimulatedStream;
  readonly faults: FaultSet;
}

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly resolve: (path: string) => StreamTarget | undefined;
  readonly credentials: Credentials | undefined;
  readonly transport: AllowedTransport;
  readonly udp: UdpPair;
  readonly sessionTimeoutSeconds: number;
  readonly absoluteControlUrls: boolean;
}

interface Session {
  readonly id: string;
  readonly target: StreamTarget;
  readonly client: StreamClient;
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string | readonly string[]>;
  readonly body?: string;
  /** Runs once the answer is on its way: media must not overtake the answer to PLAY. */
  readonly afterwards?: () => void;
}

const trackSuffix = "/trackID=0";
const publicMethods = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN";
const reasons: Record<number, string> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  454: "Session Not Found",
  455: "Method Not Valid in This State",
  461: "Unsupported Transport",
  501: "Not Implemented",
  503: "Service Unavailable",
};

/** One RTSP connection. It carries at most one session, which ends with it, as on most cameras. */
export class RtspConnection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader = new RequestReader();
  readonly #nonce = randomBytes(16).toString("hex");
  #session: Session | undefined;
  #target: StreamTarget | undefined;
  #idle: Timer | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    // A reset is an ordinary way for a client to leave.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#release());
    this.#watchIdle();
  }

  /** The camera this connection talks to, once a request named it. */
  get target(): StreamTarget | undefined {
    return this.#target;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #release(): void {
    this.#idle?.cancel();
    this.#endSession();
  }

  #endSession(): void {
    if (this.#session) this.#session.target.stream.remove(this.#session.client);
    this.#session = undefined;
  }

  /** RFC 2326 12.37: a session without requests for the announced time is over. Half of it again as grace. */
  #watchIdle(): void {
    this.#idle?.cancel();
    this.#idle = this.#options.clock.after(millis(this.#options.sessionTimeoutSeconds * 1500), () => this.destroy());
  }

  #receive(chunk: Buffer): void {
    if (this.#target?.faults.has("half-open")) return;
    let requests: RtspRequest[];
    try {
      requests = this.#reader.push(chunk);
    } catch {
      this.#send({ status: 400 });
      this.#socket.end();
      return;
    }
    for (const request of requests) this.#handle(request);
  }

  #handle(request: RtspRequest): void {
    this.#watchIdle();
    const path = pathOf(request.url);
    const target = path === undefined ? undefined : this.#options.resolve(path);
    this.#target ??= target;
    if (target?.faults.has("half-open")) return;
    const refuse = target?.faults.get("refuse");
    if (refuse) {
      if (refuse.status !== undefined) this.#send({ status: refuse.status }, request);
      this.#socket.end();
      return;
    }
    const answer = this.#answerTo(request, target);
    this.#send(answer, request);
    answer.afterwards?.();
  }

  #answerTo(request: RtspRequest, target: StreamTarget | undefined): Answer {
    if (request.method === "OPTIONS") return { status: 200, headers: { Public: publicMethods } };
    const refusal = this.#checkPassword(request, target);
    if (refusal) return refusal;
    if (!target) return { status: 404 };
    switch (request.method) {
      case "DESCRIBE":
        return this.#describe(request, target);
      case "SETUP":
        return this.#setup(request, target);
      case "GET_PARAMETER":
      case "SET_PARAMETER":
        return { status: 200, headers: this.#session ? { Session: this.#session.id } : {} };
      case "PLAY":
      case "PAUSE":
      case "TEARDOWN":
        return this.#control(request);
      default:
        return { status: 501 };
    }
  }

  #checkPassword(request: RtspRequest, target: StreamTarget | undefined): Answer | undefined {
    const { credentials } = this.#options;
    const wrong = target?.faults.has("wrong-password") ?? false;
    if (!credentials && !wrong) return undefined;
    const header = request.headers.get("authorization");
    if (!wrong && credentials && isAuthorised(header, request.method, this.#nonce, credentials)) return undefined;
    const schemes = credentials?.schemes ?? ["digest-md5", "basic"];
    return { status: 401, headers: { "WWW-Authenticate": challenges(schemes, this.#nonce) } };
  }

  #describe(request: RtspRequest, target: StreamTarget): Answer {
    const base = request.url.replace(/\/+$/, "");
    const control = this.#options.absoluteControlUrls ? `${base}${trackSuffix}` : trackSuffix.slice(1);
    const body = describeStream(target.stream.clip, control, this.#socket.localAddress ?? "127.0.0.1");
    return { status: 200, headers: { "Content-Base": `${base}/`, "Content-Type": "application/sdp" }, body };
  }

  #setup(request: RtspRequest, target: StreamTarget): Answer {
    if (this.#session) return { status: 455 };
    const { udp, transport, sessionTimeoutSeconds } = this.#options;
    const wanted = chooseTransport(request.headers.get("transport"), transport);
    if (!wanted) return { status: 461 };
    const ssrc = target.stream.ssrc.toString(16).padStart(8, "0").toUpperCase();
    let reply: string;
    let client: StreamClient;
    if (wanted.kind === "tcp") {
      const channels = { rtp: wanted.rtpChannel, rtcp: wanted.rtcpChannel };
      client = new InterleavedClient(this.#socket, channels, target.faults);
      reply = `RTP/AVP/TCP;unicast;interleaved=${channels.rtp}-${channels.rtcp};ssrc=${ssrc}`;
    } else {
      const { rtpPort, rtcpPort } = wanted;
      const address = (this.#socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, "");
      client = new DatagramClient(udp, { address, rtpPort, rtcpPort }, target.faults);
      reply = `RTP/AVP;unicast;client_port=${rtpPort}-${rtcpPort};server_port=${udp.rtpPort}-${udp.rtcpPort};ssrc=${ssrc}`;
    }
    this.#session = { id: randomBytes(8).toString("hex"), target, client };
    const session = `${this.#session.id};timeout=${sessionTimeoutSeconds}`;
    return { status: 200, headers: { Transport: reply, Session: session } };
  }

  #control(request: RtspRequest): Answer {
    const session = this.#session;
    const named = request.headers.get("session")?.split(";")[0];
    if (!session || named !== session.id) return { status: 454 };
    const { stream } = session.target;
    if (request.method === "PLAY") {
      const { sequence, timestamp } = stream.nextPosition();
      const info = `url=${request.url.replace(/\/+$/, "")}${trackSuffix};seq=${sequence};rtptime=${timestamp}`;
      return {
        status: 200,
        headers: { Session: session.id, Range: "npt=now-", "RTP-Info": info },
        afterwards: () => stream.add(session.client),
      };
    }
    stream.remove(session.client);
    if (request.method === "TEARDOWN") this.#endSession();
    return { status: 200, headers: { Session: session.id } };
  }

  #send({ status, headers = {}, body = "" }: Answer, request?: RtspRequest): void {
    const lines = [`RTSP/1.0 ${status} ${reasons[status] ?? "Error"}`];
    const sequence = request?.headers.get("cseq");
    if (sequence !== undefined) lines.push(`CSeq: ${sequence}`);
    lines.push("Server: FluxVision simulator");
    for (const [name, value] of Object.entries(headers)) {
      for (const one of typeof value === "string" ? [value] : value) lines.push(`${name}: ${one}`);
    }
    if (body) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    this.#socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }
}

/** The path of a request URL without query, track and trailing slash; undefined for `*` and nonsense. */
function pathOf(url: string): string | undefined {
  const match = /^rtsps?:\/\/[^/]+(\/[^?]*)/i.exec(url);
  return match?.[1]?.replace(/\/trackID=\d+$/, "").replace(/\/+$/, "");
}
