import { z } from "@hono/zod-openapi";
import {
  bookmark,
  bookmarkBody,
  caseBody,
  evidenceCase,
  evidenceLock,
  evidenceLockBody,
} from "../../../shared/api/recording.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["evidence"];
const micros = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const bookmarkQuery = z.object({
  text: z.string().max(200).optional(),
  tag: z.string().max(40).optional(),
  /** Camera ids, comma-separated. */
  cameras: z
    .string()
    .max(20_000)
    .transform((list) => list.split(",").filter((id) => id !== ""))
    .pipe(z.array(z.uuid()).max(500))
    .optional(),
  startMicros: micros.optional(),
  endMicros: micros.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});

/** Bookmarks, evidence locks, cases. */
export function evidenceRoutes(api: Api, deps: AppDeps): void {
  bookmarkRoutes(api, deps);
  lockRoutes(api, deps);
  caseRoutes(api, deps);
}

function bookmarkRoutes(api: Api, { evidence: { bookmarks }, audit }: AppDeps): void {
  api.add(
    needs("archive.view"),
    {
      method: "get",
      path: "/bookmarks",
      tags,
      summary: "Search bookmarks, newest first",
      request: { query: bookmarkQuery },
      responses: { 200: json(z.array(bookmark)) },
    },
    async (c) => {
      const { cameras: cameraIds, ...query } = c.req.valid("query");
      return c.json(await bookmarks.search(c.get("principal"), { ...query, cameraIds }), 200);
    },
  );
  api.add(
    needs("bookmark.write"),
    {
      method: "post",
      path: "/bookmarks",
      tags,
      summary: "Mark a moment",
      request: { body: jsonBody(bookmarkBody) },
      responses: { 201: json(bookmark, "Created") },
    },
    async (c) => {
      const made = await bookmarks.create(c.get("principal"), c.req.valid("json"));
      await audit.add({
        ...actor(c),
        action: "bookmark.create",
        target: made.id,
        details: { cameraId: made.cameraId },
      });
      return c.json(made, 201);
    },
  );
  api.add(
    needs("bookmark.write"),
    {
      method: "put",
      path: "/bookmarks/{id}",
      tags,
      summary: "Replace a bookmark",
      request: { params: idParam, body: jsonBody(bookmarkBody) },
      responses: { 200: json(bookmark) },
    },
    async (c) => {
      const changed = await bookmarks.update(c.get("principal"), c.req.valid("param").id, c.req.valid("json"));
      const { id, cameraId, title } = changed;
      await audit.add({ ...actor(c), action: "bookmark.update", target: id, details: { cameraId, title } });
      return c.json(changed, 200);
    },
  );
  api.add(
    needs("bookmark.write"),
    {
      method: "delete",
      path: "/bookmarks/{id}",
      tags,
      summary: "Delete a bookmark",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id, cameraId, title } = await bookmarks.remove(c.get("principal"), c.req.valid("param").id);
      await audit.add({ ...actor(c), action: "bookmark.delete", target: id, details: { cameraId, title } });
      return c.body(null, 204);
    },
  );
}

function lockRoutes(api: Api, { evidence: { locks }, audit }: AppDeps): void {
  api.add(
    needs("archive.view"),
    {
      method: "get",
      path: "/evidence-locks",
      tags,
      summary: "Evidence locks, newest first",
      request: {
        query: z.object({ active: z.enum(["true", "false"]).default("true"), caseId: z.uuid().optional() }),
      },
      responses: { 200: json(z.array(evidenceLock)) },
    },
    async (c) => {
      const { active, caseId } = c.req.valid("query");
      return c.json(await locks.list(c.get("principal"), active === "true", caseId), 200);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "post",
      path: "/evidence-locks",
      tags,
      summary: "Keep footage whatever retention says",
      request: { body: jsonBody(evidenceLockBody) },
      responses: { 201: json(evidenceLock, "Created") },
    },
    async (c) => {
      const made = await locks.create(c.get("principal"), c.req.valid("json"));
      const { id, cameraId, startMicros, endMicros, reason } = made;
      const details = { cameraId, startMicros, endMicros, reason };
      await audit.add({ ...actor(c), action: "evidence.lock", target: id, details });
      return c.json(made, 201);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "delete",
      path: "/evidence-locks/{id}",
      tags,
      summary: "Release a lock; its row stays",
      request: { params: idParam },
      responses: { 200: json(evidenceLock) },
    },
    async (c) => {
      const released = await locks.release(c.get("principal"), c.req.valid("param").id);
      const { id, cameraId } = released;
      await audit.add({ ...actor(c), action: "evidence.release", target: id, details: { cameraId } });
      return c.json(released, 200);
    },
  );
}

function caseRoutes(api: Api, { evidence: { cases }, audit }: AppDeps): void {
  api.add(
    needs("evidence.manage"),
    {
      method: "get",
      path: "/cases",
      tags,
      summary: "Cases, newest first",
      responses: { 200: json(z.array(evidenceCase)) },
    },
    async (c) => c.json(await cases.list(c.get("principal")), 200),
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "post",
      path: "/cases",
      tags,
      summary: "Open a case",
      request: { body: jsonBody(caseBody) },
      responses: { 201: json(evidenceCase, "Created") },
    },
    async (c) => {
      const made = await cases.create(c.get("principal"), c.req.valid("json"));
      await audit.add({ ...actor(c), action: "case.create", target: made.id, details: { title: made.title } });
      return c.json(made, 201);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "get",
      path: "/cases/{id}",
      tags,
      summary: "One case",
      request: { params: idParam },
      responses: { 200: json(evidenceCase) },
    },
    async (c) => c.json(await cases.get(c.get("principal"), c.req.valid("param").id), 200),
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "put",
      path: "/cases/{id}",
      tags,
      summary: "Replace a case's title, reference and items",
      request: { params: idParam, body: jsonBody(caseBody) },
      responses: { 200: json(evidenceCase) },
    },
    async (c) => {
      const changed = await cases.update(c.get("principal"), c.req.valid("param").id, c.req.valid("json"));
      const details = { title: changed.title, items: changed.items.length };
      await audit.add({ ...actor(c), action: "case.update", target: changed.id, details });
      return c.json(changed, 200);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "post",
      path: "/cases/{id}/notes",
      tags,
      summary: "Add a note; notes are never changed",
      request: { params: idParam, body: jsonBody(z.object({ text: z.string().trim().min(1).max(4000) })) },
      responses: { 201: json(evidenceCase, "Created") },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const changed = await cases.addNote(c.get("principal"), id, c.req.valid("json").text);
      await audit.add({ ...actor(c), action: "case.note", target: id, details: { notes: changed.notes.length } });
      return c.json(changed, 201);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "post",
      path: "/cases/{id}/closed",
      tags,
      summary: "Close a case, or open it again",
      request: { params: idParam, body: jsonBody(z.object({ closed: z.boolean() })) },
      responses: { 200: json(evidenceCase) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const { closed } = c.req.valid("json");
      const changed = await cases.setClosed(c.get("principal"), id, closed);
      await audit.add({ ...actor(c), action: closed ? "case.close" : "case.reopen", target: id });
      return c.json(changed, 200);
    },
  );
  api.add(
    needs("evidence.manage"),
    {
      method: "delete",
      path: "/cases/{id}",
      tags,
      summary: "Delete a case; footage stays",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      await cases.remove(c.get("principal"), id);
      await audit.add({ ...actor(c), action: "case.delete", target: id });
      return c.body(null, 204);
    },
  );
}
