import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

export interface WallPage {
  /** http://127.0.0.1:port */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Builds web/testkit/page as the real page is built and serves it on loopback.
 * `root`: the checkout. Vite is loaded when asked for: it is no part of the server.
 */
export async function serveWallPage(root: string): Promise<WallPage> {
  const vite = "vite";
  const { build } = (await import(vite)) as typeof import("vite");
  const outDir = await mkdtemp(join(tmpdir(), "wall-page-"));
  await build({
    root: join(root, "web/testkit/page"),
    configFile: false,
    logLevel: "error",
    worker: { format: "es" },
    build: { outDir, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0, minify: false },
  });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(outDir, path === "/" ? "index.html" : path);
    readFile(file).then(
      (body) =>
        response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await rm(outDir, { recursive: true, force: true });
    },
  };
}
