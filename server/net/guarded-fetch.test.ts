import type { lookup } from "node:dns";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { OutboundGuard } from "./outbound-guard.ts";

const servers: Server[] = [];
const guards: OutboundGuard[] = [];
afterEach(async () => {
  for (const guard of guards.splice(0)) guard.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function guardFor(ports: readonly number[], resolve?: typeof lookup): OutboundGuard {
  const guard = new OutboundGuard({ ownPorts: () => new Set(), loopback: new Set(ports) }, resolve);
  guards.push(guard);
  return guard;
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

describe("a request", () => {
  it("goes out and comes back as with fetch", async () => {
    const port = await serve(async (request, response) => {
      const body = await textOf(request);
      response.setHeader("set-cookie", ["a=1", "b=2"]);
      response.statusCode = 201;
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
    });
    const response = await guardFor([port]).fetch("service")(`http://127.0.0.1:${port}/token?x=1`, {
      method: "POST",
      headers: { authorization: "Basic YTpi" },
      body: new URLSearchParams({ grant_type: "authorization_code" }),
    });
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await response.json()).toMatchObject({
      method: "POST",
      url: "/token?x=1",
      body: "grant_type=authorization_code",
      headers: {
        authorization: "Basic YTpi",
        "content-type": "application/x-www-form-urlencoded;charset=UTF-8",
        "content-length": "29",
      },
    });
  });

  it("takes bytes, streams and requests", async () => {
    const seen: (string | undefined)[] = [];
    const port = await serve(async (request, response) => {
      seen.push(request.headers["content-length"], await textOf(request));
      response.statusCode = 204;
      response.end();
    });
    const fetch = guardFor([port]).fetch("service");
    const url = `http://127.0.0.1:${port}/object`;
    await fetch(url, { method: "PUT", body: new Uint8Array([104, 105]) });
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("stream"));
        controller.close();
      },
    });
    await fetch(url, { method: "PUT", headers: { "content-length": "6" }, body, duplex: "half" } as RequestInit);
    const response = await fetch(new Request(url, { method: "POST", body: "request" }));
    expect(response.body).toBeNull();
    expect(seen).toEqual(["2", "hi", "6", "stream", undefined, "request"]);
  });

  it("is refused before anything is connected", async () => {
    let touched = 0;
    const port = await serve((_request, response) => {
      touched++;
      response.end();
    });
    await expect(guardFor([]).fetch("service")(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: "net.refused",
    });
    expect(touched).toBe(0);
  });

  it("connects to the address that was looked at, whatever the name says a moment later", async () => {
    let answers = 0;
    const port = await serve((_request, response) => void response.end("here"));
    // First this server, then somewhere that is refused: a connection that resolved again would end there.
    const rebinding = ((_name: string, _options: object, done: (error: null, found: object[]) => void) =>
      done(null, [
        { address: answers++ === 0 ? "127.0.0.1" : "169.254.169.254", family: 4 },
      ])) as unknown as typeof lookup;
    const fetch = guardFor([port], rebinding).fetch("service");
    expect(await (await fetch(`http://rebind.example:${port}/`)).text()).toBe("here");
    expect(answers).toBe(1);
    guards[0]?.close();
    await expect(fetch(`http://rebind.example:${port}/`)).rejects.toMatchObject({ code: "net.refused" });
  });
});

describe("a redirect", () => {
  it("is an error unless it is asked for", async () => {
    const port = await serve((_request, response) => void response.writeHead(302, { location: "/next" }).end());
    const fetch = guardFor([port]).fetch("service");
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: "net.redirect" });
    expect((await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" })).status).toBe(302);
    await expect(fetch(`http://127.0.0.1:${port}/`, { redirect: "follow" })).rejects.toMatchObject({
      code: "net.redirect",
    });
  });

  it.each(["http://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/", "http://[::1]:9/", "file:///etc/passwd"])(
    "is not followed to %s",
    async (location) => {
      const port = await serve((_request, response) => void response.writeHead(307, { location }).end());
      const going = guardFor([port]).fetch("service")(`http://127.0.0.1:${port}/`, { redirect: "follow" });
      await expect(going).rejects.toMatchObject({ code: expect.stringMatching(/^net\.(refused|bad_url)$/) });
    },
  );

  it("takes no credentials to another origin, and becomes a GET after 303", async () => {
    const seen: object[] = [];
    const target = await serve(async (request, response) => {
      seen.push({ method: request.method, authorization: request.headers.authorization, body: await textOf(request) });
      response.end();
    });
    const port = await serve(
      (_request, response) => void response.writeHead(303, { location: `http://127.0.0.1:${target}/` }).end(),
    );
    const headers = { authorization: "Bearer secret" };
    const init: RequestInit = { method: "POST", headers, body: "x", redirect: "follow" };
    await guardFor([port, target]).fetch("service")(`http://127.0.0.1:${port}/`, init);
    expect(seen).toEqual([{ method: "GET", authorization: undefined, body: "" }]);
  });
});

describe("an answer", () => {
  it("is limited, whether it tells its length or not", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/told") response.setHeader("content-length", 5000);
      response.write(Buffer.alloc(2500));
      response.end(Buffer.alloc(2500));
    });
    const fetch = guardFor([port]).fetch("service", { maxBytes: 1000 });
    await expect(fetch(`http://127.0.0.1:${port}/told`)).rejects.toMatchObject({ code: "net.too_large" });
    const untold = await fetch(`http://127.0.0.1:${port}/`);
    await expect(untold.arrayBuffer()).rejects.toMatchObject({ code: "net.too_large" });
  });

  it("that stops in the middle is an error, and so is one that never comes", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/never") return;
      response.setHeader("content-length", 100);
      response.write("part", () => response.destroy());
    });
    const fetch = guardFor([port]).fetch("service", { idleMs: 200 });
    const cut = await fetch(`http://127.0.0.1:${port}/`);
    await expect(cut.text()).rejects.toMatchObject({ code: "net.failed" });
    await expect(fetch(`http://127.0.0.1:${port}/never`)).rejects.toMatchObject({ code: "net.timeout" });
    const aborted = AbortSignal.abort();
    await expect(fetch(`http://127.0.0.1:${port}/`, { signal: aborted })).rejects.toMatchObject({ name: "AbortError" });
  });
});
