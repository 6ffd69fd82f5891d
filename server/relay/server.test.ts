import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { systemClock } from "../../shared/lib/clock.ts";
import { readFrame } from "../../shared/wire/sealed-frame.ts";
import type { IngestToRelay } from "../ingest/protocol.ts";
import { openRelayServer, type RelayServer } from "./server.ts";
import { FakeAuthority } from "./testkit/fake-authority.ts";
import type { FrameMaker } from "./testkit/frames.ts";
import { CAMERA_A, route, sub, subscribe } from "./testkit/harness.ts";

/** The relay thread's server on true sockets, with a fake main thread behind a unix socket. */

/** A busy machine is given time. */
const WAIT = { timeout: 20_000 };
const clock = systemClock();
let folder: string;
let upstream: Server;
let relay: RelayServer;
let ingest: MessagePort;
let seen: { url: string | undefined; method: string | undefined; headers: IncomingHttpHeaders; body: string }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "relay-test-"));
  seen = [];
  upstream = createServer((incoming, response) => {
    readAll(incoming).then(
      (body) => {
        seen.push({ url: incoming.url, method: incoming.method, headers: incoming.headers, body });
        response.setHeader("x-answer", "yes");
        response.statusCode = incoming.url === "/missing" ? 404 : 200;
        if (incoming.url !== "/held") response.end(`hello ${body}`);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => upstream.listen(join(folder, "main.sock"), resolve));
  const authority = new FakeAuthority();
  authority.users.set("anna", {
    userId: "anna",
    sessionId: "session-anna",
    cameras: new Set([CAMERA_A]),
    tokenExpiresAtMicros: clock.utcMicros() + 900_000_000,
  });
  relay = await openRelayServer(
    {
      logLevel: "silent",
      httpHost: "127.0.0.1",
      httpPort: 0,
      tls: undefined,
      webTransport: undefined,
      upstreamSocket: join(folder, "main.sock"),
      // Frames come as fast as they can be sent here; the quota has tests of its own.
      quotaKbps: 100_000_000,
      allowedOrigins: ["https://elsewhere.example"],
    },
    (message) =>
      authority.answer(message, (reply) => {
        if (reply.type === "reply") relay.relay.handle(reply);
      }),
    clock,
  );
  relay.relay.handle({ type: "cameras", cameras: [route(CAMERA_A, 1)] });
  const channel = new MessageChannel();
  ingest = channel.port2;
  relay.relay.handle({ type: "ingest-port", workerIndex: 0, port: channel.port1 });
});
afterEach(async () => {
  ingest.close();
  await relay.close();
  await new Promise((resolve) => upstream.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function readAll(stream: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve(Buffer.concat(chunks).toString()));
    stream.on("error", reject);
  });
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function fetchRaw(path: string, headers: Record<string, string> = {}, method = "GET", body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port: relay.ready.httpPort, path, headers, method }, (answer) => {
      readAll(answer).then(
        (text) => resolve({ status: answer.statusCode, headers: answer.headers, body: text }),
        reject,
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

describe("the HTTP front", () => {
  it("passes requests and answers on", async () => {
    const answer = await fetchRaw("/api/v1/x?y=1", { "x-own": "1" }, "POST", "body");
    expect(answer).toMatchObject({ status: 200, body: "hello body" });
    expect(answer.headers["x-answer"]).toBe("yes");
    expect(seen[0]).toMatchObject({ url: "/api/v1/x?y=1", method: "POST", body: "body" });
    expect(seen[0]?.headers["x-own"]).toBe("1");
    expect((await fetchRaw("/missing")).status).toBe(404);
  });

  it("writes forwarding headers itself and drops those of one hop", async () => {
    await fetchRaw("/", {
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-proto": "https",
      "x-real-ip": "6.6.6.6",
      "x-fluxvision-local": "1",
      forwarded: "for=6.6.6.6",
      connection: "close, x-secret-hop",
      "x-secret-hop": "1",
      te: "trailers",
    });
    const headers = seen[0]?.headers ?? {};
    expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(headers["x-forwarded-proto"]).toBe("http");
    const dropped = ["x-real-ip", "forwarded", "x-secret-hop", "te", "x-fluxvision-local"];
    for (const name of dropped) expect(headers).not.toHaveProperty(name);
    await fetchRaw("/");
    expect(seen[1]?.headers["x-fluxvision-local"]).toBe("1");
  });

  it("answers 502 in the API's own form when the main thread is gone", async () => {
    await new Promise((resolve) => upstream.close(resolve));
    const answer = await fetchRaw("/api/v1/health");
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body)).toMatchObject({ success: false, error: { code: "server.unavailable" } });
    await new Promise<void>((resolve) => upstream.listen(join(folder, "main.sock"), resolve));
    expect((await fetchRaw("/")).status).toBe(200);
  });

  it("refuses a body that is announced too large, before it is sent", async () => {
    const answer = await fetchRaw("/upload", { "content-length": String(65 * 1024 * 1024) }, "POST");
    expect(answer.status).toBe(413);
    expect(seen).toEqual([]);
  });

  it("passes a body on whole, when all of it is there; one that grows too large is refused", async () => {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const outgoing = request(
        { host: "127.0.0.1", port: relay.ready.httpPort, path: "/parts", method: "POST" },
        (incoming) => {
          const { statusCode: status, headers } = incoming;
          readAll(incoming).then((body) => resolve({ status, headers, body }), reject);
        },
      );
      outgoing.on("error", reject);
      outgoing.write("one ");
      outgoing.end("two");
    });
    expect(answer).toMatchObject({ status: 200, body: "hello one two" });
    expect(seen[0]?.headers).toMatchObject({ "content-length": "7" });
    expect(seen[0]?.headers).not.toHaveProperty("transfer-encoding");
    const large = await rawAnswer(
      `POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${"10000\r\n".concat("a".repeat(65_536), "\r\n").repeat(17)}`,
    );
    expect(large).toMatch(/^HTTP\/1\.1 413 /);
    expect(seen).toHaveLength(1);
  });

  const begun = async (text: string): Promise<Socket> => {
    const socket = connect(relay.ready.httpPort, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(text);
    await new Promise((resolve) => socket.once("data", resolve));
    return socket;
  };

  it("holds nothing on the main thread, and no place, for requests whose body never comes", async () => {
    const half = "POST /slow HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n";
    // The answer to "continue?" shows that the request has arrived.
    const sockets = await Promise.all(Array.from({ length: 40 }, () => begun(half)));
    expect(await new Promise((resolve) => upstream.getConnections((_error, count) => resolve(count)))).toBe(0);
    expect((await fetchRaw("/")).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  it("lets one address have so many requests under way and no more", async () => {
    const sockets = Array.from({ length: 32 }, () => {
      const socket = connect(relay.ready.httpPort, "127.0.0.1").on("error", () => undefined);
      socket.write("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
      return socket;
    });
    await expect.poll(() => seen.length, WAIT).toBe(32);
    const refused = await fetchRaw("/");
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.body)).toMatchObject({ error: { code: "server.busy" } });
    await Promise.all(
      sockets.map((socket) => {
        socket.destroy();
        return new Promise((resolve) => socket.on("close", resolve));
      }),
    );
    await expect.poll(async () => (await fetchRaw("/")).status, WAIT).toBe(200);
  });

  it("refuses what is no HTTP, and headers without end", async () => {
    expect(await rawAnswer("hello there\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await rawAnswer(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 4/,
    );
    expect(seen).toEqual([]);
  });
});

function rawAnswer(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(relay.ready.httpPort, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
  });
}

const liveUrl = (): string => `ws://127.0.0.1:${relay.ready.httpPort}/api/v1/live`;

function opens(url: string, headers: Record<string, string> = {}): Promise<number | "open"> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers });
    socket.on("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.on("unexpected-response", (_, answer) => {
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    });
    socket.on("error", () => {});
  });
}

describe("the live socket", () => {
  it.each([
    ["no origin (no browser)", {}, "open"],
    ["its own origin", { origin: "http://HOST" }, "open"],
    ["a listed origin", { origin: "https://elsewhere.example" }, "open"],
    ["a foreign origin", { origin: "https://evil.example" }, 403],
    ["an opaque origin", { origin: "null" }, 403],
    ["its own host, other port", { origin: "http://127.0.0.1:1" }, 403],
  ])("from %s", async (_, headers: { origin?: string }, expected) => {
    const origin = headers.origin?.replace("HOST", `127.0.0.1:${relay.ready.httpPort}`);
    expect(await opens(liveUrl(), origin === undefined ? {} : { origin })).toBe(expected);
  });

  it("is at one path only", async () => {
    expect(await opens(`ws://127.0.0.1:${relay.ready.httpPort}/other`)).toBe(404);
  });

  it("closes on a message over 64 KiB and on a binary one", async () => {
    for (const data of ["x".repeat(70_000), Buffer.from([1, 2, 3])]) {
      const socket = new WebSocket(liveUrl());
      socket.on("error", () => {});
      const closed = new Promise<number>((resolve) => socket.on("close", resolve));
      socket.on("open", () => socket.send(data));
      expect([1006, 1009, 4000]).toContain(await closed);
    }
  });

  it("delivers sealed frames, several in one message, and the end of the session", async () => {
    const viewer = new Viewer(liveUrl());
    await viewer.has("welcome");
    viewer.socket.send(JSON.stringify(subscribe([CAMERA_A], 200)));
    await viewer.has("keys");
    const camera = sub(1);
    publish(camera, 20);
    await viewer.until(() => viewer.sequences.length === 20);
    expect(viewer.sequences).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(viewer.binaryMessages).toBeLessThan(20);
    const closed = new Promise<[number, Buffer]>((resolve) => viewer.socket.on("close", (...all) => resolve(all)));
    relay.relay.handle({ type: "end-session", sessionId: "session-anna", code: "auth.signed_out" });
    const [code, reason] = await closed;
    expect(code).toBe(4001);
    expect(reason.toString()).toMatch(/^auth\.signed_out /);
    expect(viewer.types).toContain("session_expired");
  });

  it("is not held up by one that stops reading", async () => {
    const [slow, healthy] = [new Viewer(liveUrl()), new Viewer(liveUrl())];
    for (const viewer of [slow, healthy]) {
      await viewer.has("welcome");
      viewer.socket.send(JSON.stringify(subscribe([CAMERA_A], 200)));
      await viewer.has("keys");
    }
    slow.socket.pause();
    // 60 MB: far beyond what socket buffers and the queue of the slow one take.
    const camera = sub(1, { kbps: 24_000, gop: 30 });
    const total = 300;
    for (let sent = 0; sent < total; sent += 10) {
      publish(camera, 10);
      await healthy.until(() => healthy.sequences.length >= sent + 10);
    }
    expect(healthy.sequences).toEqual(Array.from({ length: total }, (_, index) => index));
    const before = slow.sequences.length;
    slow.socket.resume();
    await slow.until(() => slow.sequences.length > before);
    expect(relay.relay.stats(1).framesDropped).toBeGreaterThan(0);
    for (const viewer of [slow, healthy]) viewer.socket.terminate();
  });
});

function publish(maker: FrameMaker, count: number): void {
  for (let i = 0; i < count; i++) {
    const buffer = new ArrayBuffer(maker.nextBytes);
    maker.write(new Uint8Array(buffer), 0, clock.utcMicros());
    const message: IngestToRelay = { type: "frames", buffer, byteLength: buffer.byteLength };
    ingest.postMessage(message, [buffer]);
  }
}

/** A client that says hello and notes what comes. */
class Viewer {
  readonly socket: WebSocket;
  readonly types: string[] = [];
  readonly sequences: number[] = [];
  binaryMessages = 0;
  #changed: () => void = () => {};

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on("error", () => {});
    this.socket.on("open", () => {
      this.socket.send(JSON.stringify({ type: "hello", token: "anna", publicKey: "BA==", client: "test" }));
    });
    this.socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#frames(data);
      else this.types.push((JSON.parse(data.toString()) as { type: string }).type);
      this.#changed();
    });
  }

  has(type: string): Promise<void> {
    return this.until(() => this.types.includes(type));
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        if (condition()) resolve();
      };
      this.#changed();
    });
  }

  #frames(data: Buffer): void {
    this.binaryMessages++;
    for (let offset = 0; offset < data.byteLength; ) {
      const frame = readFrame(data, offset);
      if (!frame) throw new Error("half a frame");
      this.sequences.push(frame.header.sequence);
      offset += frame.bytes.byteLength;
    }
  }
}
