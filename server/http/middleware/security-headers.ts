import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../types.ts";

/** Host name as a CSP source; undefined for anything that could add directives of its own. */
const HOST = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i;

/**
 * The web app loads nothing from elsewhere. WebAssembly needs its own permission, the ciphers are in it; workers may be
 * blobs; styles may be inline, which the component libraries need. WebTransport goes to another port of this host.
 */
export function contentSecurityPolicy(host: string | undefined): string {
  const [, name] = HOST.exec(host ?? "") ?? [];
  const live = name === undefined ? "" : ` ws://${host} wss://${host} https://${name}:*`;
  return [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self' data:",
    `connect-src 'self'${live}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export const securityHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  const { headers } = c.res;
  headers.set(
    "Content-Security-Policy",
    contentSecurityPolicy(c.req.header("x-forwarded-host") ?? c.req.header("host")),
  );
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("X-Frame-Options", "DENY");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Permissions-Policy", "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)");
  // Together these make the page cross-origin isolated: SharedArrayBuffer and exact clocks.
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  if (c.req.path.startsWith("/api/") && !headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
};
