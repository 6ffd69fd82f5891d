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

/** What only this server may say about a client: never taken from outside. */
export const FORWARDED_HEADERS: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-real-ip",
]);

/** The peer's address; an IPv4 client of a dual-stack listener looks like one of an IPv4 listener. */
export function peerAddress(remoteAddress: string | undefined): string {
  return (remoteAddress ?? "unknown").replace(/^::ffff:(?=\d+\.)/i, "");
}
