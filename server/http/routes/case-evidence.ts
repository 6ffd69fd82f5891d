import { z } from "@hono/zod-openapi";
import { caseLockRequest, lockReleaseRequest } from "../../../shared/api/cases.ts";
import { evidenceLock } from "../../../shared/api/recording.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["evidence"];

/** Evidence locks of whole cases, and their release with a reason. */
export function caseEvidenceRoutes(api: Api, { evidence: { cases, locks }, audit }: AppDeps): void {
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
