import { z } from "@hono/zod-openapi";
import { identitySettings, oidcProvider, oidcProviderBody, oidcTest } from "../../../shared/api/identity.ts";
import { requireMappingCovered, requireProviderCovered } from "../../identity/oidc/mapping-rights.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["identity"];

/** Rules of sign-in and providers, for administrators. */
export function identityAdminRoutes(api: Api, { identity, access, users, audit, orm }: AppDeps): void {
  const { settings, providers, oidcClient, factors, recent, sessions } = identity;

  api.add(
    needs("identity.manage"),
    {
      method: "get",
      path: "/identity/settings",
      tags,
      summary: "Rules of sign-in",
      responses: { 200: json(identitySettings) },
    },
    async (c) => c.json(await settings.get(), 200),
  );

  api.add(
    needs("identity.manage"),
    {
      method: "put",
      path: "/identity/settings",
      tags,
      summary: "Change the rules of sign-in; they hold from the next sign-in and the next new password",
      request: { body: jsonBody(identitySettings.required()) },
      responses: { 200: json(identitySettings) },
    },
    async (c) => {
      const wanted = c.req.valid("json");
      await recent.require(c.get("principal"));
      const before = await settings.get();
      await settings.put(wanted);
      const details = { before, after: wanted };
      await audit.add({ ...actor(c), action: "identity.settings", details });
      return c.json(wanted, 200);
    },
  );

  api.add(
    needs("identity.manage"),
    {
      method: "get",
      path: "/identity/providers",
      tags,
      summary: "OpenID providers",
      responses: { 200: json(z.array(oidcProvider)) },
    },
    async (c) => c.json(await providers.list(), 200),
  );

  api.add(
    needs("identity.manage"),
    {
      method: "post",
      path: "/identity/providers",
      tags,
      summary: "Add an OpenID provider",
      request: { body: jsonBody(oidcProviderBody) },
      responses: { 201: json(oidcProvider, "Created") },
    },
    async (c) => {
      const body = c.req.valid("json");
      await recent.require(c.get("principal"));
      await requireMappingCovered(orm, access.groups, c.get("principal"), body);
      const created = await providers.create(body);
      const { clientSecret: _secret, ...details } = body;
      await audit.add({ ...actor(c), action: "oidc.create", target: created.id, details });
      return c.json(created, 201);
    },
  );

  api.add(
    needs("identity.manage"),
    {
      method: "put",
      path: "/identity/providers/{id}",
      tags,
      summary: "Change an OpenID provider",
      request: { params: idParam, body: jsonBody(oidcProviderBody) },
      responses: { 200: json(oidcProvider) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      const before = await providers.row(id);
      await recent.require(c.get("principal"));
      await requireProviderCovered(orm, access.groups, c.get("principal"), before);
      await requireMappingCovered(orm, access.groups, c.get("principal"), body);
      const changed = await providers.update(id, body);
      const { clientSecret, ...details } = body;
      const newSecret = clientSecret !== undefined;
      await audit.add({ ...actor(c), action: "oidc.update", target: id, details: { ...details, newSecret } });
      return c.json(changed, 200);
    },
  );

  api.add(
    needs("identity.manage"),
    {
      method: "delete",
      path: "/identity/providers/{id}",
      tags,
      summary: "Remove an OpenID provider; its people can no longer sign in that way",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const before = await providers.row(id);
      await recent.require(c.get("principal"));
      await requireProviderCovered(orm, access.groups, c.get("principal"), before);
      await providers.remove(id);
      await audit.add({ ...actor(c), action: "oidc.delete", target: id });
      return c.body(null, 204);
    },
  );

  api.add(
    needs("identity.manage"),
    {
      method: "post",
      path: "/identity/providers/{id}/test",
      tags,
      summary: "Ask the provider who it is",
      request: { params: idParam, body: jsonBody(z.object({})) },
      responses: { 200: json(oidcTest) },
    },
    async (c) => {
      const config = await oidcClient.configuration(await providers.row(c.req.valid("param").id));
      const found = config.serverMetadata();
      const pkce = found.code_challenge_methods_supported?.includes("S256") ?? false;
      return c.json({ issuer: found.issuer, authorizationEndpoint: found.authorization_endpoint ?? "", pkce }, 200);
    },
  );

  api.add(
    needs("user.manage"),
    {
      method: "delete",
      path: "/users/{id}/mfa",
      tags,
      summary: "Remove all second factors of somebody who lost them; ends their sessions",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const principal = c.get("principal");
      await users.get(id);
      await recent.require(principal);
      await access.requireCovers(principal, id);
      await factors.reset(id);
      await sessions.endAll(id, "admin", principal.sessionId);
      await audit.add({ ...actor(c), action: "mfa.reset", target: id });
      return c.body(null, 204);
    },
  );
}
