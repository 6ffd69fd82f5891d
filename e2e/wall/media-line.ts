import { createECDH } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import { z } from "zod";

const anyMessage = z.looseObject({ type: z.string() });
export type LineMessage = z.infer<typeof anyMessage>;

/** A viewer's connection to a real server, live or playback, without a browser around it. */
export class MediaLine {
  readonly messages: LineMessage[] = [];
  /** Binary messages so far. */
  frames = 0;
  closed = false;
  readonly #socket: WebSocket;
  #wake: (() => void)[] = [];
  #pings = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.frames++;
      else this.messages.push(anyMessage.parse(JSON.parse(data.toString("utf8"))));
      this.#tell();
    });
    socket.on("close", () => {
      this.closed = true;
      this.#tell();
    });
    socket.on("error", () => undefined);
  }

  /** Connected, and welcome. */
  static async open(serverUrl: string, kind: "live" | "playback", token: string): Promise<MediaLine> {
    const socket = new WebSocket(`${serverUrl.replace(/^http/, "ws")}/api/v1/${kind}`, { perMessageDeflate: false });
    const line = new MediaLine(socket);
    await once(socket, "open");
    line.say({ type: "hello", token, publicKey: createECDH("prime256v1").generateKeys("base64"), client: "test" });
    await line.message("welcome");
    return line;
  }

  say(message: Readonly<Record<string, unknown>>): void {
    this.#socket.send(JSON.stringify(message));
  }

  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  message(...types: readonly string[]): Promise<LineMessage> {
    return this.until(() => this.messages.find(({ type }) => types.includes(type)));
  }

  /** Everything that the server had said before it heard this has arrived. */
  async roundTrip(): Promise<void> {
    const t = ++this.#pings;
    if (!this.closed) this.say({ type: "ping", t });
    await this.until(() => (this.closed ? true : this.messages.find((one) => one.type === "pong" && one.t === t)));
  }

  close(): void {
    this.#socket.terminate();
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
