import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { Context } from "hono";
import type { AppEnv } from "./types.ts";

export interface ServedFile {
  readonly path: string;
  readonly fileName: string;
  readonly bytes: number;
  /** Changes with the content. */
  readonly tag: string;
  readonly type: string;
}

/** A file as a download, in pieces from disk; one range at a time (RFC 9110, 14). */
export function fileResponse(c: Context<AppEnv>, file: ServedFile): Response {
  const etag = `"${file.tag}"`;
  const headers = new Headers({
    "content-type": file.type,
    "content-disposition": disposition(file.fileName),
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    etag,
  });
  const ifRange = c.req.header("if-range");
  const asked = ifRange === undefined || ifRange === etag ? c.req.header("range") : undefined;
  const range = parseRange(asked, file.bytes);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${file.bytes}`);
    return new Response(null, { status: 416, headers });
  }
  const [start, end] = range ?? [0, file.bytes - 1];
  headers.set("content-length", String(end - start + 1));
  if (range) headers.set("content-range", `bytes ${start}-${end}/${file.bytes}`);
  const body = file.bytes === 0 ? null : Readable.toWeb(createReadStream(file.path, { start, end }));
  return new Response(body as ReadableStream | null, { status: range ? 206 : 200, headers });
}

/** First and last byte; undefined: everything, as for whatever is no single range of bytes. */
export function parseRange(header: string | undefined, bytes: number): [number, number] | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const count = Math.min(Number(last), bytes);
    return count === 0 ? "unsatisfiable" : [bytes - count, bytes - 1];
  }
  const start = Number(first);
  const end = last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (start >= bytes) return "unsatisfiable";
  return end < start ? undefined : [start, end];
}

function disposition(fileName: string): string {
  const ascii = fileName.replace(/[^\w.-]/g, "_");
  const encoded = encodeURIComponent(fileName).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
