import { isIP, connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Millis } from "../../shared/lib/time.ts";
import { type AddressPolicy, cameraLookup, checkLiteral } from "./address-guard.ts";
import { InterleavedReader } from "./interleaved.ts";
import type { PullLimits } from "./limits.ts";
import { encodeRequest, header, type RtspMessage, type RtspResponse } from "./message.ts";
import { networkError } from "./network-error.ts";
import type { RtspUrl } from "./url.ts";

const READ_BYTES = 64 * 1024;
const MAX_PENDING = 8;
/** A camera that does not read what we send cannot make us hold more than this. */
const MAX_UNSENT_BYTES = 64 * 1024;

export interface ConnectionOptions {
  readonly url: RtspUrl;
  readonly allowUntrustedCertificate: boolean;
  readonly clock: Clock;
  readonly limits: PullLimits;
  readonly userAgent: string;
  readonly addresses: AddressPolicy;
}

export interface ConnectionHandlers {
  /** An interleaved packet; borrowed during the call. */
  onFrame(channel: number, bytes: Uint8Array, start: number, end: number, arrivalMs: Millis): void;
  /** Once, with what ended the connection. */
  onEnd(error: FluxError): void;
}

interface Pending {
  readonly sequence: string;
  resolve(response: RtspResponse): void;
  reject(error: FluxError): void;
}

/** One RTSP connection: requests and their answers, and the packets that share the line. */
export class RtspConnection {
  readonly url: RtspUrl;
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #reader: InterleavedReader;
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];
  readonly #closed: Promise<void>;
  #sequence = 0;
  #arrivalMs = 0 as Millis;
  #ended: FluxError | undefined;

  /** Throws `rtsp.address` where no connection may go to. */
  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.url = options.url;
    this.#options = options;
    this.#handlers = handlers;
    this.#reader = new InterleavedReader(options.limits, {
      onFrame: (channel, bytes, start, end) => handlers.onFrame(channel, bytes, start, end, this.#arrivalMs),
      onMessage: (message) => this.#onMessage(message),
    });
    this.#socket = this.#open();
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, 10_000);
    this.#socket.on("error", (error) => this.end(networkError(error, options.url)));
    this.#socket.on("end", () => this.end(new FluxError("rtsp.closed", "the camera closed the connection")));
    this.#closed = new Promise((resolve) => {
      this.#socket.on("close", () => {
        this.end(new FluxError("rtsp.closed", "the connection to the camera was closed"));
        resolve();
      });
    });
  }

  get garbageBytes(): number {
    return this.#reader.garbageBytes;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  openChannel(channel: number): void {
    this.#reader.openChannel(channel);
  }

  /** Rejects with what ended the connection, or `rtsp.timeout` when too many wait. The caller owns the deadline. */
  request(method: string, uri: string, headers: readonly (readonly [string, string])[]): Promise<RtspResponse> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#pending.length >= MAX_PENDING) {
      // Some cameras never answer a keep-alive while they stream.
      this.#pending.shift()?.reject(new FluxError("rtsp.timeout", "the camera did not answer a request"));
    }
    const sequence = String(++this.#sequence);
    const fields = [["CSeq", sequence], ["User-Agent", this.#options.userAgent], ...headers] as const;
    this.#write(encodeRequest(method, uri, fields));
    return new Promise((resolve, reject) => this.#pending.push({ sequence, resolve, reject }));
  }

  /** Sends an interleaved packet (receiver reports). */
  sendFrame(channel: number, payload: Uint8Array): void {
    const frame = new Uint8Array(4 + payload.length);
    frame[0] = 0x24;
    frame[1] = channel;
    frame[2] = payload.length >> 8;
    frame[3] = payload.length & 0xff;
    frame.set(payload, 4);
    this.#write(frame);
  }

  /** Ends the connection for the reason given; the first reason counts. */
  end(reason: FluxError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#socket.destroy();
    for (const pending of this.#pending.splice(0)) pending.reject(reason);
    this.#handlers.onEnd(reason);
  }

  /** Resolves when the socket is gone. */
  close(): Promise<void> {
    this.end(new FluxError("rtsp.closed", "closed"));
    return this.#closed;
  }

  #open(): Socket {
    const { url, allowUntrustedCertificate, addresses } = this.#options;
    checkLiteral(url.host, url.port, addresses);
    const lookup = cameraLookup(url.port, addresses);
    if (url.secure) {
      const socket = tlsConnect({
        host: url.host,
        port: url.port,
        lookup,
        rejectUnauthorized: !allowUntrustedCertificate,
        ...(isIP(url.host) === 0 ? { servername: url.host } : {}),
      });
      socket.on("data", (chunk: Buffer) => this.#onBytes(chunk, chunk.length));
      return socket;
    }
    // One buffer for the life of the connection: reading allocates nothing.
    const buffer = new Uint8Array(READ_BYTES);
    return netConnect({
      host: url.host,
      port: url.port,
      lookup,
      onread: {
        buffer,
        callback: (length) => {
          this.#onBytes(buffer, length);
          return true;
        },
      },
    });
  }

  #onBytes(bytes: Uint8Array, length: number): void {
    if (this.#ended) return;
    this.#arrivalMs = this.#options.clock.monotonicMs();
    try {
      this.#reader.push(bytes, length);
    } catch (error) {
      // Thrown into the socket's callback it would end the whole process.
      this.end(
        error instanceof FluxError
          ? error
          : new FluxError("rtsp.internal", "handling the stream failed", { cause: error }),
      );
    }
  }

  #write(data: string | Uint8Array): void {
    if (this.#ended) return;
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.end(new FluxError("rtsp.timeout", "the camera no longer takes what is sent to it"));
      return;
    }
    this.#socket.write(data);
  }

  #onMessage(message: RtspMessage): void {
    if (message.kind === "request") {
      this.#answer(message.method, header(message, "cseq"));
      return;
    }
    const sequence = header(message, "cseq");
    // Some cameras forget CSeq: answers come in order.
    const at = sequence === undefined ? 0 : this.#pending.findIndex((pending) => pending.sequence === sequence);
    if (at >= 0) this.#pending.splice(at, 1)[0]?.resolve(message);
  }

  /** A camera's own requests: alive-checks are answered, an end is an end. */
  #answer(method: string, sequence: string | undefined): void {
    const known =
      method === "OPTIONS" || method === "GET_PARAMETER" || method === "SET_PARAMETER" || method === "ANNOUNCE";
    const cseq = sequence !== undefined && /^\d{1,10}$/.test(sequence) ? `CSeq: ${sequence}\r\n` : "";
    this.#write(`RTSP/1.0 ${known ? "200 OK" : "501 Not Implemented"}\r\n${cseq}\r\n`);
    if (method === "TEARDOWN" || method === "REDIRECT") {
      this.end(new FluxError("rtsp.closed", `the camera ended the stream (${method})`));
    }
  }
}
