import { createReadStream, type Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { Readable } from "node:stream";
import type { Context } from "hono";
import type { App, AppEnv } from "./types.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** The build puts a hash of the content into these names: what is cached never goes stale. */
const HASHED = /^\/assets\/.*-[A-Za-z0-9_-]{8,}\.\w+$/;

/** Serves the built web app; addresses of its pages (without an extension) get index.html. */
export function webApp(app: App, root: string): void {
  app.get("*", async (c, next) => {
    const path = safePath(c.req.path);
    if (path === undefined) return next();
    const file = (await find(root, path)) ?? (extname(path) === "" ? await find(root, "/index.html") : undefined);
    return file ? send(c, file, path) : next();
  });
}

/** Decoded path, or undefined for everything that could leave the folder or reach hidden files. */
export function safePath(raw: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(raw);
  } catch {
    return undefined;
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\\\x00-\x1f]/.test(path)) return undefined;
  const hidden = path.split("/").some((part) => part.startsWith("."));
  return hidden ? undefined : path;
}

interface Found {
  readonly path: string;
  readonly stat: Stats;
}

async function find(root: string, path: string): Promise<Found | undefined> {
  try {
    const [base, real] = await Promise.all([realpath(root), realpath(join(root, path))]);
    if (!real.startsWith(base + sep)) return undefined;
    const found = await stat(real);
    return found.isFile() ? { path: real, stat: found } : undefined;
  } catch {
    return undefined;
  }
}

function send(c: Context<AppEnv>, file: Found, path: string): Response {
  const etag = `"${file.stat.size.toString(36)}-${Math.floor(file.stat.mtimeMs).toString(36)}"`;
  c.header("ETag", etag);
  c.header("Cache-Control", HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache");
  if (c.req.header("if-none-match") === etag) return c.body(null, 304);
  c.header("Content-Type", TYPES[extname(file.path)] ?? "application/octet-stream");
  c.header("Content-Length", `${file.stat.size}`);
  if (c.req.method === "HEAD") return c.body(null, 200);
  return c.body(Readable.toWeb(createReadStream(file.path)) as ReadableStream, 200);
}
