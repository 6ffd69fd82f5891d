import { z } from "@hono/zod-openapi";
import { API_PREFIX, type Api } from "./api.ts";

const health = z.object({
  status: z.enum(["ok", "unavailable"]),
  checks: z.record(z.string(), z.enum(["ok", "failed"])),
});
const jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });
const content = (schema: z.ZodType) => ({ "application/json": { schema } });

/** What is served beside the routes of `Api` and belongs into the document all the same. */
export function describeUnlisted(api: Api): void {
  const registry = api.hono.openAPIRegistry;
  for (const path of ["/health", "/health/live", "/health/ready"]) {
    registry.registerPath({
      method: "get",
      path,
      tags: ["system"],
      summary: `The same as ${API_PREFIX}${path}, where probes look for it`,
      responses: {
        200: { description: "Ready", content: content(health) },
        503: { description: "Not ready", content: content(health) },
      },
    });
  }
  registry.registerPath({
    method: "get",
    path: "/.well-known/jwks.json",
    tags: ["auth"],
    summary: "Public key of the access tokens (RFC 7517)",
    responses: { 200: { description: "Keys", content: content(jwks) } },
  });
  registry.registerPath({
    method: "get",
    path: "/.well-known/acme-challenge/{token}",
    tags: ["system"],
    summary: "Answer for a certificate authority (RFC 8555, http-01)",
    request: { params: z.object({ token: z.string() }) },
    responses: { 200: { description: "The answer", content: { "text/plain": { schema: z.string() } } } },
  });
  registry.registerPath({
    method: "get",
    path: `${API_PREFIX}/openapi.json`,
    tags: ["system"],
    summary: "This document",
    responses: { 200: { description: "OpenAPI 3.1", content: content(z.record(z.string(), z.unknown())) } },
  });
  for (const [path, what] of [
    [`${API_PREFIX}/live`, "Live video"],
    [`${API_PREFIX}/playback`, "Recorded video"],
  ] as const) {
    registry.registerPath({
      method: "get",
      path,
      tags: ["media"],
      summary: `${what}: a WebSocket (or WebTransport). The first message, \`hello\`, carries the token`,
      responses: { 101: { description: "Switching protocols" } },
    });
  }
}
