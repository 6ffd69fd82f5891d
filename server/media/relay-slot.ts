import type { MessagePort } from "node:worker_threads";
import type { Clock } from "../../shared/lib/clock.ts";
import { describeError, errorCode, FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type {
  ArchiveAuthority,
  AuthorityMethod,
  FromRelay,
  RelayAuthority,
  RelayCertificates,
  RelayWorkerData,
  ToRelay,
} from "../relay/protocol.ts";
import type { MediaLog } from "./log.ts";
import { Pending } from "./pending.ts";
import { SupervisedThread } from "./supervised-thread.ts";
import type { Thread } from "./thread.ts";

export type RelayThread = Thread<ToRelay, FromRelay>;
export type RelayStats = Omit<Extract<FromRelay, { type: "stats" }>, "type" | "requestId">;
/** Where the relay listens. */
export type RelayEndpoints = Omit<Extract<FromRelay, { type: "ready" }>, "type">;

export interface RelaySlotOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: MediaLog;
  readonly data: RelayWorkerData;
  readonly spawn: (data: RelayWorkerData) => RelayThread;
  readonly authority: RelayAuthority;
  /** Undefined: there is nothing to play back. */
  readonly archive?: ArchiveAuthority | undefined;
  readonly onViewerClosed: (connectionId: string) => void;
  readonly onViewerLeft?: ((connectionId: string, cameraIds: readonly string[]) => void) | undefined;
  /** The thread died, and with it every viewer's connection. */
  readonly onViewersLost: () => void;
  /** The thread is there (again): tell it cameras, states and ingest lines. */
  readonly onReady: () => void;
}

const STATS_TIMEOUT_MS = 2_000;
/** The thread says something every 5 s. */
const SILENCE_MS = 20_000;
const METHODS = ["authenticate", "renew", "authorise", "key"] as const satisfies readonly (keyof RelayAuthority)[];
const ARCHIVE_METHODS = [
  "archive",
  "archiveKeys",
  "archiveBytes",
] as const satisfies readonly (keyof ArchiveAuthority)[];

/** The relay thread and the questions that it asks. */
export class RelaySlot {
  readonly #options: RelaySlotOptions;
  readonly #supervised: SupervisedThread<ToRelay, FromRelay>;
  readonly #stats: Pending<RelayStats>;
  /** Connections that are being taken in; false: the viewer has hung up meanwhile. */
  readonly #arriving = new Map<string, boolean>();
  #endpoints: RelayEndpoints | undefined;
  #certificates: RelayCertificates | undefined;

  constructor(options: RelaySlotOptions) {
    this.#options = options;
    this.#stats = new Pending(options.clock);
    this.#supervised = new SupervisedThread<ToRelay, FromRelay>({
      name: "relay",
      clock: options.clock,
      random: options.random,
      log: options.log,
      start: () => Promise.resolve(options.spawn(this.#data())),
      onMessage: (message) => this.#received(message),
      onReady: () => options.onReady(),
      onLost: () => {
        this.#stats.rejectAll(new FluxError("media.relay_lost", "the relay thread is being restarted"));
        for (const connectionId of this.#arriving.keys()) this.#arriving.set(connectionId, false);
        options.onViewersLost();
      },
      classify: (message) => {
        if (message.type === "failed") return new FluxError(message.code, message.message);
        return message.type === "ready" || message.type === "closed" ? message.type : undefined;
      },
      closeMessage: { type: "close" },
      silenceMs: SILENCE_MS,
    });
  }

  get endpoints(): RelayEndpoints {
    if (!this.#endpoints) throw new FluxError("media.unavailable", "the relay thread has not started");
    return this.#endpoints;
  }

  start(): Promise<void> {
    return this.#supervised.start();
  }

  close(): Promise<void> {
    return this.#supervised.close();
  }

  /** Lost while the thread is being replaced: `onReady` tells everything again. */
  post(message: ToRelay, transfer?: readonly MessagePort[]): void {
    this.#supervised.current?.post(message, transfer);
  }

  /** Also for the threads that come after this one. */
  setCertificates(certificates: RelayCertificates): void {
    this.#certificates = certificates;
    this.post({ type: "certificates", certificates });
  }

  get ready(): boolean {
    return this.#supervised.ready;
  }

  async stats(): Promise<RelayStats> {
    if (!this.ready) throw new FluxError("media.unavailable", "the relay thread is being restarted");
    return this.#stats.request(millis(STATS_TIMEOUT_MS), (requestId) => this.post({ type: "stats", requestId }));
  }

  /** A replaced thread listens where the first one did, also if that was a free port. */
  #data(): RelayWorkerData {
    const data = this.#withCertificates();
    const bound = this.#endpoints;
    if (!bound) return data;
    return {
      ...data,
      httpPort: bound.httpPort,
      tls: data.tls && bound.tlsPort !== undefined ? { ...data.tls, port: bound.tlsPort } : data.tls,
      webTransport:
        data.webTransport && bound.webTransportPort !== undefined
          ? { ...data.webTransport, port: bound.webTransportPort }
          : data.webTransport,
    };
  }

  #withCertificates(): RelayWorkerData {
    const { data } = this.#options;
    const newest = this.#certificates;
    if (!newest) return data;
    return {
      ...data,
      tls: data.tls && { ...data.tls, ...newest.tls },
      webTransport: data.webTransport && { ...data.webTransport, ...newest.webTransport },
    };
  }

  #received(message: FromRelay): void {
    switch (message.type) {
      case "ready": {
        const { type: _type, ...endpoints } = message;
        this.#endpoints = endpoints;
        break;
      }
      case "request":
        void this.#answer(message.requestId, message.method, message.args);
        break;
      case "viewer-closed":
        if (this.#arriving.has(message.connectionId)) this.#arriving.set(message.connectionId, false);
        this.#options.onViewerClosed(message.connectionId);
        break;
      case "viewer-left":
        this.#options.onViewerLeft?.(message.connectionId, message.cameraIds);
        break;
      case "stats": {
        const { type: _type, requestId, ...stats } = message;
        this.#stats.resolve(requestId, stats);
        break;
      }
    }
  }

  /** A viewer that hung up while its token was checked was not known then: its end is told once more. */
  async #takeIn(connectionId: string, work: Promise<unknown>): Promise<unknown> {
    this.#arriving.set(connectionId, true);
    try {
      return await work;
    } finally {
      if (this.#arriving.get(connectionId) === false) this.#options.onViewerClosed(connectionId);
      this.#arriving.delete(connectionId);
    }
  }

  async #answer(requestId: number, method: AuthorityMethod, args: readonly unknown[]): Promise<void> {
    const { log } = this.#options;
    try {
      // The relay thread is our own code; the authority checks every value that came from a client.
      const work = this.#call(method, args);
      const value = await (method === "authenticate" ? this.#takeIn(String(args[0]), work) : work);
      this.post({ type: "reply", requestId, value });
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) log.error({ method, error: describeError(error) }, "a relay request failed");
      const message = code === undefined ? "internal error" : describeError(error);
      this.post({ type: "reply", requestId, error: { code: code ?? "internal", message } });
    }
  }

  #call(method: AuthorityMethod, args: readonly unknown[]): Promise<unknown> {
    const { authority, archive } = this.#options;
    const target = METHODS.some((one) => one === method)
      ? authority
      : ARCHIVE_METHODS.some((one) => one === method)
        ? archive
        : undefined;
    if (!target) throw new FluxError("media.unknown_request", `no such request: ${method}`);
    const call = target[method as keyof typeof target] as (...args: unknown[]) => Promise<unknown>;
    return call.apply(target, [...args]);
  }
}
