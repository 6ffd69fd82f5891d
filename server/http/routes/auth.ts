import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { signedInSession, signInOptions, signInStep } from "../../../shared/api/identity.ts";
import { authStatus, loginRequest, session, setupRequest, user } from "../../../shared/api/schemas.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { type Api, json, jsonBody, needs, noContent, open } from "../api.ts";
import { forgetSession, refreshTokenOf, resultBody, sessionBody, visitorOf } from "../session-cookies.ts";
import type { AppDeps, AppEnv } from "../types.ts";

const tags = ["auth"];

const changePasswordRequest = z.object({
  currentPassword: z.string().min(1).max(256),
  newPassword: z.string().min(12).max(256),
});

export function authRoutes(api: Api, deps: AppDeps): void {
  const { auth, setup, users, audit, identity } = deps;

  api.add(
    open,
    {
      method: "get",
      path: "/auth/status",
      tags,
      summary: "Must a first user be set up?",
      responses: { 200: json(authStatus) },
    },
    async (c) => c.json({ setupRequired: await setup.required(), version: deps.version }, 200),
  );

  api.add(
    open,
    {
      method: "get",
      path: "/auth/options",
      tags,
      summary: "What the sign-in page offers",
      responses: { 200: json(signInOptions) },
    },
    async (c) => {
      const [{ minPasswordLength }, providers] = await Promise.all([
        identity.settings.get(),
        identity.providers.enabled(),
      ]);
      return c.json({ minPasswordLength, providers, passkeys: visitorOf(c).rp !== undefined }, 200);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/login",
      tags,
      summary: "Sign in; sets the refresh cookie, or asks for the next step",
      request: { body: jsonBody(loginRequest) },
      responses: { 200: json(signedInSession), 202: json(signInStep, "The password is right; more is asked for") },
    },
    async (c) => {
      const { username, password } = c.req.valid("json");
      const answer = await resultBody(c, deps, await identity.signIn.password(username, password, visitorOf(c)));
      return answer.status === 200 ? c.json(answer.body, 200) : c.json(answer.body, 202);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/setup",
      tags,
      summary: "Create the first administrator with the one-time link's token, and sign in",
      request: { body: jsonBody(setupRequest) },
      responses: { 200: json(session) },
    },
    async (c) => {
      const { token, ...administrator } = c.req.valid("json");
      const userId = await setup.redeem(token, administrator);
      await audit.add({ action: "auth.setup", actorId: userId, actorName: administrator.username, ip: c.get("ip") });
      return c.json(await sessionBody(c, deps, await auth.signIn(userId, visitorOf(c))), 200);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/refresh",
      tags,
      summary: "Exchange the refresh cookie for a new access token and a new cookie",
      responses: { 200: json(session) },
    },
    async (c) => {
      try {
        const signedIn = await auth.refresh(refreshTokenOf(c), visitorOf(c));
        return c.json(await sessionBody(c, deps, signedIn), 200);
      } catch (error) {
        // Not for a passing reason: the cookie may be good at the next try.
        if (error instanceof FluxError && /^auth\.(invalid_refresh|session_ended)$/.test(error.code)) forgetSession(c);
        throw error;
      }
    },
  );

  api.add(
    open,
    { method: "post", path: "/auth/logout", tags, summary: "End the session", responses: noContent },
    async (c) => {
      const sessionId = await sessionToEnd(c, deps);
      if (sessionId !== undefined) await auth.logout(sessionId);
      forgetSession(c);
      return c.body(null, 204);
    },
  );

  api.add(
    needs("session.own"),
    { method: "get", path: "/auth/me", tags, summary: "The signed-in user", responses: { 200: json(user) } },
    async (c) => c.json(await users.get(c.get("principal").userId), 200),
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/auth/password",
      tags,
      summary: "Change the own password; ends the user's other sessions",
      request: { body: jsonBody(changePasswordRequest) },
      responses: noContent,
    },
    async (c) => {
      const { userId, username } = c.get("principal");
      const { currentPassword, newPassword } = c.req.valid("json");
      await users.changePassword(c.get("principal"), currentPassword, newPassword);
      await audit.add({
        action: "user.password",
        actorId: userId,
        actorName: username,
        ip: c.get("ip"),
        target: userId,
      });
      return c.body(null, 204);
    },
  );
}

/** Named by a valid access token, else by the refresh cookie: signing out must work after the token expired. */
async function sessionToEnd(c: Context<AppEnv>, { auth }: AppDeps): Promise<string | undefined> {
  const [, token] = /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (token !== undefined) {
    const verified = await auth.verify(token, c.get("ip")).catch(() => undefined);
    if (verified) return verified.principal.sessionId;
  }
  return auth.sessionOfRefreshToken(refreshTokenOf(c));
}
