import { Agent } from "node:http";
import type { Socket } from "node:net";

/**
 * Keeps connections to the main thread for the next request. One that says something while nobody asks is given up: what
 * it says would be taken for the answer to the next request, which is somebody else's.
 */
export class UpstreamAgent extends Agent {
  readonly #watched = new WeakMap<Socket, () => void>();

  constructor(limits: { readonly maxFreeSockets: number; readonly maxSockets: number }) {
    super({ keepAlive: true, ...limits });
  }

  override keepSocketAlive(socket: Socket): boolean {
    if (socket.readableLength > 0) return false;
    const kept: unknown = Reflect.apply(super.keepSocketAlive, this, [socket]);
    if (kept === false) return false;
    const unasked = (): void => {
      socket.destroy();
    };
    this.#watched.set(socket, unasked);
    socket.on("data", unasked);
    return true;
  }

  override reuseSocket(socket: Socket, request: Parameters<Agent["reuseSocket"]>[1]): void {
    const unasked = this.#watched.get(socket);
    if (unasked) socket.off("data", unasked);
    super.reuseSocket(socket, request);
  }
}
