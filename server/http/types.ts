import type { Hono } from "hono";
import type { LiveConfig } from "../../shared/api/schemas.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { AccessControl } from "../access/create-access.ts";
import type { Archive } from "../archive/archive.ts";
import type { AuditTrail } from "../audit/open-audit.ts";
import type { AccessTokens } from "../auth/access-tokens.ts";
import type { AuthService } from "../auth/auth-service.ts";
import type { Principal } from "../auth/policy.ts";
import type { Setup } from "../auth/setup.ts";
import type { ConfigVersions } from "../config-versions/create-config-versions.ts";
import type { Audit } from "../control/audit.ts";
import type { CameraService } from "../control/camera-service.ts";
import type { KeyAdmin } from "../control/key-admin.ts";
import type { LayoutService } from "../control/layout-service.ts";
import type { StatsService } from "../control/stats-service.ts";
import type { UserService } from "../control/user-service.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import type { DiscoveryService } from "../discovery/discovery-service.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { ExportService } from "../export/export-service.ts";
import type { Identity } from "../identity/create-identity.ts";
import type { ServerPlaces } from "../setup/server-place.ts";
import type { Tokens } from "../tokens/create-tokens.ts";

/** What the routes work with. */
export interface AppDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly auth: AuthService;
  readonly tokens: AccessTokens;
  readonly setup: Setup;
  readonly identity: Identity;
  readonly users: UserService;
  readonly access: AccessControl;
  readonly cameras: CameraService;
  readonly layouts: LayoutService;
  readonly evidence: Evidence;
  readonly keyAdmin: KeyAdmin;
  readonly archive: Archive;
  readonly exports: ExportService;
  readonly discovery: DiscoveryService;
  readonly serverPlaces: ServerPlaces;
  readonly orm: Orm;
  readonly stats: StatsService;
  readonly apiTokens: Tokens["apiTokens"];
  readonly devices: Tokens["devices"];
  readonly deviceSessions: Tokens["deviceSessions"];
  readonly signedUrls: Tokens["signedUrls"];
  readonly audit: Audit;
  readonly auditTrail: AuditTrail;
  readonly configVersions: ConfigVersions;
  /** How browsers reach the relay now. */
  readonly live: () => LiveConfig;
  /** Rejects when the database does not answer. */
  readonly databasePing: () => Promise<void>;
  /** An ACME client's webroot; undefined: there is none. */
  readonly acmeWebroot?: string | undefined;
  /** Origins besides our own that may call the API. */
  readonly allowedOrigins: readonly string[];
  /** Folder of the built web app; undefined: none is served. */
  readonly webRoot: string | undefined;
}

export interface AppEnv {
  Bindings: {
    /** Node's request, when there is one (not in tests). */
    incoming?: { socket?: { remoteAddress?: string | undefined } };
  };
  Variables: {
    requestId: string;
    /** Address of the client; `unknown` where nobody says. */
    ip: string;
    /** The client is this machine itself. */
    local: boolean;
    /** The client speaks HTTPS. */
    secure: boolean;
    /** Set on routes whose policy is not public. */
    principal: Principal;
  };
}

export type App = Hono<AppEnv>;
