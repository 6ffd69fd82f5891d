import { z } from "@hono/zod-openapi";
import {
  configDiff,
  configDiffQuery,
  configVersion,
  configVersionPage,
  configVersionQuery,
  rollbackPlan,
  rollbackRequest,
  rollbackResult,
  rollbackTarget,
} from "../../../shared/api/config.ts";
import { sightOf } from "../../config-versions/rollback.ts";
import { stateChanges, toChange } from "../../config-versions/store.ts";
import { actor } from "../actor.ts";
import { type Api, json, jsonBody, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["config"];
const versionParam = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

/** Versions of the configuration, and the way back. */
export function configRoutes(api: Api, deps: AppDeps): void {
  readRoutes(api, deps);
  rollbackRoutes(api, deps);
}

function readRoutes(api: Api, { configVersions: { store } }: AppDeps): void {
  api.add(
    needs("config.manage"),
    {
      method: "get",
      path: "/config/versions",
      tags,
      summary: "What was changed in the configuration, newest first, as far as the caller may change it",
      request: { query: configVersionQuery },
      responses: { 200: json(configVersionPage) },
    },
    async (c) => c.json(await store.list(c.req.valid("query"), sightOf(c.get("principal"))), 200),
  );
  api.add(
    needs("config.manage"),
    {
      method: "get",
      path: "/config/versions/{id}",
      tags,
      summary: "One version, with old and new values",
      request: { params: versionParam },
      responses: { 200: json(configVersion) },
    },
    async (c) => c.json(await store.version(c.req.valid("param").id, sightOf(c.get("principal"))), 200),
  );
  api.add(
    needs("config.manage"),
    {
      method: "get",
      path: "/config/diff",
      tags,
      summary: "What leads from the configuration after one version to that after another, or to now",
      request: { query: configDiffQuery },
      responses: { 200: json(configDiff) },
    },
    async (c) => {
      const { from, to, section } = c.req.valid("query");
      const { sections: seen, shows } = sightOf(c.get("principal"));
      const sections = new Set([...seen].filter((one) => section === undefined || one === section));
      const before = await store.after(from, sections);
      const after = to === undefined ? await store.now(sections) : await store.after(to, sections);
      const changes = stateChanges(before, after).filter((one) => shows(one.section, one.change));
      return c.json({ changes: changes.map((one) => toChange(one.section, one.change)) }, 200);
    },
  );
}

function rollbackRoutes(api: Api, { configVersions: { rollback }, identity }: AppDeps): void {
  api.add(
    needs("config.manage"),
    {
      method: "post",
      path: "/config/rollback/preview",
      tags,
      summary: "What a roll-back would change; nothing is done",
      request: { body: jsonBody(rollbackTarget) },
      responses: { 200: json(rollbackPlan) },
    },
    async (c) => c.json(await rollback.preview(c.get("principal"), c.req.valid("json")), 200),
  );
  api.add(
    needs("config.manage"),
    {
      method: "post",
      path: "/config/rollback",
      tags,
      summary: "Go back, with the caller's own rights, exactly as the preview said",
      request: { body: jsonBody(rollbackRequest) },
      responses: { 200: json(rollbackResult) },
    },
    async (c) => {
      const { target, plan, reason } = c.req.valid("json");
      const by = c.get("principal");
      await identity.recent.require(by);
      return c.json(await rollback.run(by, actor(c), target, plan, reason), 200);
    },
  );
}
