/** What a request came to, as its client sees it. */
export interface RequestTarget {
  readonly protocol: "http" | "https";
  readonly host: string | undefined;
}

/**
 * May a page of this origin change something, or open a socket? The origin of the request itself may, and those listed. A
 * client that sends no `Origin` is no browser, and carries no user's cookies against his will; it still needs a token.
 *
 * A page of plain HTTP may not act on the same host's HTTPS: whoever sits in the network can make such a page. The other
 * way round happens behind a proxy that ends TLS and does not say so.
 */
export function originAllowed(
  origin: string | undefined,
  { protocol, host }: RequestTarget,
  allowedOrigins: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowedOrigins.includes(origin)) return true;
  // "null" (a sandboxed frame, a file) and what is no URL.
  if (host === undefined || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  // Longer than an origin: no browser wrote it.
  if (from.origin !== origin.toLowerCase() || !/^https?:$/.test(from.protocol)) return false;
  if (protocol === "https" && from.protocol !== "https:") return false;
  return from.host === withoutDefaultPort(host.toLowerCase(), from.protocol);
}

/** `URL.host` leaves a scheme's own port out; a `Host` header may carry it. */
function withoutDefaultPort(host: string, protocol: string): string {
  const port = protocol === "https:" ? ":443" : ":80";
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}
