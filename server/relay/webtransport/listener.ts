import type { Clock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { Admission } from "../front/admission.ts";
import { LIVE_PATH } from "../front/live-upgrade.ts";
import type { AcceptViewer } from "../transport/connection.ts";
import { WebTransportConnection } from "./connection.ts";
import { loadNative, type NativeRequest, type NativeServer } from "./native.ts";

export interface WebTransportListenerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM, ECDSA P-256, valid for at most 14 days. */
  readonly certificate: string;
  readonly privateKey: string;
  readonly admission: Admission;
  readonly accept: AcceptViewer;
  readonly clock: Clock;
}

/** The module does not tell a peer's address, so that WebTransport viewers share one count, a part of the total. */
const ADDRESS = "webtransport";

/** Accepts WebTransport sessions on the live path. */
export class WebTransportListener {
  readonly port: number;
  readonly #server: NativeServer;
  readonly #options: WebTransportListenerOptions;
  readonly #connections = new Set<WebTransportConnection>();
  readonly #loop: Promise<void>;
  #closed = false;

  /** Rejects with `webtransport.unavailable` or `webtransport.listen_failed`. */
  static async open(options: WebTransportListenerOptions): Promise<WebTransportListener> {
    const { NapiServer } = loadNative();
    const host = options.host.includes(":") ? `[${options.host}]` : options.host;
    try {
      const server = NapiServer.bind(
        `${host}:${options.port}`,
        Buffer.from(options.certificate),
        Buffer.from(options.privateKey),
      );
      return new WebTransportListener(server, options);
    } catch (cause) {
      const message = `cannot listen for WebTransport on UDP ${host}:${options.port}`;
      throw new FluxError("webtransport.listen_failed", message, { cause });
    }
  }

  private constructor(server: NativeServer, options: WebTransportListenerOptions) {
    this.#server = server;
    this.#options = options;
    this.port = options.port;
    this.#loop = this.#acceptAll();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#connections) connection.close("relay.shutting_down", "the server is restarting");
    this.#server.close();
    await this.#loop;
  }

  async #acceptAll(): Promise<void> {
    while (!this.#closed) {
      const request = await this.#server.accept().catch(() => null);
      if (!request) return;
      // A handshake that hangs must not keep the next viewer waiting.
      void this.#admit(request).catch(() => {});
    }
  }

  async #admit(request: NativeRequest): Promise<void> {
    const url = await request.url;
    if (this.#closed || !URL.canParse(url) || new URL(url).pathname !== LIVE_PATH) return request.reject(404);
    const leave = this.#options.admission.enter(ADDRESS);
    if (!leave) return request.reject(503);
    try {
      const session = await request.ok();
      const connection = new WebTransportConnection(session, ADDRESS, this.#options.clock);
      this.#connections.add(connection);
      await connection.serve(this.#options.accept);
      this.#connections.delete(connection);
    } finally {
      leave();
    }
  }
}
