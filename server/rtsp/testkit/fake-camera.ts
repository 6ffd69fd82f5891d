import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { encodeRtp } from "../../rtp/packet.ts";

/** A request as the camera read it. */
export interface SeenRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** What it answers: status line rest, headers, body. `undefined`: nothing at all. */
export interface Answer {
  readonly status?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Script = (request: SeenRequest, socket: Socket) => Answer | undefined;

export const H264_SDP = [
  "v=0",
  "m=video 0 RTP/AVP 96",
  "a=rtpmap:96 H264/90000",
  "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z01AFtkAoC/5ZqDAwMgAAAMACAAAAwDweLFyQA==,aOvMsg==",
  "a=control:track1",
  "",
].join("\r\n");

/** The answers of a camera without faults; scripts change single ones. */
export function goodAnswer(request: SeenRequest): Answer {
  const transport = request.headers.get("transport") ?? "";
  switch (request.method) {
    case "OPTIONS":
      return { headers: { Public: "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN", Server: "fake/1" } };
    case "DESCRIBE":
      return { headers: { "Content-Type": "application/sdp" }, body: H264_SDP };
    case "SETUP":
      return { headers: { Transport: transport, Session: "77;timeout=60" } };
    default:
      return { headers: { Session: "77" } };
  }
}

/** An RTSP server in this process that answers as its script says. Everything it saw is kept. */
export class FakeCamera {
  readonly requests: SeenRequest[] = [];
  /** Interleaved packets from the client, channel first. */
  readonly frames: Uint8Array[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: { test: () => boolean; resolve: () => void }[] = [];
  #sequence = 0;
  #timestamp = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(
    script: Script = goodAnswer,
    tls?: { readonly key: string; readonly cert: string },
  ): Promise<FakeCamera> {
    const onSocket = (socket: Socket): void => camera.#serve(socket, script);
    const server = tls ? createTlsServer(tls, onSocket) : createTcpServer(onSocket);
    const camera = new FakeCamera(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return camera;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `rtsp://127.0.0.1:${this.port}/live`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Resolves when the test holds; it is asked after everything that the camera sees. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ test, resolve }));
  }

  untilAsked(method: string, times = 1): Promise<void> {
    return this.until(() => this.asked(method).length >= times);
  }

  asked(method: string): SeenRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  write(bytes: Uint8Array | string): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  /** One picture of single NAL units as interleaved packets on a channel. */
  picture(nals: readonly Uint8Array[], channel = 0): void {
    this.#timestamp += 3600;
    this.write(Buffer.concat(nals.map((nal, i) => interleave(channel, this.packet(nal, i === nals.length - 1)))));
  }

  packet(payload: Uint8Array, marker: boolean, payloadType = 96): Uint8Array {
    return encodeRtp(
      { payloadType, sequence: this.#sequence++ & 0xffff, timestamp: this.#timestamp, ssrc: 9, marker },
      payload,
    );
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket, script: Script): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    let rest = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        if (rest[0] === 0x24) {
          const end = 4 + (rest.length >= 4 ? rest.readUInt16BE(2) : Number.POSITIVE_INFINITY);
          if (rest.length < end) break;
          this.frames.push(Uint8Array.of(rest[1] as number, ...rest.subarray(4, end)));
          rest = rest.subarray(end);
        } else {
          const end = rest.indexOf("\r\n\r\n");
          if (end < 0) break;
          this.#take(rest.subarray(0, end).toString(), socket, script);
          rest = rest.subarray(end + 4);
        }
      }
      this.#wake();
    });
    this.#wake();
  }

  #take(text: string, socket: Socket, script: Script): void {
    const [start = "", ...lines] = text.split("\r\n");
    const [method = "", uri = ""] = start.split(" ");
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const request = { method, uri, headers };
    this.requests.push(request);
    if (method.startsWith("RTSP/")) return;
    const answer = script(request, socket);
    if (!answer) return;
    const { status = "200 OK", body = "" } = answer;
    const fields = {
      CSeq: headers.get("cseq") ?? "0",
      ...answer.headers,
      ...(body ? { "Content-Length": String(body.length) } : {}),
    };
    socket.write(
      `RTSP/1.0 ${status}\r\n${Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}\r\n${body}`,
    );
  }

  #wake(): void {
    for (const entry of [...this.#waiting]) {
      if (!entry.test()) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.resolve();
    }
  }
}

export function interleave(channel: number, packet: Uint8Array): Uint8Array {
  return Uint8Array.from([0x24, channel, packet.length >> 8, packet.length & 0xff, ...packet]);
}
