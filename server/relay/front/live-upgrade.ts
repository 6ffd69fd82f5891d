import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock } from "../../../shared/lib/clock.ts";
import { addressOwner } from "../../net/address-class.ts";
import { originAllowed } from "../../net/origin.ts";
import { PlaybackConnection, type PlaybackHandlers, type PlaybackLine } from "../../playback/playback-connection.ts";
import { type AcceptViewer, MAX_CLIENT_MESSAGE_BYTES } from "../transport/connection.ts";
import { FrameJoiner } from "../transport/frame-batch.ts";
import { WebSocketConnection } from "../transport/websocket-connection.ts";
import type { Admission } from "./admission.ts";
import type { Clients } from "./client.ts";
import { ambiguity, announcesBody } from "./framing.ts";
import type { InsecureHttp } from "./insecure-http.ts";
import { FRONT_HEADER_LINES } from "./security-headers.ts";

export const LIVE_PATH = "/api/v1/live";
export const PLAYBACK_PATH = "/api/v1/playback";

export interface LiveUpgradeOptions {
  readonly allowedOrigins: readonly string[];
  readonly admission: Admission;
  readonly accept: AcceptViewer;
  readonly acceptPlayback: (line: PlaybackLine) => PlaybackHandlers;
  readonly clock: Clock;
  readonly clients: Clients;
  /** Undefined: plain HTTP is as good as any. */
  readonly insecure?: InsecureHttp;
}

/** Turns an HTTP upgrade on the live or the playback path into a viewer's connection. */
export class LiveUpgrade {
  readonly #options: LiveUpgradeOptions;
  readonly #joiner = new FrameJoiner();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_CLIENT_MESSAGE_BYTES,
    // Sealed frames do not compress, and compression would cost memory per viewer.
    perMessageDeflate: false,
  });

  constructor(options: LiveUpgradeOptions) {
    this.#options = options;
  }

  /** `admitted` is called when a viewer's place is taken. */
  handle(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    protocol: "http" | "https",
    admitted: () => void = () => {},
  ): void {
    // Until the WebSocket owns the socket, nothing else hears its errors.
    const ignore = (): void => {};
    socket.on("error", ignore);
    const path = (request.url ?? "").split("?", 1)[0];
    if (path !== LIVE_PATH && path !== PLAYBACK_PATH) {
      refuse(socket, 404);
      return;
    }
    // Nothing but the handshake may come before the first message.
    if (ambiguity(request) !== undefined || announcesBody(request.headers)) {
      refuse(socket, 400);
      return;
    }
    const { allowedOrigins, admission, accept, acceptPlayback, clock, clients, insecure } = this.#options;
    const client = clients.of(request, protocol);
    const insecureHere = client.protocol === "http" && insecure?.allows(request, client) === false;
    if (insecureHere || !originAllowed(request.headers.origin, client, allowedOrigins)) {
      refuse(socket, 403);
      return;
    }
    const { address } = client;
    const leave = admission.enter(addressOwner(address));
    if (!leave) {
      refuse(socket, 503);
      return;
    }
    socket.on("close", leave);
    admitted();
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off("error", ignore);
      if (path === PLAYBACK_PATH) {
        const line = new PlaybackConnection(webSocket, address, clock);
        line.start(acceptPlayback(line));
        return;
      }
      const connection = new WebSocketConnection(webSocket, address, this.#joiner, clock);
      connection.start(accept(connection));
    });
  }

  close(): void {
    this.#server.close();
  }
}

function refuse(socket: Duplex, status: 400 | 403 | 404 | 503): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${FRONT_HEADER_LINES}Connection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
