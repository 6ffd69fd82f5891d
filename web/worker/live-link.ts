import type { Clock } from "../../shared/lib/clock.ts";
import type { ConnectionState, ConnectOptions, TransportKind } from "../engine/worker-protocol.ts";
import type { CameraReport, CreateLink, Link, LinkEvents } from "./link.ts";
import type { KeyName } from "./open/key-store.ts";
import type { Wish } from "./subscribe/plan.ts";
import { LiveConnection } from "./transport/connection.ts";

/** The wall's line as one that outlives sign-ins: each `connect` is a new connection with the same cameras. */
class LiveLink implements Link {
  transport: TransportKind = "none";
  transportDetail: string | undefined;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #cameras = new Map<string, Wish>();
  #connection: LiveConnection | undefined;
  #options: ConnectOptions | undefined;

  constructor(clock: Clock, events: LinkEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  serverNowMicros(): number | undefined {
    return this.#connection?.serverOffsetMicros === undefined ? undefined : this.#connection.serverNow();
  }

  connect(options: ConnectOptions): void {
    const current = this.#connection;
    if (current && isAlive(current.state) && this.#options && sameAddresses(this.#options, options)) {
      current.setToken(options.token);
      current.retryNow();
      return;
    }
    current?.close();
    this.#options = options;
    const connection = new LiveConnection(
      options,
      {
        onState: ({ state, transport, detail }) => {
          if (this.#connection !== connection) return;
          this.transport = transport;
          this.transportDetail = detail;
          this.#events.onState(state);
        },
        onSessionKey: (key) => this.#events.onSessionKey(key),
        onControl: (message) => this.#events.onControl(message),
        onFrame: (frame) => this.#events.onFrame(frame),
        onGopReset: (streamId) => this.#events.onGopReset(streamId),
        onExpired: (code) => this.#events.onSessionExpired(code),
        onConfigNeeded: () => this.#events.onConfigNeeded(),
      },
      { clock: this.#clock },
    );
    this.#connection = connection;
    connection.subscribe([...this.#cameras.values()]);
    connection.start();
  }

  setToken(token: string): void {
    this.#connection?.setToken(token);
  }

  subscribe(cameras: readonly Wish[]): void {
    for (const camera of cameras) this.#cameras.set(camera.cameraId, camera);
    this.#connection?.subscribe(cameras);
  }

  unsubscribe(cameraIds: readonly string[]): void {
    for (const cameraId of cameraIds) this.#cameras.delete(cameraId);
    this.#connection?.unsubscribe(cameraIds);
  }

  needKey(name: KeyName): void {
    this.#connection?.needKey(name);
  }

  report(cameras: readonly CameraReport[]): void {
    this.#connection?.report(cameras);
  }

  close(): void {
    this.#cameras.clear();
    this.#connection?.close();
    this.#connection = undefined;
  }
}

function isAlive(state: ConnectionState): boolean {
  return state !== "idle" && state !== "signed-out";
}

/** Whether two sets of options lead to the same line; tokens are renewed on it. */
export function sameAddresses(a: ConnectOptions, b: ConnectOptions): boolean {
  return (
    a.webSocketUrl === b.webSocketUrl &&
    (a.transport ?? "auto") === (b.transport ?? "auto") &&
    a.webTransport?.url === b.webTransport?.url &&
    a.webTransport?.certificateHashBase64 === b.webTransport?.certificateHashBase64
  );
}

export function liveLinks(clock: Clock): CreateLink {
  return (events) => new LiveLink(clock, events);
}
