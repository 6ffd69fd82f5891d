import { z } from "@hono/zod-openapi";
import { caseChangeRequest, caseItemsRequest, caseLockRequest, lockReleaseRequest } from "../../../shared/api/cases.ts";
import { evidenceCase, evidenceLock } from "../../../shared/api/recording.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["evidence"];

/** Cases changed piece by piece, evidence locks of whole cases, and their release with a reason. */
export function caseEvidenceRoutes(api: Api, deps: AppDeps): void {
  changeRoutes(api, deps);
  lockRoutes(api, deps);
}

function changeRoutes(api: Api, { evidence: { cases }, audit }: AppDeps): void {
  api.add(
    needs("evidence.manage"),
    {
      method: "patch",
      path: "/cases/{id}",
      tags,
      summary: "Change a case's title or reference; its ranges stay",
      request: { params: idParam, body: jsonBody(caseChangeRequest) },
      responses: { 200: json(evidenceCase) },
    },
    async (c) => {
      const body = c.req.valid("json");
      const before = await cases.get(c.get("principal"), c.req.valid("param").id);
      const changed = await cases.rename(c.get("principal"), before.id, body);
      const { id, title, reference } = changed;
      const changes = [
        { field: "title", from: before.title, to: title },
        { field: "reference", from: before.reference, to: reference },
      ].filter(({ from, to }) => from !== to);
      await audit.add({ ...actor(c), action: "case.update", target: id, details: { title, changes } });
      return c.json(changed, 200);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "post",
      path: "/cases/{id}/items",
      tags,
      summary: "Add ranges to a case",
      request: { params: idParam, body: jsonBody(caseItemsRequest) },
      responses: { 201: json(evidenceCase, "The case with them") },
    },
    async (c) => {
      const { items } = c.req.valid("json");
      const changed = await cases.addItems(c.get("principal"), c.req.valid("param").id, items);
      const added = items.map(({ cameraId, startMicros, endMicros }) => ({ cameraId, startMicros, endMicros }));
      await audit.add({ ...actor(c), action: "case.add_ranges", target: changed.id, details: { added } });
      return c.json(changed, 201);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "delete",
      path: "/cases/{id}/items/{itemId}",
      tags,
      summary: "Take a range out of a case; footage and locks stay",
      request: { params: idParam.extend({ itemId: z.uuid() }) },
      responses: { 200: json(evidenceCase) },
    },
    async (c) => {
      const { id, itemId } = c.req.valid("param");
      const changed = await cases.removeItem(c.get("principal"), id, itemId);
      await audit.add({ ...actor(c), action: "case.remove_range", target: id, details: { itemId } });
      return c.json(changed, 200);
    },
  );
}

function lockRoutes(api: Api, { evidence: { cases, locks }, audit }: AppDeps): void {
  api.add(
    needs("evidence.manage"),
    {
      method: "post",
      path: "/cases/{id}/locks",
      tags,
      summary: "Keep every range of a case; those that its locks hold so long already are left out",
      request: { params: idParam, body: jsonBody(caseLockRequest) },
      responses: { 201: json(z.array(evidenceLock), "The new locks") },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const { reason, expiresAt } = c.req.valid("json");
      const found = await cases.get(c.get("principal"), id);
      if (found.items.length === 0) throw new FluxError("case.empty", "the case has no ranges to lock");
      const made = await locks.createForCase(c.get("principal"), found, { reason, expiresAt });
      const details = { reason, expiresAt, locks: made.map((lock) => lock.id) };
      if (made.length > 0) await audit.add({ ...actor(c), action: "case.lock", target: id, details });
      return c.json(made, 201);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "post",
      path: "/evidence-locks/{id}/release",
      tags,
      summary: "Release a lock and say why; its row stays",
      request: { params: idParam, body: jsonBody(lockReleaseRequest) },
      responses: { 200: json(evidenceLock) },
    },
    async (c) => {
      const { reason } = c.req.valid("json");
      const released = await locks.release(c.get("principal"), c.req.valid("param").id, reason);
      const { id, cameraId } = released;
      await audit.add({ ...actor(c), action: "evidence.release", target: id, details: { cameraId, reason } });
      return c.json(released, 200);
    },
  );
}
