import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../types.ts";

/** Host name as a CSP source; undefined for anything that could add directives of its own. */
const HOST = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i;
/** JSON, text and downloads: nothing in them is ever to run, to be drawn or to load anything. */
const DATA_PATH = /^\/(api|health|\.well-known)(?=\/|$)/;
const DOCS_PATH = /^\/docs(?=\/|$)/;

/** What browsers could do for a page; ours needs a few of them, and a frame inside of it none. */
const PERMISSIONS = [
  ...["autoplay", "fullscreen", "microphone", "screen-wake-lock"].map((name) => `${name}=(self)`),
  ...["publickey-credentials-get", "publickey-credentials-create"].map((name) => `${name}=(self)`),
  ...["accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope"].map(off),
  ...[
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "midi",
    "payment",
    "serial",
    "usb",
    "xr-spatial-tracking",
  ].map(off),
].join(", ");

function off(name: string): string {
  return `${name}=()`;
}

export type ResponseKind = "data" | "docs" | "app";

export function kindOf(path: string): ResponseKind {
  if (DATA_PATH.test(path)) return "data";
  return DOCS_PATH.test(path) ? "docs" : "app";
}

/**
 * Nothing is loaded from elsewhere, no script is inline, nothing is evaluated. The app alone may compile WebAssembly,
 * the ciphers are in it, and reach WebTransport on another port of this host; styles may be inline, which the component
 * libraries need.
 */
export function contentSecurityPolicy(host: string | undefined, kind: ResponseKind = "app", liveports = ["*"]): string {
  const shared = ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"];
  if (kind === "data") return ["default-src 'none'", "form-action 'none'", ...shared].join("; ");
  const images = "img-src 'self' data: blob:";
  const styles = "style-src 'self' 'unsafe-inline'";
  if (kind === "docs") {
    const own = ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "form-action 'none'"];
    return [...own, styles, images, ...shared].join("; ");
  }
  const [, name] = HOST.exec(host ?? "") ?? [];
  const ports = liveports.map((port) => ` https://${name}:${port}`).join("");
  const live = name === undefined ? "" : ` ws://${host} wss://${host}${ports}`;
  return [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    styles,
    images,
    "media-src 'self' blob:",
    "font-src 'self' data:",
    "frame-src 'none'",
    "manifest-src 'self'",
    `connect-src 'self'${live}`,
    "form-action 'self'",
    ...shared,
  ].join("; ");
}

/** @param livePort where WebTransport is now; undefined: nowhere */
export function securityHeaders(livePort: () => number | undefined): MiddlewareHandler<AppEnv> {
  return async function setSecurityHeaders(c, next) {
    await next();
    const { headers } = c.res;
    const kind = kindOf(c.req.path);
    const port = livePort();
    const host = c.req.header("x-forwarded-host") ?? c.req.header("host");
    const policy = contentSecurityPolicy(host, kind, port === undefined ? [] : [String(port)]);
    headers.set("Content-Security-Policy", policy);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("X-Frame-Options", "DENY");
    headers.set("X-Permitted-Cross-Domain-Policies", "none");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Permissions-Policy", PERMISSIONS);
    // Together these make the page cross-origin isolated: SharedArrayBuffer and exact clocks.
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Embedder-Policy", "require-corp");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Origin-Agent-Cluster", "?1");
    if (c.req.path.startsWith("/api/") && !headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  };
}
