import { createECDH } from "node:crypto";
import { WebSocket } from "ws";

interface Told {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A viewer's connection as any program could make it: real socket, no browser. */
export class MediaClient {
  readonly messages: Told[] = [];
  /** Binary messages: sealed frames. */
  binary = 0;
  closed = false;
  readonly #socket: WebSocket;
  #waiting: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.binary++;
      else this.messages.push(JSON.parse(data.toString()) as Told);
      this.#wake();
    });
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
    socket.on("error", () => undefined);
  }

  /** Rejects with the HTTP status where the upgrade is refused. */
  static open(url: string, headers: Record<string, string> = {}): Promise<MediaClient> {
    const socket = new WebSocket(url, { headers });
    const client = new MediaClient(socket);
    return new Promise((resolve, reject) => {
      socket.on("open", () => resolve(client));
      socket.on("unexpected-response", (_, answer) => {
        reject(new Error(`refused with ${answer.statusCode}`));
        socket.terminate();
      });
      socket.on("error", reject);
    });
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  hello(token: string): Promise<Told> {
    const publicKey = createECDH("prime256v1").generateKeys("base64");
    this.send({ type: "hello", token, publicKey, client: "abuse test" });
    return this.told((message) => message.type === "welcome");
  }

  subscribe(...cameraIds: string[]): void {
    const tile = { widthPx: 640, heightPx: 360, visible: true };
    this.send({ type: "subscribe", cameras: cameraIds.map((cameraId) => ({ cameraId, ...tile })) });
  }

  async told(matches: (message: Told) => boolean): Promise<Told> {
    return this.until(() => this.messages.find(matches));
  }

  async framesAfter(count: number): Promise<number> {
    return this.until(() => (this.binary > count ? this.binary : undefined));
  }

  async end(): Promise<void> {
    await this.until(() => (this.closed ? true : undefined));
  }

  /** Stops reading: the socket fills up. */
  stall(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.terminate();
  }

  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.closed) throw new Error(`closed; told: ${JSON.stringify(this.messages)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
