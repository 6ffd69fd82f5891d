import { profile, updateProfileRequest } from "../../../shared/api/identity.ts";
import { actor } from "../actor.ts";
import { type Api, json, jsonBody, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["profile"];

export function profileRoutes(api: Api, { identity, users, audit }: AppDeps): void {
  const { profiles } = identity;

  api.add(
    needs("session.own"),
    { method: "get", path: "/profile", tags, summary: "The own profile", responses: { 200: json(profile) } },
    async (c) => c.json(await profiles.get(c.get("principal").userId), 200),
  );

  api.add(
    needs("session.own"),
    {
      method: "patch",
      path: "/profile",
      tags,
      summary: "Change the own name, language and theme",
      request: { body: jsonBody(updateProfileRequest) },
      responses: { 200: json(profile) },
    },
    async (c) => {
      const principal = c.get("principal");
      const { theme, ...plain } = c.req.valid("json");
      const { language } = plain;
      if (Object.keys(plain).length > 0) {
        await users.update(principal, principal.userId, plain);
        await audit.add({
          ...actor(c),
          action: "user.update",
          target: principal.userId,
          details: { fields: Object.keys(plain) },
        });
      }
      if (theme !== undefined || language !== undefined) {
        await profiles.choose(principal.userId, {
          ...(theme === undefined ? {} : { theme }),
          ...(language === undefined ? {} : { language }),
        });
      }
      return c.json(await profiles.get(principal.userId), 200);
    },
  );
}
