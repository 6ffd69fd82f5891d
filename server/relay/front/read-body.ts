import type { IncomingMessage } from "node:http";

/** A body that is coming in. */
interface Unfinished {
  held: number;
  giveUp(): void;
}

/**
 * What all the requests that are coming in may hold together. Where there is no room, the unfinished body that began first
 * makes way: those who send slowly, or never end, keep nobody out who says what he wants at once.
 */
export class BodyBudget {
  readonly #unfinished = new Set<Unfinished>();
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  take(of: Unfinished, bytes: number): boolean {
    this.#unfinished.add(of);
    while (bytes > this.#left) {
      const [first] = this.#unfinished;
      if (first === undefined || first === of) return false;
      first.giveUp();
    }
    this.#left -= bytes;
    of.held += bytes;
    return true;
  }

  /** It makes way for nobody any more. */
  finished(of: Unfinished): void {
    this.#unfinished.delete(of);
  }

  /** Idempotent. */
  release(of: Unfinished): void {
    this.#unfinished.delete(of);
    this.#left += of.held;
    of.held = 0;
  }
}

export type ReadBody = Buffer | "too-large" | "cut" | "busy";

/**
 * A request's whole body. `too-large`: more than `limit` bytes are announced or came; the rest is not read. `busy`: the
 * others hold too much. `cut`: the client hung up. Never rejects. What was read counts until `release` is called.
 */
export function readBody(
  incoming: IncomingMessage,
  limit: number,
  budget: BodyBudget,
): Promise<{ body: ReadBody; release(): void }> {
  const share: Unfinished = { held: 0, giveUp: () => {} };
  const release = (): void => budget.release(share);
  if (Number(incoming.headers["content-length"] ?? 0) > limit) return Promise.resolve({ body: "too-large", release });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let over = false;
    const end = (body: ReadBody): void => {
      if (over) return;
      over = true;
      if (Buffer.isBuffer(body)) budget.finished(share);
      else {
        release();
        incoming.pause();
      }
      chunks.length = 0;
      resolve({ body, release });
    };
    share.giveUp = () => end("busy");
    incoming.on("data", (chunk: Buffer) => {
      if (over) return;
      if (share.held + chunk.byteLength > limit) end("too-large");
      else if (budget.take(share, chunk.byteLength)) chunks.push(chunk);
      else end("busy");
    });
    incoming.on("end", () => end(Buffer.concat(chunks)));
    incoming.on("error", () => end("cut"));
    incoming.on("close", () => {
      // After the end this changes nothing: the first answer stands.
      if (!incoming.complete) end("cut");
    });
  });
}
