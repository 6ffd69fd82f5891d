import { z } from "@hono/zod-openapi";
import { createUserRequest, updateUserRequest, user } from "../../../shared/api/schemas.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["users"];

export function userRoutes(api: Api, { users, audit }: AppDeps): void {
  api.add(
    needs("user.manage"),
    { method: "get", path: "/users", tags, summary: "All users", responses: { 200: json(z.array(user)) } },
    async (c) => c.json(await users.list(), 200),
  );

  api.add(
    needs("user.manage"),
    {
      method: "post",
      path: "/users",
      tags,
      summary: "Add a user",
      request: { body: jsonBody(createUserRequest) },
      responses: { 201: json(user, "Created") },
    },
    async (c) => {
      const created = await users.create(c.req.valid("json"));
      const { username, role } = created;
      await audit.add({ ...actor(c), action: "user.create", target: created.id, details: { username, role } });
      return c.json(created, 201);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "get",
      path: "/users/{id}",
      tags,
      summary: "One user",
      request: { params: idParam },
      responses: { 200: json(user) },
    },
    async (c) => c.json(await users.get(c.req.valid("param").id), 200),
  );

  api.add(
    needs("user.manage"),
    {
      method: "patch",
      path: "/users/{id}",
      tags,
      summary: "Change a user; holds at once",
      request: { params: idParam, body: jsonBody(updateUserRequest) },
      responses: { 200: json(user) },
    },
    async (c) => {
      const input = c.req.valid("json");
      const changed = await users.update(c.req.valid("param").id, input, c.get("principal").sessionId);
      await audit.add({
        ...actor(c),
        action: "user.update",
        target: changed.id,
        details: { fields: Object.keys(input) },
      });
      return c.json(changed, 200);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "delete",
      path: "/users/{id}",
      tags,
      summary: "Remove a user",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      await users.remove(id);
      await audit.add({ ...actor(c), action: "user.delete", target: id });
      return c.body(null, 204);
    },
  );
}
