import type { IncomingMessage } from "node:http";

/**
 * A request's whole body. `too-large`: more than `limit` bytes are announced or came; the rest is not read.
 * `cut`: the client hung up. Never rejects.
 */
export function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer | "too-large" | "cut"> {
  if (Number(incoming.headers["content-length"] ?? 0) > limit) return Promise.resolve("too-large");
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let received = 0;
    incoming.on("data", (chunk: Buffer) => {
      received += chunk.byteLength;
      if (received <= limit) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      incoming.pause();
      resolve("too-large");
    });
    incoming.on("end", () => resolve(Buffer.concat(chunks)));
    incoming.on("error", () => resolve("cut"));
    incoming.on("close", () => resolve("cut"));
  });
}
