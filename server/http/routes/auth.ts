import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { authStatus, loginRequest, session, setupRequest, user } from "../../../shared/api/schemas.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { SignedIn } from "../../auth/auth-service.ts";
import type { Device } from "../../auth/sessions.ts";
import { API_PREFIX, type Api, json, jsonBody, needs, noContent, open } from "../api.ts";
import type { AppDeps, AppEnv } from "../types.ts";

/**
 * Two names: a browser that holds a Secure cookie does not let plain HTTP replace it, and the same host serves both.
 * The prefix makes browsers insist on Secure.
 */
function refreshCookie(c: Context<AppEnv>): string {
  return c.get("secure") ? "__Secure-fluxvision_refresh" : "fluxvision_refresh";
}
const COOKIE_PATH = `${API_PREFIX}/auth`;
const tags = ["auth"];

const changePasswordRequest = z.object({
  currentPassword: z.string().min(1).max(256),
  newPassword: z.string().min(12).max(256),
});

export function authRoutes(api: Api, deps: AppDeps): void {
  const { auth, setup, users, audit } = deps;

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
      method: "post",
      path: "/auth/login",
      tags,
      summary: "Sign in; sets the refresh cookie",
      request: { body: jsonBody(loginRequest) },
      responses: { 200: json(session) },
    },
    async (c) => {
      const { username, password } = c.req.valid("json");
      return c.json(await answer(c, deps, await auth.login(username, password, deviceOf(c))), 200);
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
      return c.json(await answer(c, deps, await auth.signIn(userId, deviceOf(c))), 200);
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
        return c.json(
          await answer(c, deps, await auth.refresh(getCookie(c, refreshCookie(c)) ?? "", deviceOf(c))),
          200,
        );
      } catch (error) {
        // Not for a passing reason: the cookie may be good at the next try.
        if (error instanceof FluxError && /^auth\.(invalid_refresh|session_ended)$/.test(error.code)) forgetCookie(c);
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
      forgetCookie(c);
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
      const { userId, sessionId, username } = c.get("principal");
      const { currentPassword, newPassword } = c.req.valid("json");
      await users.changePassword(userId, currentPassword, newPassword, sessionId);
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

async function answer(c: Context<AppEnv>, deps: AppDeps, signedIn: SignedIn): Promise<z.infer<typeof session>> {
  const { accessToken, accessExpiresAt, session: opened } = signedIn;
  setCookie(c, refreshCookie(c), opened.refreshToken, {
    httpOnly: true,
    sameSite: "Strict",
    secure: c.get("secure"),
    path: COOKIE_PATH,
    expires: opened.expiresAt,
  });
  c.header("Cache-Control", "no-store");
  const expiresAt = new Date(accessExpiresAt / 1000).toISOString();
  return { accessToken, expiresAt, user: await deps.users.get(opened.userId) };
}

function forgetCookie(c: Context<AppEnv>): void {
  deleteCookie(c, refreshCookie(c), { path: COOKIE_PATH, secure: c.get("secure") });
}

/** Named by a valid access token, else by the refresh cookie: signing out must work after the token expired. */
async function sessionToEnd(c: Context<AppEnv>, { auth }: AppDeps): Promise<string | undefined> {
  const [, token] = /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (token !== undefined) {
    const verified = await auth.verify(token).catch(() => undefined);
    if (verified) return verified.principal.sessionId;
  }
  return auth.sessionOfRefreshToken(getCookie(c, refreshCookie(c)) ?? "");
}

function deviceOf(c: Context<AppEnv>): Device {
  return { ip: c.get("ip"), userAgent: c.req.header("user-agent") ?? "" };
}
