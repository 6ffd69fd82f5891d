import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import { LOCAL_HEADER } from "../../relay/front/headers.ts";
import type { AppEnv } from "../types.ts";

/**
 * Request id, client address, scheme. Requests come over a unix socket from our own relay front, which has thrown away
 * any forwarding header of the client's; on a TCP socket such headers could be anybody's and are ignored.
 */
export const requestContext: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.set("requestId", randomUUID());
  const direct = c.env?.incoming?.socket?.remoteAddress;
  c.set("ip", direct === undefined ? forwardedAddress(c) : canonicalAddress(direct));
  c.set("local", direct === undefined && c.req.header(LOCAL_HEADER) === "1");
  c.set("secure", direct === undefined && c.req.header("x-forwarded-proto") === "https");
  await next();
  c.header("X-Request-Id", c.get("requestId"));
};

function forwardedAddress(c: Context<AppEnv>): string {
  const last = c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "";
  return isIP(last) === 0 ? "unknown" : canonicalAddress(last);
}

/** One spelling per address: limits count by it. */
function canonicalAddress(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  return mapped ?? address.toLowerCase();
}
