import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { FluxError } from "../../shared/lib/errors.ts";
import { API_PREFIX } from "./api.ts";
import type { OpenApiDocument } from "./openapi.ts";
import type { App } from "./types.ts";

const ASSETS: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>FluxVision API</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;
const START = `SwaggerUIBundle({ url: "${API_PREFIX}/openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null });\n`;

/** The OpenAPI document and Swagger UI, all from this server: works without the internet and under our own CSP. */
export function docsRoutes(app: App, document: () => OpenApiDocument): void {
  app.get(`${API_PREFIX}/openapi.json`, (c) => c.json(document()));
  app.get("/docs", (c) => c.html(PAGE));
  app.get("/docs/start.js", (c) => c.body(START, 200, { "Content-Type": "text/javascript; charset=utf-8" }));
  app.get("/docs/:asset", async (c) => {
    const type = ASSETS[c.req.param("asset")];
    const file = type === undefined ? undefined : join(swaggerFolder(), c.req.param("asset"));
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
    if (type === undefined || file === undefined || !found) {
      throw new FluxError("request.not_found", "there is nothing here");
    }
    const headers = {
      "Content-Type": type,
      "Content-Length": `${found.size}`,
      "Cache-Control": "public, max-age=86400",
    };
    return c.body(Readable.toWeb(createReadStream(file)) as ReadableStream, 200, headers);
  });
}

function swaggerFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));
}
