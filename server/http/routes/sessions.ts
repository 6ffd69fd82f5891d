import { z } from "@hono/zod-openapi";
import { endedSessions, endSessionsRequest, sessionInfo, sessionsQuery } from "../../../shared/api/identity.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["sessions"];

/** Who is signed in where. Ending a session ends its live pictures and playback at once. */
export function sessionRoutes(api: Api, { identity, access, audit }: AppDeps): void {
  const { sessions } = identity;

  api.add(
    needs("session.own"),
    {
      method: "get",
      path: "/sessions/own",
      tags,
      summary: "Own sessions, the most recently used first",
      responses: { 200: json(z.array(sessionInfo)) },
    },
    async (c) => {
      const { sessionId, userId } = c.get("principal");
      return c.json(await sessions.list(sessionId, userId), 200);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "delete",
      path: "/sessions/own/{id}",
      tags,
      summary: "End one of the own sessions",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      await sessions.end(id, c.get("principal").userId);
      await audit.add({ ...actor(c), action: "session.end", target: id });
      return c.body(null, 204);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/sessions/own/end-others",
      tags,
      summary: "End all own sessions but this one",
      request: { body: jsonBody(z.object({})) },
      responses: { 200: json(endedSessions) },
    },
    async (c) => {
      const { userId, sessionId } = c.get("principal");
      const ended = await sessions.endAll(userId, "user", sessionId);
      await audit.add({ ...actor(c), action: "session.end_others", target: userId, details: { ended } });
      return c.json({ ended }, 200);
    },
  );

  api.add(
    needs("session.manage"),
    {
      method: "get",
      path: "/sessions",
      tags,
      summary: "Sessions of all users, or of one",
      request: { query: sessionsQuery },
      responses: { 200: json(z.array(sessionInfo)) },
    },
    async (c) => c.json(await sessions.list(c.get("principal").sessionId, c.req.valid("query").user), 200),
  );

  api.add(
    needs("session.manage"),
    {
      method: "delete",
      path: "/sessions/{id}",
      tags,
      summary: "End somebody's session",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const owner = await sessions.ownerOf(id);
      await access.requireCovers(c.get("principal"), owner);
      await sessions.end(id);
      await audit.add({ ...actor(c), action: "session.end", target: id, details: { userId: owner } });
      return c.body(null, 204);
    },
  );

  api.add(
    needs("session.manage"),
    {
      method: "post",
      path: "/sessions/end-user",
      tags,
      summary: "End all sessions of a user, except the caller's own",
      request: { body: jsonBody(endSessionsRequest) },
      responses: { 200: json(endedSessions) },
    },
    async (c) => {
      const { userId } = c.req.valid("json");
      const principal = c.get("principal");
      await access.requireCovers(principal, userId);
      const ended = await sessions.endAll(userId, "admin", principal.sessionId);
      await audit.add({ ...actor(c), action: "session.end_user", target: userId, details: { ended } });
      return c.json({ ended }, 200);
    },
  );
}
