import type { ServerMessage } from "../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type { ConnectionState, ConnectOptions } from "../engine/worker-protocol.ts";
import type { CameraReport, CreateLink, Link, LinkEvents } from "../worker/link.ts";
import type { KeyName } from "../worker/open/key-store.ts";
import type { Wish } from "../worker/subscribe/plan.ts";

/** The wall's line with the test as the server. */
export class MemoryLink implements Link {
  readonly transport = "websocket";
  readonly transportDetail = undefined;
  readonly subscribed: Wish[][] = [];
  readonly unsubscribed: string[] = [];
  readonly keysNeeded: KeyName[] = [];
  readonly reports: CameraReport[] = [];
  readonly connects: ConnectOptions[] = [];
  readonly tokens: string[] = [];
  nowMicros: number | undefined;
  closed = false;
  #events: LinkEvents | undefined;

  readonly create: CreateLink = (events) => {
    this.#events = events;
    return this;
  };

  serverNowMicros(): number | undefined {
    return this.nowMicros;
  }

  connect(options: ConnectOptions): void {
    this.connects.push(options);
    this.#events?.onState("connecting");
  }

  setToken(token: string): void {
    this.tokens.push(token);
  }

  subscribe(cameras: readonly Wish[]): void {
    this.subscribed.push([...cameras]);
  }

  unsubscribe(cameraIds: readonly string[]): void {
    this.unsubscribed.push(...cameraIds);
  }

  needKey(name: KeyName): void {
    this.keysNeeded.push(name);
  }

  report(cameras: readonly CameraReport[]): void {
    this.reports.push(...cameras);
  }

  close(): void {
    this.closed = true;
  }

  /** The connection is open and authenticated. */
  open(sessionKey: Uint8Array): void {
    this.#events?.onSessionKey(sessionKey);
    this.#events?.onState("open");
  }

  state(state: ConnectionState): void {
    this.#events?.onState(state);
  }

  say(message: ServerMessage): void {
    this.#events?.onControl(message);
  }

  frame(frame: SealedFrame): void {
    this.#events?.onFrame(frame);
  }

  gopReset(streamId: number): void {
    this.#events?.onGopReset(streamId);
  }

  expire(code: string): void {
    this.#events?.onSessionExpired(code);
  }
}
