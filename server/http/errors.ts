import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { matchedRoutes } from "hono/route";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ZodError } from "zod";
import type { ErrorBody } from "../../shared/api/schemas.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { RateLimited } from "../auth/rate-limit.ts";
import { isDatabaseUnavailable } from "../db/errors.ts";
import type { AppDeps, AppEnv } from "./types.ts";

type Details = NonNullable<ErrorBody["error"]["details"]>;

/** The request does not fit its schema; every field at fault is named. */
export class ValidationError extends FluxError {
  readonly details: Details;

  constructor(error: ZodError, where: string) {
    const details = error.issues.slice(0, 20).map((issue) => ({
      field: issue.path.length > 0 ? issue.path.join(".") : where,
      message: issue.message,
    }));
    super("request.invalid", `${details[0]?.field}: ${details[0]?.message}`);
    this.details = details;
  }
}

const STATUS_BY_CODE: Readonly<Record<string, ContentfulStatusCode>> = {
  "auth.required": 401,
  "auth.expired": 401,
  "auth.invalid_token": 401,
  "auth.session_ended": 401,
  "auth.invalid_refresh": 401,
  "auth.bad_credentials": 401,
  "auth.forbidden": 403,
  "auth.bad_setup_token": 403,
  "auth.wrong_password": 403,
  "auth.bad_code": 401,
  "auth.flow_expired": 401,
  "auth.reauth_required": 403,
  "auth.password_short": 400,
  "auth.password_common": 400,
  "auth.password_name": 400,
  "auth.password_weak": 400,
  "auth.password_same": 400,
  "passkey.refused": 401,
  "passkey.unavailable": 400,
  "passkey.exists": 409,
  "passkey.too_many": 409,
  "passkey.not_found": 404,
  "mfa.required": 409,
  "mfa.none": 409,
  "mfa.no_totp": 404,
  "session.not_found": 404,
  "oidc.not_found": 404,
  "oidc.exists": 409,
  "oidc.too_many": 409,
  "oidc.bad_issuer": 400,
  "oidc.secret_needed": 400,
  "oidc.unreachable": 502,
  "oidc.refused": 401,
  "oidc.no_account": 403,
  "oidc.not_permitted": 403,
  "oidc.linked_elsewhere": 409,
  "auth.rate_limited": 429,
  "auth.busy": 503,
  "request.invalid": 400,
  "request.bad_json": 400,
  "request.too_large": 413,
  "request.bad_origin": 403,
  "request.not_found": 404,
  "request.method_not_allowed": 405,
  "request.unsupported_type": 415,
  "auth.network_refused": 403,
  "url.invalid": 410,
  "token.not_found": 404,
  "token.bad_network": 400,
  "token.bad_owner": 400,
  "token.too_wide": 400,
  "token.too_many": 409,
  "device.not_found": 404,
  "device.bad_code": 403,
  "device.bad_key": 400,
  "device.bad_proof": 401,
  "device.too_many": 409,
  "camera.not_found": 404,
  "camera.bad_url": 400,
  "camera.bad_field": 400,
  "camera.password_needed": 400,
  "access.escalation": 403,
  "config.not_found": 404,
  "config.changed_meanwhile": 409,
  "config.nothing_to_do": 409,
  "config.not_possible": 409,
  "camera.exists": 409,
  "access.unknown_role": 400,
  "access.unknown_camera": 400,
  "role.not_found": 404,
  "role.exists": 409,
  "role.too_many": 409,
  "role.builtin": 409,
  "role.in_use": 409,
  "group.not_found": 404,
  "group.exists": 409,
  "group.too_many": 409,
  "group.unknown_user": 400,
  "user.not_found": 404,
  "user.exists": 409,
  "user.last_admin": 409,
  "user.own_password": 409,
  "user.unknown_camera": 400,
  "layout.not_found": 404,
  "layout.bad_cells": 400,
  "layout.too_many": 409,
  "bookmark.not_found": 404,
  "evidence.lock_not_found": 404,
  "evidence.bad_range": 400,
  "evidence.expired": 400,
  "case.not_found": 404,
  "case.closed": 409,
  "case.empty": 409,
  "case.item_not_found": 404,
  "case.too_many_items": 409,
  "case.too_many_notes": 409,
  "audit.unavailable": 503,
  "audit.bad_retention": 400,
  "keys.bad_days": 400,
  "keys.bad_recipient": 400,
  "keys.bad_schedule": 400,
  "keys.unknown_key": 404,
  "config.version_not_found": 404,
  "config.changed_since": 409,
  "config.cannot_roll_back": 409,
  "keys.in_use": 409,
  "keys.locked": 409,
  "keys.revoked": 410,
  "recording.bad_policy": 400,
  "recording.bad_range": 400,
  "recording.no_policy": 404,
  "storage.bad_location": 400,
  "storage.taken": 409,
  "storage.other_volume": 409,
  "storage.in_use": 409,
  "storage.not_off": 409,
  "storage.still_written": 409,
  "storage.not_found": 404,
  "storage.unreachable": 502,
  "storage.denied": 400,
  "storage.refused": 400,
  "storage.no_credentials": 400,
  "archive.busy": 503,
  "export.not_found": 404,
  "export.bad_range": 400,
  "export.bad_spec": 400,
  "export.no_passphrase": 400,
  "export.too_many": 409,
  "export.not_ready": 409,
  "export.busy": 409,
  "export.expired": 410,
  "export.ffmpeg_missing": 409,
  "discovery.bad_range": 400,
  "discovery.busy": 409,
  "setup.bad_time_zone": 400,
  "net.bad_url": 400,
  "net.refused": 400,
  "net.failed": 502,
  "net.timeout": 502,
  "net.too_large": 502,
  "net.redirect": 502,
  "probe.busy": 503,
  "database.unavailable": 503,
};

/** Turns whatever a route threw into the one error body. What is not ours to tell becomes `internal`, and is logged. */
export function errorResponse(error: unknown, c: Context<AppEnv>, deps: Pick<AppDeps, "log" | "clock">): Response {
  const { status, code, message, details } = describe(error);
  const requestId = c.get("requestId");
  if (status >= 500)
    deps.log.error({ err: error, requestId, method: c.req.method, route: patternOf(c) }, "request failed");
  const timestamp = new Date(deps.clock.utcMicros() / 1000).toISOString();
  const body: ErrorBody = {
    success: false,
    error: { code, message, ...(details ? { details } : {}), timestamp, requestId },
  };
  if (error instanceof RateLimited) c.header("Retry-After", `${Math.ceil(error.retryAfterMs / 1000)}`);
  if (status === 401) c.header("WWW-Authenticate", "Bearer");
  c.header("Cache-Control", "no-store");
  return c.json(body, status);
}

/** The route as it is written: a path may hold what is secret (a ticket), and the request id finds the rest. */
function patternOf(c: Context<AppEnv>): string {
  return matchedRoutes(c).findLast(({ path }) => !path.includes("*"))?.path ?? "*";
}

interface Described {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly message: string;
  readonly details?: Details;
}

function describe(error: unknown): Described {
  if (error instanceof ValidationError) {
    return { status: 400, code: error.code, message: error.message, details: error.details };
  }
  if (error instanceof FluxError) {
    const status = statusOf(error.code);
    if (status !== undefined) {
      const { code, message, field } = error;
      return { status, code, message, ...(field === undefined ? {} : { details: [{ field, message }] }) };
    }
  }
  if (error instanceof HTTPException) return fromHttpException(error);
  if (isDatabaseUnavailable(error)) {
    return { status: 503, code: "database.unavailable", message: "the database does not answer, try again shortly" };
  }
  return { status: 500, code: "internal", message: "something went wrong on the server; its log names the request id" };
}

/** A probe's failures are the camera's, not ours: 422 says that the request was fine and the thing it named was not. */
function statusOf(code: string): ContentfulStatusCode | undefined {
  return STATUS_BY_CODE[code] ?? (/^(probe|rtsp|rtp|sdp|ingest)\./.test(code) ? 422 : undefined);
}

function fromHttpException(error: HTTPException): Described {
  const { status } = error;
  if (status === 400) return { status, code: "request.bad_json", message: "the body is not valid JSON" };
  if (status === 413) return { status, code: "request.too_large", message: "the body is too large" };
  if (status === 415) return { status, code: "request.unsupported_type", message: "the body must be application/json" };
  return {
    status: status as ContentfulStatusCode,
    code: `http.${status}`,
    message: error.message || `status ${status}`,
  };
}
