import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { signedInSession, signInStep } from "../../../shared/api/identity.ts";
import { errorCode, FluxError } from "../../../shared/lib/errors.ts";
import { CALLBACK_PATH } from "../../identity/oidc/providers.ts";
import { type Api, idParam, json, jsonBody, needs, open } from "../api.ts";
import { forgetOidcFlow, hostOf, oidcFlowOf, resultBody, setOidcFlow, visitorOf } from "../session-cookies.ts";
import type { AppDeps, AppEnv } from "../types.ts";

const tags = ["auth"];
const redirect = { 302: { description: "To the provider, or back to the console" } } as const;
/** Where the console goes on after the provider. */
const PAGE = "/sign-in";

export function authOidcRoutes(api: Api, deps: AppDeps): void {
  const { oidc, recent } = deps.identity;

  api.add(
    open,
    {
      method: "get",
      path: "/auth/oidc/{id}/start",
      tags,
      summary: "Go to the OpenID provider",
      request: { params: idParam },
      responses: redirect,
    },
    async (c) => {
      try {
        const { url, token } = await oidc.start(c.req.valid("param").id, redirectUri(c), null);
        setOidcFlow(c, token);
        return c.redirect(url, 302);
      } catch (error) {
        return backWith(c, deps, error);
      }
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/auth/oidc/{id}/link",
      tags,
      summary: "Bind the own account to the provider: answers where the browser goes",
      request: { params: idParam, body: jsonBody(z.object({})) },
      responses: { 200: json(z.object({ url: z.string() })) },
    },
    async (c) => {
      const principal = c.get("principal");
      await recent.require(principal);
      const { url, token } = await oidc.start(c.req.valid("param").id, redirectUri(c), principal.userId);
      setOidcFlow(c, token);
      return c.json({ url }, 200);
    },
  );

  api.add(
    open,
    {
      method: "get",
      path: "/auth/oidc/callback",
      tags,
      summary: "Where the provider sends the browser back to; opens no session yet",
      request: {
        query: z.object({
          state: z.string().max(512).optional(),
          code: z.string().max(8192).optional(),
          error: z.string().max(256).optional(),
        }),
      },
      responses: redirect,
    },
    async (c) => {
      try {
        setOidcFlow(c, await oidc.callback(oidcFlowOf(c), new URL(c.req.url).search));
        return c.redirect(`${PAGE}?oidc=done`, 302);
      } catch (error) {
        forgetOidcFlow(c);
        return backWith(c, deps, error);
      }
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/oidc/finish",
      tags,
      summary: "Sign in as the person that the provider named",
      request: { body: jsonBody(z.object({})) },
      responses: {
        200: json(signedInSession),
        202: json(signInStep, "More is asked for"),
        204: { description: "The own account is bound to the provider" },
      },
    },
    async (c) => {
      const result = await oidc.finish(oidcFlowOf(c), visitorOf(c));
      forgetOidcFlow(c);
      if (result.kind === "linked") return c.body(null, 204);
      const answer = await resultBody(c, deps, result);
      return answer.status === 200 ? c.json(answer.body, 200) : c.json(answer.body, 202);
    },
  );
}

/** As the browser reaches us; the provider compares it with what was registered there. */
function redirectUri(c: Context<AppEnv>): string {
  const url = `${c.get("secure") ? "https" : "http"}://${hostOf(c) ?? ""}${CALLBACK_PATH}`;
  if (!URL.canParse(url)) throw new FluxError("request.invalid", "the Host header is not usable");
  return new URL(url).href;
}

/** A person looks at this answer, not a program: the page says what went wrong, by its code. */
function backWith(c: Context<AppEnv>, { log }: AppDeps, error: unknown): Response {
  const code = errorCode(error);
  const known = code !== undefined && /^(oidc|auth|net)\./.test(code) ? code : "internal";
  log.warn({ err: error, requestId: c.get("requestId") }, "signing in through a provider failed");
  return c.redirect(`${PAGE}?oidc=${encodeURIComponent(known)}`, 302);
}
