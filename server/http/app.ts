import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { FluxError } from "../../shared/lib/errors.ts";
import { acmeChallenge } from "../tls/acme-challenge.ts";
import { API_PREFIX, Api, type RegisteredRoute } from "./api.ts";
import { docsRoutes } from "./docs.ts";
import { errorResponse } from "./errors.ts";
import { originCheck } from "./middleware/origin-check.ts";
import { requestContext } from "./middleware/request-context.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { type OpenApiDocument, openApiDocument } from "./openapi.ts";
import { describeUnlisted } from "./openapi-unlisted.ts";
import { auditRoutes } from "./routes/audit.ts";
import { authRoutes } from "./routes/auth.ts";
import { authOidcRoutes } from "./routes/auth-oidc.ts";
import { authStepRoutes } from "./routes/auth-steps.ts";
import { cameraRoutes } from "./routes/cameras.ts";
import { caseEvidenceRoutes } from "./routes/case-evidence.ts";
import { configRoutes } from "./routes/config.ts";
import { deviceRoutes, deviceSignInRoutes } from "./routes/devices.ts";
import { discoveryRoutes } from "./routes/discovery.ts";
import { evidenceRoutes } from "./routes/evidence.ts";
import { exportRoutes } from "./routes/exports.ts";
import { groupRoutes } from "./routes/groups.ts";
import { identityAdminRoutes } from "./routes/identity-admin.ts";
import { keyRoutes } from "./routes/keys.ts";
import { layoutRoutes } from "./routes/layouts.ts";
import { mfaRoutes, reauthRoutes } from "./routes/mfa.ts";
import { profileRoutes } from "./routes/profile.ts";
import { recordingControlRoutes } from "./routes/recording-control.ts";
import { recordingUsageRoutes } from "./routes/recording-usage.ts";
import { recordingRoutes } from "./routes/recordings.ts";
import { roleRoutes } from "./routes/roles.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { systemRoutes } from "./routes/system.ts";
import { timelineMarkRoutes } from "./routes/timeline-marks.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { userRoutes } from "./routes/users.ts";
import { volumeRoutes } from "./routes/volumes.ts";
import type { App, AppDeps, AppEnv } from "./types.ts";
import { webApp } from "./web-app.ts";

/** Largest request body: a user with 10,000 assigned cameras fits. */
const MAX_BODY_BYTES = 512 * 1024;

export interface HttpSide {
  readonly app: App;
  /** The API's routes with their policies. */
  readonly routes: readonly RegisteredRoute[];
  /** Of everything above. Made at the first call. */
  readonly document: () => OpenApiDocument;
}

/** The HTTP side of the server, without a socket. */
export function createApp(deps: AppDeps): HttpSide {
  const app = new Hono<AppEnv>();
  app.onError((error, c) => errorResponse(error, c, deps));
  app.notFound((c) => errorResponse(new FluxError("request.not_found", "there is nothing here"), c, deps));
  app.use(
    requestContext,
    securityHeaders(() => deps.live().webTransport?.port),
    originCheck(deps.allowedOrigins),
  );
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new FluxError("request.too_large", `the body is larger than ${MAX_BODY_BYTES} bytes`);
      },
    }),
  );
  const api = new Api(deps);
  authRoutes(api, deps);
  authStepRoutes(api, deps);
  authOidcRoutes(api, deps);
  reauthRoutes(api, deps);
  mfaRoutes(api, deps);
  profileRoutes(api, deps);
  sessionRoutes(api, deps);
  identityAdminRoutes(api, deps);
  cameraRoutes(api, deps);
  userRoutes(api, deps);
  roleRoutes(api, deps);
  groupRoutes(api, deps);
  layoutRoutes(api, deps);
  evidenceRoutes(api, deps);
  caseEvidenceRoutes(api, deps);
  auditRoutes(api, deps);
  keyRoutes(api, deps);
  configRoutes(api, deps);
  recordingRoutes(api, deps);
  timelineMarkRoutes(api, deps);
  recordingControlRoutes(api, deps);
  recordingUsageRoutes(api, deps);
  volumeRoutes(api, deps);
  exportRoutes(api, deps);
  discoveryRoutes(api, deps);
  systemRoutes(api, deps);
  tokenRoutes(api, deps);
  deviceRoutes(api, deps);
  deviceSignInRoutes(api, deps);
  describeUnlisted(api);
  app.route("/", api.hono);
  for (const path of ["/health", "/health/live", "/health/ready"]) {
    app.get(path, (c) => app.request(`${API_PREFIX}${path}`, { headers: c.req.raw.headers }, c.env));
  }
  app.get("/.well-known/jwks.json", (c) => c.json(deps.tokens.jwks));
  app.get("/.well-known/acme-challenge/:token", async (c) => {
    const { acmeWebroot } = deps;
    const answer = acmeWebroot === undefined ? undefined : await acmeChallenge(acmeWebroot, c.req.param("token"));
    if (answer === undefined) throw new FluxError("request.not_found", "there is nothing here");
    return c.text(answer);
  });
  let made: OpenApiDocument | undefined;
  const document = (): OpenApiDocument => {
    made ??= openApiDocument(api, deps.version);
    return made;
  };
  docsRoutes(app, document);
  // Below /api everything that was not matched is an error in JSON, whatever the method.
  app.all("/api/*", (c) => errorResponse(unmatched(c.req.method, c.req.path, api.routes), c, deps));
  if (deps.webRoot !== undefined) webApp(app, deps.webRoot);
  return { app, routes: api.routes, document };
}

function unmatched(method: string, path: string, routes: readonly RegisteredRoute[]): FluxError {
  const shape = (route: RegisteredRoute): RegExp => new RegExp(`^${route.path.replace(/:[^/]+/g, "[^/]+")}$`);
  if (method !== "OPTIONS" && routes.some((route) => shape(route).test(path))) {
    return new FluxError("request.method_not_allowed", `${method} is not possible here`);
  }
  return new FluxError("request.not_found", "there is nothing here");
}
