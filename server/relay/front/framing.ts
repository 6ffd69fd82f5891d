import type { IncomingMessage } from "node:http";

/** Where a request ends, and whom it is for: said once or not at all. */
const ONCE = ["host", "content-length", "transfer-encoding"] as const;
const LENGTH = /^\d{1,15}$/;
/** A line break or NUL in a value is another header to somebody. */
const BROKEN_VALUE = /[\0\r\n]/;
/** What `Connection` may name: everything else that is known is meant for whoever answers (RFC 9110, 7.6.1). */
const END_TO_END =
  /^(host|authorization|cookie|origin|referer|range|date|via|forwarded|content-.*|sec-.*|if-.*|accept.*|cache-control|user-agent|x-forwarded-.*|x-real-ip)$/;

/**
 * Why a request's end or meaning could be read in two ways, undefined: it cannot. Such a request is refused whole (RFC
 * 9112, 6.3 and 11.2): if the main thread read it otherwise than we do, one client's bytes were another's request. Most
 * of this the parser refuses itself; what depends on a parser's leniency is not safe.
 */
export function ambiguity({ rawHeaders, headers, method, httpVersion }: IncomingMessage): string | undefined {
  const counts = new Map<string, number>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const value = rawHeaders[i + 1] ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (BROKEN_VALUE.test(value)) return `a line break in ${name}`;
    if (name === "connection" && options(value).some((option) => END_TO_END.test(option))) {
      return "Connection names a header that is not of the connection";
    }
  }
  for (const name of ONCE) if ((counts.get(name) ?? 0) > 1) return `several ${name} headers`;
  const length = headers["content-length"];
  const encoding = headers["transfer-encoding"];
  if (length !== undefined && encoding !== undefined) return "both content-length and transfer-encoding";
  if (length !== undefined && !LENGTH.test(length)) return "content-length is no number";
  if (encoding !== undefined && (encoding.toLowerCase() !== "chunked" || httpVersion === "1.0")) {
    return "transfer-encoding is something else than chunked";
  }
  if ((method === "GET" || method === "HEAD") && announcesBody(headers)) return `a ${method} with a body`;
  return undefined;
}

/** Whether a body follows the headers. */
export function announcesBody(headers: IncomingMessage["headers"]): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

/** What a `Connection` header names, in lower case. */
export function options(connection: string): string[] {
  return connection.split(",").map((option) => option.trim().toLowerCase());
}
