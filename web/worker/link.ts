import type { ClientMessage, ServerMessage } from "../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type { ConnectionState, ConnectOptions, TransportKind } from "../engine/worker-protocol.ts";
import type { KeyName } from "./open/key-store.ts";
import type { Wish } from "./subscribe/plan.ts";

export type CameraReport = Extract<ClientMessage, { type: "report" }>["cameras"][number];

export interface LinkEvents {
  onState(state: ConnectionState): void;
  /** 32 bytes, the receiver's own; new with every connection and before any other message of it. */
  onSessionKey(key: Uint8Array): void;
  onControl(message: ServerMessage): void;
  onFrame(frame: SealedFrame): void;
  onGopReset(streamId: number): void;
  /** The token is refused; connecting again with it is pointless. */
  onSessionExpired(code: string): void;
  /** The addresses in use may be out of date. */
  onConfigNeeded(): void;
}

/** The wall's line to the server, over whatever transport, through interruptions. */
export interface Link {
  readonly transport: TransportKind;
  /** Why the better transport is not in use, or why the line is down. */
  readonly transportDetail: string | undefined;
  /** The server's UTC clock, µs; undefined before the first round trip. */
  serverNowMicros(): number | undefined;
  /** A line to the same addresses is kept, or tried again at once; a line to others is hung up first. */
  connect(options: ConnectOptions): void;
  setToken(token: string): void;
  /** Kept over reconnects. */
  subscribe(cameras: readonly Wish[]): void;
  unsubscribe(cameraIds: readonly string[]): void;
  needKey(name: KeyName): void;
  report(cameras: readonly CameraReport[]): void;
  close(): void;
}

export type CreateLink = (events: LinkEvents) => Link;
