import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  codeRequest,
  enrolled,
  mfaStatus,
  reauthenticated,
  reauthenticateRequest,
  reauthMethods,
  recoveryCodeList,
  registerPasskeyRequest,
  renamePasskeyRequest,
  totpSetup,
  webauthnOptions,
} from "../../../shared/api/identity.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import { visitorOf } from "../session-cookies.ts";
import type { AppDeps, AppEnv } from "../types.ts";

const tags = ["second factors"];

/** Own second factors. Whatever changes them wants a recent proof: a stolen session must not make itself at home. */
export function mfaRoutes(api: Api, { identity, audit }: AppDeps): void {
  const { factors, passkeys, recent } = identity;
  const note = (c: Context<AppEnv>, action: string, details: Record<string, unknown>): Promise<void> =>
    audit.add({ ...actor(c), action, target: c.get("principal").userId, details });

  api.add(
    needs("session.own"),
    { method: "get", path: "/mfa", tags, summary: "Own second factors", responses: { 200: json(mfaStatus) } },
    async (c) => c.json(await factors.status(c.get("principal").userId), 200),
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/mfa/totp/start",
      tags,
      summary: "Begin to set an authenticator app up",
      request: { body: jsonBody(z.object({})) },
      responses: { 200: json(totpSetup) },
    },
    async (c) => {
      const principal = c.get("principal");
      await recent.require(principal);
      c.header("Cache-Control", "no-store");
      return c.json(await factors.totpStart(principal.userId, principal.username), 200);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/mfa/totp",
      tags,
      summary: "Finish with a code of the app; with the first factor come recovery codes",
      request: { body: jsonBody(codeRequest) },
      responses: { 200: json(enrolled) },
    },
    async (c) => {
      const { token, code } = c.req.valid("json");
      const body = await factors.totpConfirm(c.get("principal").userId, token, code);
      await note(c, "mfa.enrol", { factor: "totp" });
      return c.json(body, 200);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "delete",
      path: "/mfa/totp",
      tags,
      summary: "Remove the authenticator app",
      responses: noContent,
    },
    async (c) => {
      const principal = c.get("principal");
      await recent.require(principal);
      await factors.totpRemove(principal.userId);
      await note(c, "mfa.remove", { factor: "totp" });
      return c.body(null, 204);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/mfa/recovery-codes",
      tags,
      summary: "New recovery codes; the earlier ones stop working",
      request: { body: jsonBody(z.object({})) },
      responses: { 200: json(recoveryCodeList) },
    },
    async (c) => {
      const principal = c.get("principal");
      await recent.require(principal);
      const recoveryCodes = await factors.renewCodes(principal.userId);
      await note(c, "mfa.recovery_codes", { codes: recoveryCodes.length });
      c.header("Cache-Control", "no-store");
      return c.json({ recoveryCodes }, 200);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/mfa/passkeys/options",
      tags,
      summary: "What the browser must ask of a new passkey",
      request: { body: jsonBody(z.object({})) },
      responses: { 200: json(webauthnOptions) },
    },
    async (c) => {
      const principal = c.get("principal");
      await recent.require(principal);
      const { token, options } = await factors.passkeyOptions(principal.userId, visitorOf(c));
      return c.json({ token, options: { ...options } }, 200);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/mfa/passkeys",
      tags,
      summary: "Add the new passkey; with the first factor come recovery codes",
      request: { body: jsonBody(registerPasskeyRequest) },
      responses: { 200: json(enrolled) },
    },
    async (c) => {
      const { token, name, response } = c.req.valid("json");
      const body = await factors.passkeyRegister(c.get("principal").userId, token, name, response, visitorOf(c));
      await note(c, "mfa.enrol", { factor: "passkey", name });
      return c.json(body, 200);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "patch",
      path: "/mfa/passkeys/{id}",
      tags,
      summary: "Rename a passkey",
      request: { params: idParam, body: jsonBody(renamePasskeyRequest) },
      responses: noContent,
    },
    async (c) => {
      const { name } = c.req.valid("json");
      const { id } = c.req.valid("param");
      await passkeys.rename(c.get("principal").userId, id, name);
      await note(c, "mfa.rename", { factor: "passkey", passkey: id, name });
      return c.body(null, 204);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "delete",
      path: "/mfa/passkeys/{id}",
      tags,
      summary: "Remove a passkey",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const principal = c.get("principal");
      const { id } = c.req.valid("param");
      await recent.require(principal);
      await factors.passkeyRemove(principal.userId, id);
      await note(c, "mfa.remove", { factor: "passkey", passkey: id });
      return c.body(null, 204);
    },
  );
}

/** Proving once more who one is, before what cannot be undone. */
export function reauthRoutes(api: Api, { identity, audit }: AppDeps): void {
  const { factors, recent } = identity;

  api.add(
    needs("session.own"),
    {
      method: "get",
      path: "/auth/reauthenticate",
      tags,
      summary: "How the user can prove once more who they are",
      responses: { 200: json(reauthMethods) },
    },
    async (c) => c.json({ methods: await factors.proofs(c.get("principal").userId, visitorOf(c)) }, 200),
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/auth/reauthenticate/passkey/options",
      tags,
      summary: "What the browser must ask the passkey",
      request: { body: jsonBody(z.object({})) },
      responses: { 200: json(webauthnOptions) },
    },
    async (c) => {
      const { token, options } = await factors.proofOptions(c.get("principal"), visitorOf(c));
      return c.json({ token, options: { ...options } }, 200);
    },
  );

  api.add(
    needs("session.own"),
    {
      method: "post",
      path: "/auth/reauthenticate",
      tags,
      summary: "Prove once more who one is, by password, code or passkey; counts for ten minutes",
      request: { body: jsonBody(reauthenticateRequest) },
      responses: { 200: json(reauthenticated) },
    },
    async (c) => {
      const asker = c.get("principal");
      const body = c.req.valid("json");
      const method = "password" in body ? "password" : "code" in body ? "totp" : "passkey";
      try {
        let until: Date;
        if ("password" in body) {
          await recent.confirm(asker, body.password);
          until = await recent.proved(asker.sessionId);
        } else if ("code" in body) until = await factors.proveByCode(asker, body.code, visitorOf(c));
        else until = await factors.proveByPasskey(asker, body.token, body.response, visitorOf(c));
        await audit.add({ ...actor(c), action: "auth.reauthenticate", details: { method } });
        return c.json({ until: until.toISOString() }, 200);
      } catch (error) {
        await audit.add({ ...actor(c), action: "auth.reauthenticate_failed", details: { method } });
        throw error;
      }
    },
  );
}
