import { z } from "@hono/zod-openapi";
import { effectiveAccess, grants, grantsBody } from "../../../shared/api/access.ts";
import { createUserRequest, type User, updateUserRequest, user } from "../../../shared/api/schemas.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { can } from "../../auth/policy.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import { changesBetween } from "../changes-between.ts";
import type { AppDeps } from "../types.ts";

const tags = ["users"];

/** What the audit trail keeps of an account. */
const described = ({ username, displayName, role, enabled, language, grants: held }: User) => ({
  username,
  displayName,
  role,
  enabled,
  language,
  grants: held ?? [],
});

/** What lets somebody act for an account, or changes what it may do: asks who changes it to prove that it is still him. */
const PROVED_FIELDS = ["password", "mustChangePassword", "role", "enabled", "cameraIds"] as const;

/** The one's own is changed with proof of the one before. */
const ownPassword = (): FluxError =>
  new FluxError("user.own_password", "the own password is changed with the current one: POST /auth/password", {
    field: "password",
  });

export function userRoutes(api: Api, deps: AppDeps): void {
  accountRoutes(api, deps);
  rightsRoutes(api, deps);
}

function accountRoutes(api: Api, { users, identity: { recent }, audit }: AppDeps): void {
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
      summary: "Add a user, with rights that the caller holds himself",
      request: { body: jsonBody(createUserRequest) },
      responses: { 201: json(user, "Created") },
    },
    async (c) => {
      const by = c.get("principal");
      await recent.require(by);
      const created = await users.create(by, c.req.valid("json"));
      await audit.add({ ...actor(c), action: "user.create", target: created.id, details: described(created) });
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
      summary: "Change a user who may do no more than the caller; holds at once",
      request: { params: idParam, body: jsonBody(updateUserRequest) },
      responses: { 200: json(user) },
    },
    async (c) => {
      const input = c.req.valid("json");
      const { id } = c.req.valid("param");
      const by = c.get("principal");
      if (PROVED_FIELDS.some((field) => input[field] !== undefined)) await recent.require(by);
      const before = await users.get(id);
      // As the database writes the id, whose case is free in a request.
      if (input.password !== undefined && before.id === by.userId) throw ownPassword();
      const changed = await users.update(by, id, input, by.sessionId);
      const changes = changesBetween(described(before), described(changed));
      const details = { fields: Object.keys(input) };
      await audit.add({ ...actor(c), action: "user.update", target: id, details, changes });
      return c.json(changed, 200);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "delete",
      path: "/users/{id}",
      tags,
      summary: "Remove a user who may do no more than the caller",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const by = c.get("principal");
      await recent.require(by);
      const removed = await users.remove(by, id);
      await audit.add({ ...actor(c), action: "user.delete", target: id, details: described(removed) });
      return c.body(null, 204);
    },
  );
}

function rightsRoutes(api: Api, { users, access, identity, audit }: AppDeps): void {
  api.add(
    needs("user.manage"),
    {
      method: "get",
      path: "/users/{id}/grants",
      tags,
      summary: "What is granted to a user himself: roles on the system, on places, on cameras",
      request: { params: idParam },
      responses: { 200: json(grants) },
    },
    async (c) => c.json({ grants: await access.grants.of({ userId: c.req.valid("param").id }) }, 200),
  );

  api.add(
    needs("user.manage"),
    {
      method: "put",
      path: "/users/{id}/grants",
      tags,
      summary: "Replace a user's own grants; the caller must hold all that is given or taken",
      request: { params: idParam, body: jsonBody(grantsBody) },
      responses: { 200: json(grants) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const by = c.get("principal");
      await identity.recent.require(by);
      const { username, grants: before = [] } = await users.get(id);
      const after = await access.grants.replace(by, { userId: id }, c.req.valid("json").grants);
      const changes = changesBetween({ grants: before }, { grants: after });
      await audit.add({ ...actor(c), action: "grant.user", target: id, details: { username }, changes });
      return c.json({ grants: after }, 200);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "get",
      path: "/users/{id}/access",
      tags,
      summary: "What a user may do, on one camera or on anything, and which grants it comes from",
      request: { params: idParam, query: z.object({ camera: z.uuid().optional() }) },
      responses: { 200: json(effectiveAccess) },
    },
    async (c) => {
      const by = c.get("principal");
      const { camera } = c.req.valid("query");
      // Whoever administers people learns nothing of cameras that are not his to know of.
      const knows = (cameraId: string): boolean => can(by, "camera.view", cameraId);
      if (camera !== undefined && !knows(camera)) throw new FluxError("camera.not_found", "there is no such camera");
      const found = await access.effective(c.req.valid("param").id, camera);
      return c.json({ ...found, cameras: found.cameras.filter(({ cameraId }) => knows(cameraId)) }, 200);
    },
  );
}
