import { z } from "@hono/zod-openapi";
import { apiToken, createdToken, createTokenRequest } from "../../../shared/api/tokens.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["tokens"];

/** API tokens. Only people get here: a token makes no tokens. */
export function tokenRoutes(api: Api, { apiTokens, identity, audit }: AppDeps): void {
  api.add(
    needs("token.own"),
    {
      method: "get",
      path: "/tokens",
      tags,
      summary: "Own tokens; `all=1`: everybody's, for whoever manages tokens",
      request: { query: z.object({ all: z.enum(["0", "1"]).optional() }) },
      responses: { 200: json(z.array(apiToken)) },
    },
    async (c) => c.json(await apiTokens.list(c.get("principal"), c.req.valid("query").all === "1"), 200),
  );

  api.add(
    needs("token.own"),
    {
      method: "post",
      path: "/tokens",
      tags,
      summary: "Make a token; its secret is told in this answer and never again",
      request: { body: jsonBody(createTokenRequest) },
      responses: { 201: json(createdToken, "Created") },
    },
    async (c) => {
      const by = c.get("principal");
      // It outlives the session that makes it by up to a year.
      await identity.recent.require(by);
      const created = await apiTokens.create(by, c.req.valid("json"));
      const { id, name, owner, permissions, cameraIds, networks, expiresAt } = created.token;
      const details = { name, owner: owner.username, permissions, cameraIds, networks, expiresAt };
      await audit.add({ ...actor(c), action: "token.create", target: id, details });
      return c.json(created, 201);
    },
  );

  api.add(
    needs("token.own"),
    {
      method: "delete",
      path: "/tokens/{id}",
      tags,
      summary: "Revoke a token: it and everything that runs with it ends at once",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const { name } = await apiTokens.revoke(c.get("principal"), id);
      await audit.add({ ...actor(c), action: "token.revoke", target: id, details: { name } });
      return c.body(null, 204);
    },
  );
}
