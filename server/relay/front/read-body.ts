import type { IncomingMessage } from "node:http";

/** What all the requests that are coming in may hold together. */
export class BodyBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
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
  let held = 0;
  const release = (): void => {
    budget.give(held);
    held = 0;
  };
  if (Number(incoming.headers["content-length"] ?? 0) > limit) return Promise.resolve({ body: "too-large", release });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let over = false;
    const end = (body: ReadBody): void => {
      if (!Buffer.isBuffer(body)) release();
      resolve({ body, release });
    };
    incoming.on("data", (chunk: Buffer) => {
      if (over) return;
      const tooLarge = held + chunk.byteLength > limit;
      if (!tooLarge && budget.take(chunk.byteLength)) {
        held += chunk.byteLength;
        chunks.push(chunk);
        return;
      }
      over = true;
      chunks.length = 0;
      incoming.pause();
      end(tooLarge ? "too-large" : "busy");
    });
    incoming.on("end", () => end(Buffer.concat(chunks)));
    incoming.on("error", () => end("cut"));
    incoming.on("close", () => {
      // After the end this changes nothing: the first answer stands.
      if (!incoming.complete) end("cut");
    });
  });
}
