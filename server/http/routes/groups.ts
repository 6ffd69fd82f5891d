import { z } from "@hono/zod-openapi";
import { grants, grantsBody, groupBody, membersBody, type UserGroup, userGroup } from "../../../shared/api/access.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import { changesBetween } from "../changes-between.ts";
import type { AppDeps } from "../types.ts";

const tags = ["groups"];
const named = ({ name, description }: UserGroup) => ({ name, description });
const withMembers = ({ name, members }: UserGroup) => ({ name, members: members.map(({ username }) => username) });

/** Groups of users: what is granted to one, all its members hold. */
export function groupRoutes(api: Api, deps: AppDeps): void {
  listRoutes(api, deps);
  rightsRoutes(api, deps);
}

function listRoutes(api: Api, { access: { groups }, identity, audit }: AppDeps): void {
  api.add(
    needs("user.manage"),
    { method: "get", path: "/groups", tags, summary: "All groups", responses: { 200: json(z.array(userGroup)) } },
    async (c) => c.json(await groups.list(), 200),
  );

  api.add(
    needs("user.manage"),
    {
      method: "post",
      path: "/groups",
      tags,
      summary: "Add a group",
      request: { body: jsonBody(groupBody) },
      responses: { 201: json(userGroup, "Created") },
    },
    async (c) => {
      const made = await groups.create(c.req.valid("json"));
      await audit.add({ ...actor(c), action: "group.create", target: made.id, details: named(made) });
      return c.json(made, 201);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "get",
      path: "/groups/{id}",
      tags,
      summary: "One group with its members and grants",
      request: { params: idParam },
      responses: { 200: json(userGroup) },
    },
    async (c) => c.json(await groups.get(c.req.valid("param").id), 200),
  );

  api.add(
    needs("user.manage"),
    {
      method: "patch",
      path: "/groups/{id}",
      tags,
      summary: "Rename a group",
      request: { params: idParam, body: jsonBody(groupBody) },
      responses: { 200: json(userGroup) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const before = await groups.get(id);
      const changed = await groups.update(id, c.req.valid("json"));
      const changes = changesBetween(named(before), named(changed));
      await audit.add({ ...actor(c), action: "group.update", target: id, details: { name: changed.name }, changes });
      return c.json(changed, 200);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "delete",
      path: "/groups/{id}",
      tags,
      summary: "Remove a group; its members lose what it gave them",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const by = c.get("principal");
      await identity.recent.require(by);
      const removed = await groups.remove(by, c.req.valid("param").id);
      const details = { ...withMembers(removed), grants: removed.grants };
      await audit.add({ ...actor(c), action: "group.delete", target: removed.id, details });
      return c.body(null, 204);
    },
  );
}

function rightsRoutes(api: Api, { access, identity, audit }: AppDeps): void {
  api.add(
    needs("user.manage"),
    {
      method: "put",
      path: "/groups/{id}/members",
      tags,
      summary: "Who is in a group by hand; the caller must hold all that the group gives",
      request: { params: idParam, body: jsonBody(membersBody) },
      responses: { 200: json(userGroup) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const by = c.get("principal");
      await identity.recent.require(by);
      const before = await access.groups.get(id);
      const changed = await access.groups.setMembers(by, id, c.req.valid("json").userIds);
      const changes = changesBetween(withMembers(before), withMembers(changed));
      await audit.add({ ...actor(c), action: "group.members", target: id, details: { name: changed.name }, changes });
      return c.json(changed, 200);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "put",
      path: "/groups/{id}/grants",
      tags,
      summary: "Replace a group's grants; the caller must hold all that is given or taken",
      request: { params: idParam, body: jsonBody(grantsBody) },
      responses: { 200: json(grants) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const by = c.get("principal");
      await identity.recent.require(by);
      const { name, grants: before } = await access.groups.get(id);
      const after = await access.grants.replace(by, { groupId: id }, c.req.valid("json").grants);
      const changes = changesBetween({ grants: before }, { grants: after });
      await audit.add({ ...actor(c), action: "grant.group", target: id, details: { name }, changes });
      return c.json({ grants: after }, 200);
    },
  );
}
