import type { IncomingHttpHeaders } from "node:http";

/** Headers that mean only this connection (RFC 9110, 7.6.1; RFC 2616, 13.5.1). */
export const HOP_BY_HOP_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // Answered here, before the body is passed on.
  "expect",
]);

/** `1`: the front says that the client is this machine itself, and nobody that a proxy on it serves. */
export const LOCAL_HEADER = "x-fluxvision-local";

/** What only this server may say about a client: never taken from outside. */
export const FORWARDED_HEADERS: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-real-ip",
  LOCAL_HEADER,
]);

/** Whoever writes one of these passes on what somebody else has asked. */
const PASSED_ON = [...FORWARDED_HEADERS, "via", "x-client-ip", "true-client-ip", "cf-connecting-ip"];

export function isPassedOn(headers: IncomingHttpHeaders): boolean {
  return PASSED_ON.some((name) => headers[name] !== undefined);
}

/** The peer's address; an IPv4 client of a dual-stack listener looks like one of an IPv4 listener. */
export function peerAddress(remoteAddress: string | undefined): string {
  return (remoteAddress ?? "unknown").replace(/^::ffff:(?=\d+\.)/i, "");
}
