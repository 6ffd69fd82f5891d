import type { Context } from "hono";
import type { AuditEntry } from "../control/audit.ts";
import type { AppEnv } from "./types.ts";

/** The caller, as an audit entry names it. */
export function actor(c: Context<AppEnv>): Pick<AuditEntry, "actorId" | "actorName" | "sessionId" | "ip"> {
  const { userId, username, sessionId } = c.get("principal");
  return { actorId: userId, actorName: username, sessionId, ip: c.get("ip") };
}
