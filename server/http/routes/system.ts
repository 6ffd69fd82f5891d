import { z } from "@hono/zod-openapi";
import { liveConfig, systemStats } from "../../../shared/api/schemas.ts";
import { type Api, json, needs, open } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["system"];

const health = z.object({
  status: z.enum(["ok", "unavailable"]),
  checks: z.record(z.string(), z.enum(["ok", "failed"])),
});
export type Health = z.infer<typeof health>;

export function systemRoutes(api: Api, deps: AppDeps): void {
  api.add(
    needs("live.connect"),
    {
      method: "get",
      path: "/live/config",
      tags,
      summary: "How to reach the live relay",
      responses: { 200: json(liveConfig) },
    },
    (c) => c.json(deps.live(), 200),
  );

  api.add(
    needs("system.read"),
    {
      method: "get",
      path: "/system/stats",
      tags,
      summary: "What the server uses and does",
      responses: { 200: json(systemStats) },
    },
    async (c) => c.json(await deps.stats.read(), 200),
  );

  for (const path of ["/health", "/health/ready"] as const) {
    api.add(
      open,
      {
        method: "get",
        path,
        tags,
        summary: "Can requests be served?",
        responses: { 200: json(health, "Ready"), 503: json(health, "Not ready") },
      },
      async (c) => {
        const body = await readiness(deps);
        return body.status === "ok" ? c.json(body, 200) : c.json(body, 503);
      },
    );
  }

  api.add(
    open,
    { method: "get", path: "/health/live", tags, summary: "Does the process run?", responses: { 200: json(health) } },
    (c) => c.json({ status: "ok" as const, checks: {} }, 200),
  );
}

export async function readiness({ databasePing }: AppDeps): Promise<Health> {
  const database = await databasePing().then(
    () => "ok" as const,
    () => "failed" as const,
  );
  return { status: database === "ok" ? "ok" : "unavailable", checks: { database } };
}
