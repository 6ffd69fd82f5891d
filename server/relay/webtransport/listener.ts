import { createHash, X509Certificate } from "node:crypto";
import type { Clock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";
import { LIVE_PATH } from "../front/live-upgrade.ts";
import type { AcceptViewer } from "../transport/connection.ts";
import type { WebTransportAdmission } from "./admission.ts";
import { CLOSE_RETRY, WebTransportConnection } from "./connection.ts";
import { collectHandles, loadNative, type NativeModule, type NativeRequest, type NativeServer } from "./native.ts";

export interface WebTransportListenerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM, ECDSA P-256, valid for at most 14 days. */
  readonly certificate: string;
  readonly privateKey: string;
  readonly admission: WebTransportAdmission;
  readonly accept: AcceptViewer;
  readonly clock: Clock;
}

/** The module does not tell a peer's address. */
const ADDRESS = "webtransport";
/** A handshake that takes longer is given up. */
const HANDSHAKE_WITHIN_MS = millis(5000);
const CLOSE_WITHIN_MS = millis(1500);
const BIND_ATTEMPTS = 5;
const BIND_RETRY_MS = millis(400);

/** Accepts WebTransport sessions on the live path. */
export class WebTransportListener {
  readonly port: number;
  readonly #native: NativeModule;
  readonly #server: NativeServer;
  readonly #options: WebTransportListenerOptions;
  /** With the promise that the connection is over. */
  readonly #connections = new Map<WebTransportConnection, Promise<void>>();
  readonly #accepting: Promise<void>;
  #closed = false;

  /** Rejects with `webtransport.unavailable` or `webtransport.listen_failed`. */
  static async open(options: WebTransportListenerOptions, module?: NativeModule): Promise<WebTransportListener> {
    const native = module ?? loadNative();
    const { clock, host, port } = options;
    for (let attempt = 1; ; attempt++) {
      try {
        const server = native.NapiServer.bind(
          `${bracketed(host)}:${port}`,
          Buffer.from(options.certificate),
          Buffer.from(options.privateKey),
        );
        return new WebTransportListener(native, server, options);
      } catch (cause) {
        if (attempt === BIND_ATTEMPTS) {
          const message = `cannot listen for WebTransport on UDP ${host}:${port}`;
          throw new FluxError("webtransport.listen_failed", message, { cause });
        }
        // The listener before this one, of this thread or of the one before it, has left its socket a moment ago.
        await new Promise<void>((resolve) => void clock.after(BIND_RETRY_MS, resolve));
        collectHandles();
      }
    }
  }

  private constructor(native: NativeModule, server: NativeServer, options: WebTransportListenerOptions) {
    this.#native = native;
    this.#server = server;
    this.#options = options;
    this.port = options.port;
    this.#accepting = this.#acceptAll();
  }

  /** Idempotent. Viewers are given the time for the goodbye to arrive. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const over = [...this.#connections.values()];
    for (const connection of this.#connections.keys()) {
      connection.close("relay.shutting_down", "the server is restarting");
    }
    await this.#within(Promise.allSettled(over));
    // `close` must not meet a pending `accept`, and only a new session ends that one: we are the last caller ourselves.
    const called = this.#callOurselves();
    const stopped = await this.#within(this.#accepting.then(() => called));
    if (stopped) this.#server.close();
  }

  async #callOurselves(): Promise<void> {
    const { certificate, host, port } = this.#options;
    const hash = createHash("sha256").update(new X509Certificate(certificate).raw).digest();
    const client = this.#native.NapiClient.withCertificateHashes([hash]);
    const target = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
    try {
      const session = await client.connect(`https://${bracketed(target)}:${port}${LIVE_PATH}`);
      session.close(0, "");
    } catch {
      // Refused, as every session is by now.
    }
  }

  /** Whether the work was done in time. */
  #within(work: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(CLOSE_WITHIN_MS, () => resolve(false));
      const done = (): void => {
        timer.cancel();
        resolve(true);
      };
      work.then(done, done);
    });
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
    const { clock, admission } = this.#options;
    const entry = admission.enter();
    if (!entry) return request.reject(503);
    try {
      const url = await this.#soon(request.url);
      if (this.#closed || !URL.canParse(url) || new URL(url).pathname !== LIVE_PATH) return await request.reject(404);
      const session = await this.#soon(request.ok(), (late) => late.close(CLOSE_RETRY, "too late"));
      const connection = new WebTransportConnection(session, ADDRESS, clock, () => entry.authenticated());
      const over = connection.serve(this.#options.accept);
      this.#connections.set(connection, over);
      await over.finally(() => this.#connections.delete(connection));
    } finally {
      entry.leave();
    }
  }

  /** Rejects after the time that a handshake has; what comes later than that is given to `onLate`. */
  #soon<T>(step: Promise<T>, onLate: (value: T) => void = () => {}): Promise<T> {
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = this.#options.clock.after(HANDSHAKE_WITHIN_MS, () => {
        late = true;
        reject(new FluxError("webtransport.timeout", "the handshake took too long"));
      });
      step.then(
        (value) => {
          timer.cancel();
          if (late) onLate(value);
          else resolve(value);
        },
        (error: unknown) => {
          timer.cancel();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
