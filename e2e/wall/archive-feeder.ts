import { createECDH, hkdfSync, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { FluxCrypto } from "../../shared/crypto/crypto.ts";
import { playbackClientMessage } from "../../shared/wire/playback-messages.ts";
import { MemoryArchive } from "../../web/testkit/memory-archive.ts";
import type { ArchiveLine } from "../../web/worker/archive/archive-socket.ts";

/**
 * The archive in memory behind a real WebSocket and a real session key, for one page at a time. Every other path is
 * passed on to the live feeder's port, as on a server that has both.
 */
export class ArchiveFeeder {
  readonly archive: MemoryArchive;
  readonly #http: Server = createServer();
  readonly #sockets: WebSocketServer;

  constructor(crypto: FluxCrypto, livePort: number) {
    this.archive = new MemoryArchive(crypto);
    this.#sockets = new WebSocketServer({ server: this.#http, perMessageDeflate: false });
    this.#sockets.on("connection", (socket, request) => {
      if (request.url === "/playback") void this.#accept(socket);
      else passOn(socket, livePort);
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#http.listen(0, "127.0.0.1", () => resolve((this.#http.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  async #accept(socket: WebSocket): Promise<void> {
    const ecdh = createECDH("prime256v1");
    const serverPublic = ecdh.generateKeys();
    const salt = randomBytes(32);
    const line: ArchiveLine = await this.archive.open("", {
      onControl: (message) => {
        const half = { publicKey: serverPublic.toString("base64"), salt: salt.toString("base64") };
        socket.send(JSON.stringify(message.type === "welcome" ? { ...message, ...half } : message));
      },
      onFrames: (requestId, frames) => {
        const prefix = new Uint8Array(4);
        new DataView(prefix.buffer).setUint32(0, requestId);
        socket.send(Buffer.concat([prefix, ...frames.map(({ bytes }) => bytes)]));
      },
      onClosed: () => socket.terminate(),
    });
    socket.on("close", () => line.close());
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => {
      const message = playbackClientMessage.parse(JSON.parse(String(data)));
      if (message.type === "hello") {
        const clientPublic = Buffer.from(message.publicKey, "base64");
        const info = Buffer.concat([Buffer.from("fluxvision session v1"), clientPublic, serverPublic]);
        const key = hkdfSync("sha256", ecdh.computeSecret(clientPublic), salt, info, 32);
        this.archive.sessionKey = new Uint8Array(key);
      }
      line.send(message);
    });
  }
}

function passOn(socket: WebSocket, port: number): void {
  const live = new WebSocket(`ws://127.0.0.1:${port}/`);
  const held: string[] = [];
  live.on("open", () => {
    for (const text of held.splice(0)) live.send(text);
  });
  socket.on("message", (data) => {
    if (live.readyState === WebSocket.OPEN) live.send(String(data));
    else held.push(String(data));
  });
  live.on("message", (data, binary) => socket.send(data, { binary }));
  live.on("error", () => socket.terminate());
  live.on("close", () => socket.terminate());
  socket.on("error", () => live.terminate());
  socket.on("close", () => live.terminate());
}
