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

/**
 * May a page of this origin open a socket? Same host as the request's, or listed. A client that sends no `Origin` is no
 * browser, and carries no user's cookies against his will; it still needs a token.
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowedOrigins: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowedOrigins.includes(origin)) return true;
  try {
    const url = new URL(origin);
    return host !== undefined && url.host.toLowerCase() === withoutDefaultPort(host.toLowerCase(), url.protocol);
  } catch {
    // "null" and what is no URL.
    return false;
  }
}

/** `URL.host` leaves a scheme's own port out; a `Host` header may carry it. */
function withoutDefaultPort(host: string, protocol: string): string {
  const port = protocol === "https:" ? ":443" : ":80";
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}

/** The peer's address; an IPv4 client of a dual-stack listener looks like one of an IPv4 listener. */
export function peerAddress(remoteAddress: string | undefined): string {
  return (remoteAddress ?? "unknown").replace(/^::ffff:(?=\d+\.)/i, "");
}
