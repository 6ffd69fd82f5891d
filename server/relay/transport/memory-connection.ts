import type { ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { ConnectionHandlers, ViewerConnection } from "./connection.ts";

/** Both ends of a line in memory, for tests: the viewer's end is plain data and switches. */
export class MemoryConnection implements ViewerConnection {
  readonly kind: ViewerConnection["kind"];
  readonly remoteAddress: string;
  /** What the viewer received, in order. */
  readonly control: ServerMessage[] = [];
  readonly frames: SealedFrame[] = [];
  /** Streams whose GOP was given up, in order. */
  readonly abandoned: number[] = [];
  readonly ended: number[] = [];
  closedWith: string | undefined;
  closedForGood = false;
  queuedBytes = 0;
  #handlers: ConnectionHandlers | undefined;
  #gathered: SealedFrame[] = [];
  #blocked = false;

  constructor(kind: ViewerConnection["kind"] = "memory", remoteAddress = "memory") {
    this.kind = kind;
    this.remoteAddress = remoteAddress;
  }

  start(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  /** The viewer stops reading, or goes on. */
  setBlocked(blocked: boolean): void {
    this.#blocked = blocked;
    if (!blocked) this.#handlers?.onDrain();
  }

  /** As the viewer. */
  receive(message: unknown): void {
    this.#handlers?.onMessage(typeof message === "string" ? message : JSON.stringify(message));
  }

  hangUp(): void {
    this.#end("transport.closed");
  }

  last<T extends ServerMessage["type"]>(type: T): Extract<ServerMessage, { type: T }> | undefined {
    return this.control.findLast((message): message is Extract<ServerMessage, { type: T }> => message.type === type);
  }

  sendControl(message: ServerMessage): void {
    if (this.closedWith !== undefined) return;
    this.flush();
    this.control.push(message);
  }

  canTake(): boolean {
    return !this.#blocked && this.closedWith === undefined;
  }

  sendFrame(frame: SealedFrame): void {
    if (this.closedWith === undefined) this.#gathered.push(frame);
  }

  flush(): void {
    this.frames.push(...this.#gathered);
    this.#gathered = [];
  }

  abandonGop(streamId: number): void {
    this.abandoned.push(streamId);
  }

  endStream(streamId: number): void {
    this.ended.push(streamId);
  }

  close(code: string, _message: string, final = false): void {
    this.flush();
    this.closedForGood = final;
    this.#end(code);
  }

  #end(code: string): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = code;
    this.#handlers?.onClosed(code);
  }
}
