import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { SignedInSession, SignInStep } from "../../shared/api/identity.ts";
import type { session } from "../../shared/api/schemas.ts";
import type { SignedIn } from "../auth/auth-service.ts";
import { relyingParty } from "../identity/passkeys.ts";
import type { SignedInResult, SignInResult, Visitor } from "../identity/sign-in.ts";
import { API_PREFIX } from "./api.ts";
import type { AppDeps, AppEnv } from "./types.ts";

type C = Context<AppEnv>;

/**
 * Over HTTPS names have the prefix that makes browsers insist on Secure, on no other host and on the whole path: no
 * neighbour host can plant one. Plain HTTP, which the same host serves on loopback, has names of its own, because a
 * browser does not let it replace a Secure cookie.
 */
function nameOf(c: C, plain: string): string {
  return c.get("secure") ? `__Host-fluxvision_${plain}` : `fluxvision_${plain}`;
}
const pathOf = (c: C): string => (c.get("secure") ? "/" : `${API_PREFIX}/auth`);

/** Browsers keep a cookie for 400 days at most. */
const DEVICE_SECONDS = 400 * 86_400;
const OIDC_SECONDS = 10 * 60;

export function refreshTokenOf(c: C): string {
  return getCookie(c, nameOf(c, "refresh")) ?? "";
}

export function forgetSession(c: C): void {
  deleteCookie(c, nameOf(c, "refresh"), { path: pathOf(c), secure: c.get("secure") });
}

/** Who is at the door, as far as the request says. */
export function visitorOf(c: C): Visitor {
  return {
    ip: c.get("ip"),
    userAgent: c.req.header("user-agent") ?? "",
    devices: getCookie(c, nameOf(c, "devices")),
    rp: relyingParty(hostOf(c), c.get("secure")),
  };
}

export function hostOf(c: C): string | undefined {
  return c.req.header("x-forwarded-host") ?? c.req.header("host");
}

/** Sets the refresh cookie and answers with the access token. */
export async function sessionBody(c: C, deps: AppDeps, signedIn: SignedIn): Promise<z.infer<typeof session>> {
  const { accessToken, accessExpiresAt, session: opened } = signedIn;
  setCookie(c, nameOf(c, "refresh"), opened.refreshToken, {
    httpOnly: true,
    sameSite: "Strict",
    secure: c.get("secure"),
    path: pathOf(c),
    expires: opened.expiresAt,
  });
  c.header("Cache-Control", "no-store");
  const expiresAt = new Date(accessExpiresAt / 1000).toISOString();
  const [user, chosen] = await Promise.all([
    deps.users.get(opened.userId),
    deps.identity.profiles.preferences(opened.userId),
  ]);
  return { accessToken, expiresAt, user, ...chosen };
}

/** The end of a sign-in: the session, and the cookie by which this device is known from now on. */
export async function signedInBody(c: C, deps: AppDeps, result: SignedInResult): Promise<SignedInSession> {
  const body = await sessionBody(c, deps, result.signedIn);
  rememberDevice(c, result.devices);
  return result.recoveryCodes === undefined ? body : { ...body, recoveryCodes: [...result.recoveryCodes] };
}

type Answer =
  | { readonly status: 200; readonly body: SignedInSession }
  | { readonly status: 202; readonly body: SignInStep };

/** A session, or the next step of the sign-in. */
export async function resultBody(c: C, deps: AppDeps, result: SignInResult): Promise<Answer> {
  c.header("Cache-Control", "no-store");
  if (result.kind === "step") return { status: 202, body: result.step };
  return { status: 200, body: await signedInBody(c, deps, result) };
}

function rememberDevice(c: C, value: string): void {
  setCookie(c, nameOf(c, "devices"), value, {
    httpOnly: true,
    sameSite: "Strict",
    secure: c.get("secure"),
    path: pathOf(c),
    maxAge: DEVICE_SECONDS,
  });
}

/** Lax: the provider sends the browser back, which is a navigation from another site. */
export function setOidcFlow(c: C, token: string): void {
  setCookie(c, nameOf(c, "oidc"), token, {
    httpOnly: true,
    sameSite: "Lax",
    secure: c.get("secure"),
    path: pathOf(c),
    maxAge: OIDC_SECONDS,
  });
}

export function oidcFlowOf(c: C): string {
  return getCookie(c, nameOf(c, "oidc")) ?? "";
}

export function forgetOidcFlow(c: C): void {
  deleteCookie(c, nameOf(c, "oidc"), { path: pathOf(c), secure: c.get("secure") });
}
