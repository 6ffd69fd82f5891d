import type { ClientMessage, ServerMessage } from "../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type { ConnectionState, ConnectOptions, TransportKind } from "../engine/worker-protocol.ts";

export interface LinkEvents {
  onState(state: ConnectionState): void;
  /** The connection is authenticated: the session key (32 bytes) is the receiver's own. Before any other message. */
  onWelcome(welcome: Extract<ServerMessage, { type: "welcome" }>, sessionKey: Uint8Array): void;
  onControl(message: ServerMessage): void;
  onFrame(frame: SealedFrame): void;
  onGopReset(streamId: number): void;
  /** The token is refused; connecting again with it is pointless. */
  onSessionExpired(code: string): void;
}

/** The wall's line to the server, over whatever transport, through interruptions. */
export interface Link {
  readonly transport: TransportKind;
  /** Why the better transport is not in use. */
  readonly transportDetail: string | undefined;
  connect(options: ConnectOptions): void;
  setToken(token: string): void;
  /** Without effect while the line is down. */
  send(message: ClientMessage): void;
  close(): void;
}

export type CreateLink = (events: LinkEvents) => Link;
