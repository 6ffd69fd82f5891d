import { createApp } from "./app.ts";
import type { OpenApiDocument } from "./openapi.ts";
import type { AppDeps } from "./types.ts";

/** The API's document without a server: for the scripts that generate clients. Its version is that of the API's form. */
export function describeApi(): OpenApiDocument {
  return createApp(nothing() as AppDeps).document();
}

/** Stands for every service: registering a route touches them, and calls none for a result. */
function nothing(): unknown {
  const handler: ProxyHandler<() => void> = {
    get: (_, key) => (key === "version" ? "1" : key === Symbol.iterator ? [][Symbol.iterator].bind([]) : nothing()),
    apply: () => nothing(),
    construct: () => nothing() as object,
  };
  return new Proxy(() => undefined, handler);
}
