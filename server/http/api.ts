import { createRoute, OpenAPIHono, type RouteConfig, type RouteHandler, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { errorBody } from "../../shared/api/schemas.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { type Action, can } from "../auth/policy.ts";
import { ValidationError } from "./errors.ts";
import { UserRate } from "./middleware/user-rate.ts";
import type { AppDeps, AppEnv } from "./types.ts";

/** Who may call a route. Every route states it; there is no default. */
export type RoutePolicy =
  | { readonly kind: "public" }
  /** `cameraParam`: the path parameter that names the camera which the action is about. */
  | { readonly kind: "action"; readonly action: Action; readonly cameraParam?: string };

export const open: RoutePolicy = { kind: "public" };

export function needs(action: Action, cameraParam?: string): RoutePolicy {
  return cameraParam === undefined ? { kind: "action", action } : { kind: "action", action, cameraParam };
}

/** A route as registered: what the tests walk over. */
export interface RegisteredRoute {
  readonly method: string;
  /** In Hono's notation: `/api/v1/cameras/:id`. */
  readonly path: string;
  readonly policy: RoutePolicy;
}

export const API_PREFIX = "/api/v1";

const errorContent = { content: { "application/json": { schema: errorBody } } };

/** Registers routes: policy first, then validation, then the handler. Also the OpenAPI document's source. */
export class Api {
  readonly hono: OpenAPIHono<AppEnv>;
  readonly routes: RegisteredRoute[] = [];
  readonly #deps: AppDeps;
  readonly #rate: UserRate;

  constructor(deps: AppDeps) {
    this.#deps = deps;
    this.#rate = new UserRate(deps.clock);
    this.hono = new OpenAPIHono<AppEnv>({
      defaultHook: (result) => {
        if (!result.success) throw new ValidationError(result.error as z.ZodError, result.target);
      },
    });
    this.hono.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
    });
  }

  /** `config.path` is below /api/v1 and in OpenAPI's notation (`/cameras/{id}`). */
  add<R extends RouteConfig>(policy: RoutePolicy, config: R, handler: RouteHandler<R, AppEnv>): void {
    const route = createRoute({
      ...config,
      path: `${API_PREFIX}${config.path}`,
      responses: { ...config.responses, default: { description: "Error", ...errorContent } },
      ...(policy.kind === "public" ? {} : { security: [{ bearer: [] }] }),
    });
    // Registered apart from the route, so that it runs before the request is looked at.
    const path = route.getRoutingPath();
    this.hono.on(config.method, [path], enforce(policy, this.#deps, this.#rate));
    this.hono.openapi(route as never, handler as never);
    this.routes.push({ method: config.method.toUpperCase(), path, policy });
  }
}

function enforce(policy: RoutePolicy, deps: AppDeps, rate: UserRate): MiddlewareHandler<AppEnv> {
  return async function authorise(c, next) {
    if (policy.kind === "public") return next();
    const [, token] = /^Bearer ([\w.~+/=-]{1,4096})$/i.exec(c.req.header("authorization") ?? "") ?? [];
    if (token === undefined) throw new FluxError("auth.required", "sign in first");
    const { principal } = await deps.auth.verify(token, c.get("ip"));
    rate.take(principal.userId, c.get("local"));
    const denied = (cameraId?: string): void => {
      const { userId: actorId, username: actorName, sessionId } = principal;
      const details = { method: c.req.method, needed: policy.action };
      const of = { actorId, actorName, sessionId, ip: c.get("ip"), target: c.req.path, cameraId, details };
      deps.audit.note({ action: "access.denied", outcome: "denied", ...of });
    };
    if (!can(principal, policy.action)) {
      denied();
      throw new FluxError("auth.forbidden", "not permitted");
    }
    if (policy.cameraParam !== undefined) {
      const cameraId = c.req.param(policy.cameraParam) ?? "";
      // The same answer as for a camera that does not exist: ids cannot be probed.
      if (!can(principal, policy.action, cameraId)) {
        denied(cameraId);
        throw new FluxError("camera.not_found", "there is no such camera");
      }
    }
    c.set("principal", principal);
    return next();
  };
}

/** A JSON body that must be there. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

/** A JSON answer. */
export function json<S extends z.ZodType>(schema: S, description = "Success") {
  return { description, content: { "application/json": { schema } } } as const;
}

export const noContent = { 204: { description: "Done" } } as const;

export const idParam = z.object({ id: z.uuid() });
