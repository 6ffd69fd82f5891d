import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { Clients } from "../relay/front/client.ts";
import { HttpProxy } from "../relay/front/proxy.ts";

/** One client's bytes become another's request where two parsers disagree about where a request ends. */

let folder: string;
let upstream: Server;
let front: Server;
let proxy: HttpProxy;
let port: number;
let seen: { line: string; from: unknown; length: unknown; body: string }[];
/** What the main thread does with a request, when its body is there. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;

const listening = (server: Server, at: number | string): Promise<void> =>
  new Promise((resolve) => {
    server.listen(at, resolve);
  });
const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smuggle-"));
  seen = [];
  answer = (request, response) => {
    response.end(`answer to ${request.url}`);
  };
  upstream = createServer((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const { "x-forwarded-for": from, "content-length": length } = request.headers;
      seen.push({ line: `${request.method} ${request.url}`, from, length, body });
      answer(request, response);
    });
  });
  const socketPath = join(folder, "s");
  await listening(upstream, socketPath);
  proxy = new HttpProxy({ socketPath, clock: systemClock(), clients: new Clients([]), requestsPerSecond: 0 });
  front = createServer((request, response) => proxy.handle(request, response, "http"));
  await listening(front, 0);
  port = (front.address() as AddressInfo).port;
});
afterEach(async () => {
  proxy.close();
  await Promise.all([closed(front), closed(upstream)]);
  await rm(folder, { recursive: true });
});

/** Everything that comes until the server hangs up: the last request asks for it. */
function raw(...lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(lines.join("\r\n"), "latin1"));
    let all = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      all += text;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(all));
  });
}

const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
const INNER = "GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.66.66.66\r\nX-Forwarded-Proto: https\r\n\r\n";

describe("a request in the body of another", () => {
  it.each(["GET", "HEAD", "DELETE", "OPTIONS", "POST", "PATCH"])(
    "of a %s stays its body, or is refused",
    async (method) => {
      await raw(
        `${method} /outer HTTP/1.1`,
        ...["Host: a", "Connection: close, content-length", `Content-Length: ${INNER.length}`, "", INNER],
      );
      await raw(
        `${method} /outer HTTP/1.1`,
        ...["Host: a", "Connection: close", `Content-Length: ${INNER.length}`, "", INNER],
      );
      await raw(
        `${method} /outer HTTP/1.1`,
        ...[
          "Host: a",
          "Connection: close",
          "Transfer-Encoding: chunked",
          "",
          INNER.length.toString(16),
          INNER,
          "0",
          "",
          "",
        ],
      );
      for (let i = 0; i < 3; i++) expect(await get(`/other${i}`)).toBe(`answer to /other${i}`);
      const bodiless = method === "GET" || method === "HEAD";
      const whole = { line: `${method} /outer`, from: "127.0.0.1", length: String(INNER.length), body: INNER };
      expect(seen.slice(0, -3)).toEqual(bodiless ? [] : [whole, whole]);
      expect(seen.map(({ line }) => line)).not.toContain("GET /smuggled");
    },
  );

  it("gives nobody the answer that is somebody else's", async () => {
    const waiting = new Map<string, () => void>();
    answer = (request, response) => {
      const end = (): void => {
        response.end(`answer to ${request.url}`);
      };
      if (request.url === "/victim") waiting.set(request.url, end);
      else end();
    };
    const attack = raw(
      ...[
        "GET /outer HTTP/1.1",
        "Host: a",
        "Connection: close, content-length",
        `Content-Length: ${INNER.length}`,
        "",
        INNER,
      ],
    );
    expect(await attack).toContain("request.ambiguous");
    const victim = get("/victim");
    expect(await get("/attacker")).toBe("answer to /attacker");
    await expect.poll(() => waiting.has("/victim"), { timeout: 20_000 }).toBe(true);
    waiting.get("/victim")?.();
    expect(await victim).toBe("answer to /victim");
  });

  it("is answered on a connection that nobody else gets, should the main thread ever speak unasked", async () => {
    answer = (request, response) => {
      const { socket } = request;
      response.end(`answer to ${request.url}`, () => {
        if (request.url === "/odd") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen");
      });
    };
    await get("/odd");
    // Whether it comes before the next request or after: it is nobody's answer.
    for (let i = 0; i < 5; i++) expect(await get(`/${i}`).catch(String)).not.toContain("stolen");
  });
});

describe("a request whose end can be read in two ways", () => {
  it.each([
    ["both lengths", ["Content-Length: 4", "Transfer-Encoding: chunked"]],
    ["both, the other way round", ["Transfer-Encoding: chunked", "Content-Length: 4"]],
    ["two lengths", ["Content-Length: 4", "Content-Length: 5"]],
    ["two equal lengths", ["Content-Length: 4", "Content-Length: 4"]],
    ["a list of lengths", ["Content-Length: 4, 4"]],
    ["a signed length", ["Content-Length: +4"]],
    ["a hexadecimal length", ["Content-Length: 0x4"]],
    ["an endless length", ["Content-Length: 99999999999999999999"]],
    ["two encodings", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]],
    ["another encoding", ["Transfer-Encoding: gzip, chunked"]],
    ["an unknown encoding", ["Transfer-Encoding: xchunked"]],
    ["a space before the colon", ["Content-Length : 4"]],
    ["a folded line", ["X-Note: a", " Content-Length: 4"]],
    ["a folded length", ["Content-Length:", " 4"]],
    ["a bare line feed", ["X-Note: a\nContent-Length: 4"]],
    ["a bare carriage return", ["X-Note: a\rContent-Length: 4"]],
    ["a NUL", ["X-Note: a\0b"]],
    ["two hosts", ["Host: b"]],
    ["a host that is of the connection", ["Connection: host"]],
    ["credentials that are of the connection", ["Connection: Authorization"]],
    ["an origin that is of the connection", ["Connection: close,ORIGIN "]],
    ["a forwarded address that is of the connection", ["Connection: x-forwarded-for"]],
  ])("%s is refused", async (_name, headers) => {
    const text = await raw("POST /unclear HTTP/1.1", "Host: a", "Connection: close", ...headers, "", "0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toEqual([]);
  });

  it("is refused as HTTP/1.0 in pieces", async () => {
    expect(await raw("POST /unclear HTTP/1.0", "Host: a", "Transfer-Encoding: chunked", "", "0", "", "")).toMatch(
      / 400 /,
    );
    expect(seen).toEqual([]);
  });
});

it("what browsers and tools send is served as ever", async () => {
  const text = await raw(
    ...["GET /plain HTTP/1.1", "Host: a", "Content-Length: 0", "Connection: keep-alive", "", ""],
    ...["DELETE /none HTTP/1.1", "Host: a", "Connection: keep-alive, Keep-Alive, TE", "TE: trailers", "", ""],
    ...[
      "POST /pieces HTTP/1.1",
      "Host: a",
      "Transfer-Encoding: Chunked",
      "Connection: close",
      "",
      "3",
      "abc",
      "0",
      "",
      "",
    ],
  );
  expect(text.match(/answer to \/(plain|none|pieces)/g)).toEqual([
    "answer to /plain",
    "answer to /none",
    "answer to /pieces",
  ]);
  expect(seen.map(({ line, length, body }) => [line, length, body]).sort()).toEqual([
    ["DELETE /none", "0", ""],
    ["GET /plain", "0", ""],
    ["POST /pieces", "3", "abc"],
  ]);
});
