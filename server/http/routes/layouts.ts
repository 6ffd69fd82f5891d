import { z } from "@hono/zod-openapi";
import { layout, layoutBody } from "../../../shared/api/schemas.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["layouts"];

export function layoutRoutes(api: Api, { layouts, audit }: AppDeps): void {
  api.add(
    needs("layout.use"),
    {
      method: "get",
      path: "/layouts",
      tags,
      summary: "Own and shared layouts",
      responses: { 200: json(z.array(layout)) },
    },
    async (c) => c.json(await layouts.list(c.get("principal")), 200),
  );

  api.add(
    needs("layout.edit"),
    {
      method: "post",
      path: "/layouts",
      tags,
      summary: "Save a layout",
      request: { body: jsonBody(layoutBody) },
      responses: { 201: json(layout, "Created") },
    },
    async (c) => {
      const created = await layouts.create(c.get("principal"), c.req.valid("json"));
      await audit.add({ ...actor(c), action: "layout.create", target: created.id, details: { name: created.name } });
      return c.json(created, 201);
    },
  );

  api.add(
    needs("layout.use"),
    {
      method: "get",
      path: "/layouts/{id}",
      tags,
      summary: "One layout",
      request: { params: idParam },
      responses: { 200: json(layout) },
    },
    async (c) => c.json(await layouts.get(c.get("principal"), c.req.valid("param").id), 200),
  );

  api.add(
    needs("layout.edit"),
    {
      method: "put",
      path: "/layouts/{id}",
      tags,
      summary: "Replace a layout",
      request: { params: idParam, body: jsonBody(layoutBody) },
      responses: { 200: json(layout) },
    },
    async (c) => {
      const changed = await layouts.update(c.get("principal"), c.req.valid("param").id, c.req.valid("json"));
      await audit.add({ ...actor(c), action: "layout.update", target: changed.id, details: { name: changed.name } });
      return c.json(changed, 200);
    },
  );

  api.add(
    needs("layout.edit"),
    {
      method: "delete",
      path: "/layouts/{id}",
      tags,
      summary: "Delete a layout",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      await layouts.remove(c.get("principal"), id);
      await audit.add({ ...actor(c), action: "layout.delete", target: id });
      return c.body(null, 204);
    },
  );
}
