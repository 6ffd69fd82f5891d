import { Hono } from "hono";
import { pino } from "pino";
import { expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { errorResponse } from "./errors.ts";
import { requestContext } from "./middleware/request-context.ts";
import type { AppEnv } from "./types.ts";

it("logs the route of a request that failed, and never a ticket in its path", async () => {
  const lines: string[] = [];
  const deps = {
    log: pino({ base: null }, { write: (line: string) => lines.push(line) }),
    clock: new SimulatedClock(),
  };
  const routes = new Hono<AppEnv>();
  routes.get("/api/v1/export-download/:ticket", () => {
    throw new Error("the disk is gone");
  });
  const app = new Hono<AppEnv>();
  app.onError((error, c) => errorResponse(error, c, deps));
  app.use(requestContext);
  app.use("/api/*", (_c, next) => next());
  app.route("/", routes);
  app.all("/api/*", () => {
    throw new Error("nothing matched");
  });
  const answer = await app.request("/api/v1/export-download/the-secret-ticket?also=this-secret");
  expect(answer.status).toBe(500);
  const { requestId, ...said } = JSON.parse(lines[0] ?? "{}") as Record<string, unknown>;
  expect(said).toMatchObject({ method: "GET", route: "/api/v1/export-download/:ticket", msg: "request failed" });
  expect(((await answer.json()) as { error: { requestId: string } }).error.requestId).toBe(requestId);
  expect((await app.request("/api/v2/the-secret-ticket")).status).toBe(500);
  expect(JSON.parse(lines[1] ?? "{}")).toMatchObject({ route: "*" });
  expect(lines.join()).not.toContain("secret");
});
