import { FluxError } from "../../shared/lib/errors.ts";

export interface RtspRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case; a repeated header keeps its last value. */
  readonly headers: ReadonlyMap<string, string>;
}

const maxHeadBytes = 16 * 1024;
const maxBodyBytes = 64 * 1024;

/** Cuts a connection's bytes into requests. Interleaved packets from the client (its RTCP) are skipped. */
export class RequestReader {
  #pending: Buffer = Buffer.alloc(0);

  /** @throws FluxError `simulator.bad_request` when the bytes are no RTSP or exceed the limits. */
  push(chunk: Buffer): RtspRequest[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const requests: RtspRequest[] = [];
    for (let next = this.#take(); next !== "incomplete"; next = this.#take()) {
      if (next !== "skipped") requests.push(next);
    }
    return requests;
  }

  #take(): RtspRequest | "skipped" | "incomplete" {
    const bytes = this.#pending;
    if (bytes[0] === 0x24) {
      const end = bytes.length < 4 ? Number.POSITIVE_INFINITY : 4 + bytes.readUInt16BE(2);
      if (bytes.length < end) return "incomplete";
      this.#pending = bytes.subarray(end);
      return "skipped";
    }
    const headEnd = bytes.indexOf("\r\n\r\n");
    if (headEnd < 0 ? bytes.length > maxHeadBytes : headEnd > maxHeadBytes) {
      throw new FluxError("simulator.bad_request", `The request's head exceeds ${maxHeadBytes} bytes`);
    }
    if (headEnd < 0) return "incomplete";
    const request = parseHead(bytes.toString("latin1", 0, headEnd));
    const bodyBytes = Number(request.headers.get("content-length") ?? 0);
    if (!(bodyBytes >= 0 && bodyBytes <= maxBodyBytes)) {
      throw new FluxError("simulator.bad_request", "Content-Length is out of range");
    }
    if (bytes.length < headEnd + 4 + bodyBytes) return "incomplete";
    this.#pending = bytes.subarray(headEnd + 4 + bodyBytes);
    return request;
  }
}

function parseHead(head: string): RtspRequest {
  const [start = "", ...lines] = head.replace(/^(?:\r\n)+/, "").split("\r\n");
  const match = /^([A-Z_]{1,32}) (\S{1,2048}) RTSP\/1\.\d$/.exec(start);
  if (!match?.[1] || !match[2]) throw new FluxError("simulator.bad_request", "The request line is no RTSP 1.0");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method: match[1], url: match[2], headers };
}
