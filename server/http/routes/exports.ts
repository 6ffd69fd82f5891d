import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { exportJob, exportSpec } from "../../../shared/api/recording.ts";
import { publicJwk } from "../../../shared/evidence/signature.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { can, type Principal } from "../../auth/policy.ts";
import { actor } from "../actor.ts";
import { API_PREFIX, type Api, idParam, json, jsonBody, needs, noContent, open } from "../api.ts";
import { fileResponse } from "../file-response.ts";
import type { AppDeps, AppEnv } from "../types.ts";

const tags = ["exports"];
const zip = { 200: { description: "The package (.zip)", content: { "application/zip": { schema: z.string() } } } };

/** Exports: queue, progress, download. */
export function exportRoutes(api: Api, { exports, audit, signedUrls }: AppDeps): void {
  const download = async (c: Context<AppEnv>, principal: Principal, id: string): Promise<Response> => {
    // Rights may have changed since the export was made.
    const { path, fileName, bytes, sha256 } = await exports.package(principal, id);
    const { userId: actorId, username: actorName } = principal;
    const details = { range: c.req.header("range") };
    await audit.add({ action: "export.download", actorId, actorName, ip: c.get("ip"), target: id, details });
    return fileResponse(c, { path, fileName, bytes, tag: sha256, type: "application/zip" });
  };

  api.add(
    needs("archive.export"),
    {
      method: "get",
      path: "/exports",
      tags,
      summary: "Exports, newest first",
      responses: { 200: json(z.array(exportJob)) },
    },
    async (c) => c.json(await exports.list(c.get("principal")), 200),
  );
  api.add(
    needs("archive.export"),
    {
      method: "post",
      path: "/exports",
      tags,
      summary: "Ask for a package of footage",
      request: { body: jsonBody(exportSpec) },
      responses: { 201: json(exportJob, "Queued") },
    },
    async (c) => {
      const spec = c.req.valid("json");
      const made = await exports.create(c.get("principal"), spec);
      const { title, format, watermark, caseId, reason } = spec;
      const items = spec.items.map(({ cameraId, role, startMicros, endMicros }) => ({
        cameraId,
        role,
        startMicros,
        endMicros,
      }));
      const details = { title, format, watermark, caseId, reason, items };
      await audit.add({ ...actor(c), action: "export.create", target: made.id, details });
      return c.json(made, 201);
    },
  );
  api.add(
    needs("archive.export"),
    {
      method: "get",
      path: "/export-key",
      tags,
      summary: "The key that signs packages: its fingerprint is what people compare",
      responses: { 200: json(z.object({ fingerprint: z.string(), jwk: publicJwk })) },
    },
    (c) => c.json(exports.signingKey, 200),
  );
  api.add(
    needs("archive.export"),
    {
      method: "get",
      path: "/exports/{id}",
      tags,
      summary: "One export with its progress",
      request: { params: idParam },
      responses: { 200: json(exportJob) },
    },
    async (c) => c.json(await exports.get(c.get("principal"), c.req.valid("param").id), 200),
  );
  api.add(
    needs("archive.export"),
    {
      method: "delete",
      path: "/exports/{id}",
      tags,
      summary: "Cancel an export, or remove one that has ended with its package",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const what = await exports.remove(c.get("principal"), id);
      await audit.add({ ...actor(c), action: what === "cancelled" ? "export.cancel" : "export.remove", target: id });
      return c.body(null, 204);
    },
  );
  api.add(
    needs("archive.export"),
    {
      method: "get",
      path: "/exports/{id}/download",
      tags,
      summary: "The finished package; ranges are served",
      request: { params: idParam },
      responses: zip,
    },
    (c) => download(c, c.get("principal"), c.req.valid("param").id) as never,
  );
  api.add(
    needs("archive.export"),
    {
      method: "post",
      path: "/exports/{id}/link",
      tags,
      summary: "A link to the package for a browser's own download: good for five minutes",
      request: { params: idParam },
      responses: { 200: json(z.object({ url: z.string() })) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      await exports.package(c.get("principal"), id);
      const ticket = signedUrls.issue(c.get("principal"), { purpose: "export-download", resource: id });
      return c.json({ url: `${API_PREFIX}/export-download/${ticket}` }, 200);
    },
  );
  api.add(
    open,
    {
      method: "get",
      path: "/export-download/{ticket}",
      tags,
      summary: "What a link to a package points to",
      request: { params: z.object({ ticket: z.string().regex(/^[\w.-]{1,1024}$/) }) },
      responses: zip,
    },
    async (c) => {
      const { principal, resource } = await signedUrls.redeem(c.req.valid("param").ticket, "export-download");
      if (!can(principal, "archive.export")) throw new FluxError("auth.forbidden", "not permitted");
      return (await download(c, principal, resource)) as never;
    },
  );
}
