import type { Context, MiddlewareHandler } from "hono";
import { FluxError } from "../../../shared/lib/errors.ts";
import { originAllowed } from "../../net/origin.ts";
import type { AppEnv } from "../types.ts";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
const MAX_AGE_SECONDS = 600;

/**
 * Refuses state-changing requests that a foreign page made a browser send, and lets the configured origins in (CORS).
 * Programs other than browsers send neither Origin nor Sec-Fetch-Site and are not concerned: they have no cookies.
 */
export function originCheck(allowedOrigins: readonly string[]): MiddlewareHandler<AppEnv> {
  const allowed = new Set(allowedOrigins);
  return async function checkOrigin(c, next) {
    const origin = c.req.header("origin");
    const friend = origin !== undefined && allowed.has(origin);
    if (friend) allowCors(c, origin);
    if (friend && c.req.method === "OPTIONS") return c.body(null, 204);
    if (!READS.has(c.req.method) && !friend && isForeign(c, origin)) {
      throw new FluxError("request.bad_origin", "requests from this origin are not accepted");
    }
    return next();
  };
}

function isForeign(c: Context<AppEnv>, origin: string | undefined): boolean {
  if (origin !== undefined) {
    const host = c.req.header("x-forwarded-host") ?? c.req.header("host");
    return !originAllowed(origin, { protocol: c.get("secure") ? "https" : "http", host }, []);
  }
  const site = c.req.header("sec-fetch-site");
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function allowCors(c: Context<AppEnv>, origin: string): void {
  c.header("Access-Control-Allow-Origin", origin);
  c.header("Access-Control-Allow-Credentials", "true");
  c.header("Access-Control-Allow-Headers", "authorization, content-type");
  c.header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
  c.header("Access-Control-Max-Age", `${MAX_AGE_SECONDS}`);
  c.header("Vary", "Origin");
}
