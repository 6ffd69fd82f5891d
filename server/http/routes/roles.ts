import { z } from "@hono/zod-openapi";
import { type AccessRole, accessRole, roleBody, roleId } from "../../../shared/api/access.ts";
import { actor } from "../actor.ts";
import { type Api, json, jsonBody, needs, noContent } from "../api.ts";
import { changesBetween } from "../changes-between.ts";
import type { AppDeps } from "../types.ts";

const tags = ["roles"];
const roleParam = z.object({ id: roleId });
const described = ({ name, description, permissions }: AccessRole) => ({ name, description, permissions });

/** Roles: named sets of permissions. */
export function roleRoutes(api: Api, { access: { roles }, identity: { recent }, audit }: AppDeps): void {
  api.add(
    needs("user.manage"),
    { method: "get", path: "/roles", tags, summary: "All roles", responses: { 200: json(z.array(accessRole)) } },
    async (c) => c.json(await roles.list(), 200),
  );

  api.add(
    needs("user.manage"),
    {
      method: "post",
      path: "/roles",
      tags,
      summary: "Put a role together, of permissions that the caller holds on the whole system",
      request: { body: jsonBody(roleBody) },
      responses: { 201: json(accessRole, "Created") },
    },
    async (c) => {
      const by = c.get("principal");
      await recent.require(by);
      const made = await roles.create(by, c.req.valid("json"));
      await audit.add({ ...actor(c), action: "role.create", target: made.id, details: described(made) });
      return c.json(made, 201);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "put",
      path: "/roles/{id}",
      tags,
      summary: "Replace a role's name, description and permissions; holds at once for all who have it",
      request: { params: roleParam, body: jsonBody(roleBody) },
      responses: { 200: json(accessRole) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const by = c.get("principal");
      await recent.require(by);
      const before = await roles.get(id);
      const changed = await roles.update(by, id, c.req.valid("json"));
      const changes = changesBetween(described(before), described(changed));
      await audit.add({ ...actor(c), action: "role.update", target: id, details: { name: changed.name }, changes });
      return c.json(changed, 200);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "delete",
      path: "/roles/{id}",
      tags,
      summary: "Remove a role that nobody has",
      request: { params: roleParam },
      responses: noContent,
    },
    async (c) => {
      const by = c.get("principal");
      await recent.require(by);
      const removed = await roles.remove(by, c.req.valid("param").id);
      await audit.add({ ...actor(c), action: "role.delete", target: removed.id, details: described(removed) });
      return c.body(null, 204);
    },
  );
}
