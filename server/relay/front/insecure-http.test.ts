import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { Clients } from "./client.ts";
import { InsecureHttp } from "./insecure-http.ts";

interface Asked {
  readonly from?: string;
  readonly host?: string;
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly tlsPort?: number | undefined;
}

/** Status and location of the answer; undefined: passed on. */
function ask(asked: Asked): { status: number; location: unknown; body: string } | undefined {
  const { from = "::ffff:10.0.0.7", host = "cam.example:8080", method = "GET", url = "/wall?x=1", headers } = asked;
  const incoming = {
    method,
    url,
    headers: { host, accept: "text/html,*/*;q=0.8", ...headers },
    socket: { remoteAddress: from },
  };
  let answer: { status: number; location: unknown; body: string } | undefined;
  const response = {
    writeHead: (status: number, sent: Record<string, unknown>) => {
      answer = { status, location: sent.location, body: "" };
    },
    end: (body = "") => {
      if (answer) answer.body = body;
    },
  };
  const tlsPort = "tlsPort" in asked ? asked.tlsPort : 8443;
  const front = new InsecureHttp(() => tlsPort, new SimulatedClock());
  const request = incoming as unknown as IncomingMessage;
  const answered = front.answer(request, response as unknown as ServerResponse, new Clients([]).of(request, "http"));
  expect(answered).toBe(answer !== undefined);
  return answer;
}

it.each<[string, Asked, string]>([
  ["a page", {}, "https://cam.example:8443/wall?x=1"],
  ["a page, asked for its head", { method: "HEAD" }, "https://cam.example:8443/wall?x=1"],
  ["what is no page", { url: "/assets/a.js", headers: { accept: "*/*" } }, "https://cam.example:8443/assets/a.js"],
  ["an address without a port", { host: "10.0.0.9" }, "https://10.0.0.9:8443/wall?x=1"],
  ["IPv6", { host: "[2001:db8::9]:8080" }, "https://[2001:db8::9]:8443/wall?x=1"],
])("sends %s on to HTTPS", (_, asked, location) => {
  expect(ask(asked)).toMatchObject({ status: 307, location });
});

it.each<[string, Asked]>([
  ["a page on this machine", { from: "127.0.0.1" }],
  ["a page on this machine, IPv6", { from: "::1" }],
  ["localhost through a mapped port or a tunnel", { from: "172.17.0.1", host: "localhost:8080" }],
  ["a page behind a proxy that ended TLS", { headers: { "x-forwarded-proto": "https" } }],
  ["where there is no HTTPS", { tlsPort: undefined }],
  ["the interface on this machine", { url: "/api/v1/cameras", from: "127.0.0.1" }],
  ["health, even in a browser", { url: "/health/ready" }],
  ["health as the interface has it", { url: "/api/v1/health" }],
  ["what an authority of certificates asks for", { url: "/.well-known/acme-challenge/abc" }],
  ["signing in on this machine", { method: "POST", url: "/api/v1/auth/login", from: "127.0.0.1" }],
])("leaves alone: %s", (_, asked) => {
  expect(ask(asked)).toBeUndefined();
});

it.each<[string, Asked]>([
  ["a password", { method: "POST", url: "/api/v1/auth/login", headers: { accept: "application/json" } }],
  ["a token", { url: "/api/v1/cameras", headers: { authorization: "Bearer a.b.c" } }],
  ["whatever its spelling", { url: "/API/v1/cameras" }],
  ["a path that only begins like health", { url: "/api/v1/healthy" }],
  ["a change", { method: "DELETE", url: "/" }],
  ["a host that is none", { host: "evil.example/x" }],
  ["a request to a proxy", { url: "http://elsewhere.example/" }],
])("takes nothing in clear: %s", (_, asked) => {
  const answer = ask(asked);
  expect(answer?.status).toBe(403);
  expect(JSON.parse(answer?.body ?? "")).toMatchObject({ success: false, error: { code: "auth.insecure" } });
});
