import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  assertPasskeyRequest,
  codeRequest,
  flowRequest,
  newPasswordRequest,
  registerPasskeyRequest,
  signedInSession,
  signInStep,
  totpSetup,
  webauthnOptions,
} from "../../../shared/api/identity.ts";
import type { SignInResult } from "../../identity/sign-in.ts";
import { type Api, json, jsonBody, open } from "../api.ts";
import { resultBody, visitorOf } from "../session-cookies.ts";
import type { AppDeps, AppEnv } from "../types.ts";

const tags = ["auth"];
const signedIn = { 200: json(signedInSession), 202: json(signInStep, "One more step") } as const;

/** What follows the password, and the passkey in its place. Each request carries the token of its sign-in. */
export function authStepRoutes(api: Api, deps: AppDeps): void {
  const { steps, signIn } = deps.identity;
  const answer = async (c: Context<AppEnv>, result: SignInResult) => {
    const { status, body } = await resultBody(c, deps, result);
    return status === 200 ? c.json(body, 200) : c.json(body, 202);
  };

  api.add(
    open,
    {
      method: "post",
      path: "/auth/factor/totp",
      tags,
      summary: "Second step: a code of the authenticator app",
      request: { body: jsonBody(codeRequest) },
      responses: signedIn,
    },
    async (c) => {
      const { token, code } = c.req.valid("json");
      return answer(c, await steps.totp(token, code, visitorOf(c)));
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/factor/recovery",
      tags,
      summary: "Second step: a recovery code, which is used up",
      request: { body: jsonBody(codeRequest) },
      responses: signedIn,
    },
    async (c) => {
      const { token, code } = c.req.valid("json");
      return answer(c, await steps.recovery(token, code, visitorOf(c)));
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/factor/passkey/options",
      tags,
      summary: "Second step: what the browser must ask the passkey",
      request: { body: jsonBody(flowRequest) },
      responses: { 200: json(webauthnOptions) },
    },
    async (c) => {
      const { token } = c.req.valid("json");
      return c.json({ token, options: { ...(await steps.passkeyOptions(token, visitorOf(c))) } }, 200);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/factor/passkey",
      tags,
      summary: "Second step: the passkey's answer",
      request: { body: jsonBody(assertPasskeyRequest) },
      responses: signedIn,
    },
    async (c) => {
      const { token, response } = c.req.valid("json");
      return answer(c, await steps.passkey(token, response, visitorOf(c)));
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/enrol/totp/start",
      tags,
      summary: "The role asks for a second factor: begin with an authenticator app",
      request: { body: jsonBody(flowRequest) },
      responses: { 200: json(totpSetup) },
    },
    async (c) => {
      c.header("Cache-Control", "no-store");
      return c.json(await steps.enrolTotpStart(c.req.valid("json").token), 200);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/enrol/totp",
      tags,
      summary: "Finish it with a code; signs in and answers with the recovery codes",
      request: { body: jsonBody(codeRequest) },
      responses: signedIn,
    },
    async (c) => {
      const { token, code } = c.req.valid("json");
      return answer(c, await steps.enrolTotp(token, code, visitorOf(c)));
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/enrol/passkey/options",
      tags,
      summary: "The role asks for a second factor: begin with a passkey",
      request: { body: jsonBody(flowRequest) },
      responses: { 200: json(webauthnOptions) },
    },
    async (c) => {
      const { token } = c.req.valid("json");
      return c.json({ token, options: { ...(await steps.enrolPasskeyOptions(token, visitorOf(c))) } }, 200);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/enrol/passkey",
      tags,
      summary: "Finish it with the new passkey; signs in and answers with the recovery codes",
      request: { body: jsonBody(registerPasskeyRequest) },
      responses: signedIn,
    },
    async (c) => {
      const { token, name, response } = c.req.valid("json");
      return answer(c, await steps.enrolPasskey(token, name, response, visitorOf(c)));
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/new-password",
      tags,
      summary: "Last step where somebody else made the password: another one",
      request: { body: jsonBody(newPasswordRequest) },
      responses: signedIn,
    },
    async (c) => {
      const { token, password } = c.req.valid("json");
      return answer(c, await signIn.newPassword(token, password, visitorOf(c)));
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/passkey/options",
      tags,
      summary: "Sign in with a passkey instead of name and password",
      request: { body: jsonBody(z.object({})) },
      responses: { 200: json(webauthnOptions) },
    },
    async (c) => {
      const { token, options } = await steps.passwordlessOptions(visitorOf(c));
      return c.json({ token, options: { ...options } }, 200);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/auth/passkey",
      tags,
      summary: "The passkey's answer; signs in",
      request: { body: jsonBody(assertPasskeyRequest) },
      responses: signedIn,
    },
    async (c) => {
      const { token, response } = c.req.valid("json");
      return answer(c, await steps.passwordless(token, response, visitorOf(c)));
    },
  );
}
