import type { Context } from "hono";
import type { AuditEntry } from "../control/audit.ts";
import type { AppEnv } from "./types.ts";

/** The caller, as an audit entry names it. */
export function actor(c: Context<AppEnv>): Pick<AuditEntry, "actorId" | "actorName" | "ip"> {
  const { userId, username } = c.get("principal");
  return { actorId: userId, actorName: username, ip: c.get("ip") };
}
