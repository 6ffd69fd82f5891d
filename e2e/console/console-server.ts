import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type MockState, mockApi } from "../../web/app/testing/mock-api.ts";

/** As strict as the real server's, so that a blocked style or script shows as a console error here already. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

async function readBody(request: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
}

export interface ConsoleServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the built console in `folder` and a mocked API on loopback. */
export async function startConsoleServer(folder: string, state: MockState, port = 0): Promise<ConsoleServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const answer = async (): Promise<void> => {
      if (url.pathname.startsWith("/api/v1")) {
        const reply = mockApi(
          state,
          request.method ?? "GET",
          url.pathname.slice("/api/v1".length),
          await readBody(request),
          url.searchParams,
        );
        response.writeHead(reply.status, { "content-type": "application/json" });
        response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
        return;
      }
      const wanted = join(folder, normalize(url.pathname).replace(/^(\.\.[/\\])+/, ""));
      const file = extname(wanted) !== "" && existsSync(wanted) ? wanted : join(folder, "index.html");
      response.writeHead(200, {
        "content-type": types[extname(file)] ?? "application/octet-stream",
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "cache-control": "no-store",
      });
      createReadStream(file).pipe(response);
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
