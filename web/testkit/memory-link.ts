import type { ClientMessage, ServerMessage } from "../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type { ConnectionState, ConnectOptions } from "../engine/worker-protocol.ts";
import type { CreateLink, LinkEvents } from "../worker/link.ts";

/** The wall's line with the test as the server. */
export class MemoryLink {
  readonly transport = "websocket";
  readonly transportDetail = undefined;
  readonly sent: ClientMessage[] = [];
  readonly connects: ConnectOptions[] = [];
  readonly tokens: string[] = [];
  closed = false;
  #events: LinkEvents | undefined;

  readonly create: CreateLink = (events) => {
    this.#events = events;
    return this;
  };

  connect(options: ConnectOptions): void {
    this.connects.push(options);
    this.#events?.onState("connecting");
  }

  setToken(token: string): void {
    this.tokens.push(token);
  }

  send(message: ClientMessage): void {
    this.sent.push(message);
  }

  close(): void {
    this.closed = true;
  }

  /** The server's greeting. */
  welcome(sessionKey: Uint8Array, serverTimeMicros: number): void {
    this.#events?.onState("open");
    const tokenExpiresAtMicros = serverTimeMicros + 900e6;
    const welcome = { connectionId: "memory", publicKey: "", salt: "", serverTimeMicros, tokenExpiresAtMicros };
    this.#events?.onWelcome({ type: "welcome", quotaKbps: 50_000, ...welcome }, sessionKey);
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

  /** The messages of one type that the wall has sent. */
  ofType<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }>[] {
    return this.sent.filter((message): message is Extract<ClientMessage, { type: T }> => message.type === type);
  }
}
