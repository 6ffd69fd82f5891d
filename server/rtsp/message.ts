import { FluxError } from "../../shared/lib/errors.ts";

/** Header fields by lower-case name; a name may come several times (WWW-Authenticate). */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

export interface RtspResponse {
  readonly kind: "response";
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderFields;
  readonly body: Uint8Array;
}

export interface RtspRequest {
  readonly kind: "request";
  readonly method: string;
  readonly uri: string;
  readonly headers: HeaderFields;
  readonly body: Uint8Array;
}

export type RtspMessage = RtspResponse | RtspRequest;
export type RtspHead = Omit<RtspResponse, "body"> | Omit<RtspRequest, "body">;

const MAX_HEADERS = 128;
const RESPONSE = /^RTSP\/(\d)\.\d{1,2} {1,8}(\d{3})(?: (.*))?$/;
const REQUEST = /^([A-Z_]{3,32}) (\S{1,2048}) RTSP\/\d\.\d{1,2}$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

/**
 * Start line and headers of one message (RFC 2326, 4 to 6), `text` without the empty line at its end.
 * Lines that are not headers are skipped: cameras send odd ones. Throws `rtsp.protocol`.
 */
export function parseHead(text: string): RtspHead {
  const lines = text.split(/\r?\n/);
  const start = (lines[0] ?? "").trim();
  const headers = new Map<string, string[]>();
  let last: string[] | undefined;
  for (let i = 1; i < lines.length && headers.size < MAX_HEADERS; i++) {
    const line = lines[i] as string;
    if (last && (line.startsWith(" ") || line.startsWith("\t"))) {
      last.push(`${last.pop() ?? ""} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon < 1 || !NAME.test(name)) {
      last = undefined;
      continue;
    }
    last = headers.get(name) ?? [];
    if (last.length < 16) last.push(line.slice(colon + 1).trim());
    headers.set(name, last);
  }
  const response = RESPONSE.exec(start);
  if (response) {
    return { kind: "response", status: Number(response[2]), reason: printable(response[3] ?? ""), headers };
  }
  const request = REQUEST.exec(start);
  if (request) return { kind: "request", method: request[1] ?? "", uri: request[2] ?? "", headers };
  throw new FluxError("rtsp.protocol", `the camera sent something that is not RTSP: "${printable(start)}"`);
}

/** The first value of a header. */
export function header(message: { readonly headers: HeaderFields }, name: string): string | undefined {
  return message.headers.get(name)?.[0];
}

/** `Content-Length`, 0 if absent. Throws `rtsp.protocol` if not a number, `rtsp.limit` beyond `maxBytes`. */
export function contentLength(head: RtspHead, maxBytes: number): number {
  const text = header(head, "content-length");
  if (text === undefined) return 0;
  if (!/^\d{1,15}$/.test(text)) throw new FluxError("rtsp.protocol", "the camera sent an unreadable Content-Length");
  const length = Number(text);
  if (length > maxBytes) {
    throw new FluxError(
      "rtsp.limit",
      `the camera announced a message of ${length} bytes, at most ${maxBytes} are read`,
    );
  }
  return length;
}

/** Names and values must be free of line breaks: callers build them from checked parts. */
export function encodeRequest(method: string, uri: string, headers: readonly (readonly [string, string])[]): string {
  return `${method} ${uri} RTSP/1.0\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** What a camera says, fit for a log line: no control characters, bounded. */
export function printable(text: string, max = 120): string {
  const clean = text.slice(0, max).replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?");
  return text.length > max ? `${clean}...` : clean;
}
