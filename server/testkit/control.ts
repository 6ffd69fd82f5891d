import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { CameraPlaces } from "../access/camera-places.ts";
import { type AccessControl, createAccess } from "../access/create-access.ts";
import { Archive } from "../archive/archive.ts";
import { type AuditTrail, openAudit } from "../audit/open-audit.ts";
import { AccessTokens } from "../auth/access-tokens.ts";
import { AuthService } from "../auth/auth-service.ts";
import { LiveAuthority } from "../auth/live-authority.ts";
import { PasswordHasher } from "../auth/password.ts";
import { Principals } from "../auth/principals.ts";
import { Sessions } from "../auth/sessions.ts";
import { Setup } from "../auth/setup.ts";
import { type ConfigVersions, createConfigVersions } from "../config-versions/create-config-versions.ts";
import type { Audit } from "../control/audit.ts";
import { CameraService } from "../control/camera-service.ts";
import { CameraStore } from "../control/camera-store.ts";
import { KeyAdmin } from "../control/key-admin.ts";
import { LayoutService } from "../control/layout-service.ts";
import type { MediaPlane } from "../control/media-plane.ts";
import { StatsService } from "../control/stats-service.ts";
import { UserService } from "../control/user-service.ts";
import type { Logger } from "../core/log.ts";
import type { Database } from "../db/database.ts";
import { type DiscoveryParts, DiscoveryService } from "../discovery/discovery-service.ts";
import { createEvidence, type Evidence } from "../evidence/evidence.ts";
import { ExportService } from "../export/export-service.ts";
import { inProcessThread } from "../export/testkit/in-process-thread.ts";
import { createIdentity, createIdentityRules, type Identity } from "../identity/create-identity.ts";
import type { Keys } from "../keys/open-keys.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { ServerPlaces } from "../setup/server-place.ts";
import { createTokens, type Tokens } from "../tokens/create-tokens.ts";

export interface ControlOptions {
  readonly database: Database;
  readonly keys: Keys;
  readonly media: MediaPlane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** Whom a search for cameras asks; by default nobody. */
  readonly discoveryProbe?: DiscoveryParts["probe"];
  /** By default cameras on this machine are allowed. */
  readonly outbound?: OutboundGuard;
  /** Generation of the worker that seals the camera now; undefined while none does. */
  readonly generationOf: (cameraId: string) => number | undefined;
  /** Fewer are for tests. */
  readonly passwordIterations?: number;
}

/** The control side, wired as server/compose.ts does it, with a media plane of the test's. */
export interface Control extends Omit<Tokens, "close"> {
  readonly auth: AuthService;
  readonly tokens: AccessTokens;
  readonly identity: Identity;
  readonly setup: Setup;
  readonly authority: LiveAuthority;
  readonly access: AccessControl;
  readonly users: UserService;
  readonly cameras: CameraService;
  readonly layouts: LayoutService;
  readonly evidence: Evidence;
  readonly keyAdmin: KeyAdmin;
  readonly archive: Archive;
  readonly exports: ExportService;
  readonly discovery: DiscoveryService;
  readonly serverPlaces: ServerPlaces;
  readonly orm: Database["orm"];
  readonly stats: StatsService;
  readonly audit: Audit;
  readonly auditTrail: AuditTrail;
  readonly configVersions: ConfigVersions;
  close(): Promise<void>;
}

/** Builds the services. `cameras.start()` is the caller's: it sets the media plane going. */
export async function createControl(options: ControlOptions): Promise<Control> {
  const { database, keys, media, clock, log, version } = options;
  const { orm } = database;
  const auditTrail = await openAudit({
    orm,
    clock,
    log,
    sealer: keys.sealer,
    auditMacKey: keys.auditMacKey,
    dataDir: undefined,
  });
  const { audit } = auditTrail;
  const places = new CameraPlaces(() => access.changes.felt("all"));
  const principals = new Principals(orm, clock, places);
  const hasher = new PasswordHasher(options.passwordIterations);
  const sessions = new Sessions(orm, clock, keys.refreshMacKey, (sessionIds, reason) => {
    for (const sessionId of sessionIds) {
      principals.forgetSession(sessionId);
      media.endSession(sessionId, `auth.${reason}`);
    }
    if (reason === "reuse") log.warn({ sessionIds }, "a used refresh token came back: session ended");
  });
  const tokens = await AccessTokens.open(orm, keys.sealer, clock);
  const auth = new AuthService({ tokens, sessions, principals });
  const outbound = options.outbound ?? new OutboundGuard({ ownPorts: () => new Set([8080, 8443]), loopback: "any" });
  // Bound below: a change of cameras changes what is recorded.
  let archive: Archive | undefined;
  const cameras = new CameraService({
    store: new CameraStore(orm, keys.sealer),
    media,
    clock,
    log,
    outbound,
    rights: {
      current: (by) => access.current(by),
      requireMovable: (...move) => access.requireMovable(...move),
    },
    onRemoved: (cameraId) => keys.service.forget(cameraId),
    onChange: () => {
      places.replace(cameras.sources());
      archive?.control.review();
    },
  });
  const storageDir = await mkdtemp(join(tmpdir(), "fluxvision-storage-"));
  archive = await Archive.start({
    orm,
    clock,
    log,
    sealer: keys.sealer,
    media,
    storageDir,
    outbound,
    cameras: () => cameras.sources(),
  });
  const evidence = createEvidence(orm, clock);
  const exports = await ExportService.open({
    orm,
    clock,
    log,
    folder: join(storageDir, "exports"),
    sealer: keys.sealer,
    keys: keys.service,
    version,
    openSegments: () => archive.index.open,
    cameraName: (cameraId) => cameras.sources().find(({ id }) => id === cameraId)?.name,
    readSegment: (...part) => archive.reader.read(...part),
    requireCase: (principal, caseId) => evidence.cases.get(principal, caseId),
    principalOfUser: (userId) => principals.ofUser(userId),
    principalOfCredential: (id) => principals.ofSession(id),
    startThread: inProcessThread,
  });
  await exports.start();
  const authority = new LiveAuthority({
    clock,
    auth,
    principals,
    keys: keys.service,
    generationOf: options.generationOf,
  });
  const accessChanged = (userId: string): void => media.accessChanged(userId);
  const access = createAccess({ orm, clock, places, principals, authority, accessChanged });
  const layouts = new LayoutService(orm, clock);
  const programs = createTokens({
    orm,
    clock,
    log,
    principals,
    places,
    grants: access.grants,
    layouts,
    auth,
    tokens,
    key: keys.refreshMacKey,
    endSession: (id, code) => media.endSession(id, code),
    accessChanged,
  });
  const rules = createIdentityRules(orm, clock);
  const { passwordPolicy } = rules;
  const users = new UserService({ orm, clock, hasher, sessions, places, changes: access.changes, passwordPolicy });
  const identity = createIdentity({
    ...rules,
    orm,
    clock,
    sealer: keys.sealer,
    macKey: keys.refreshMacKey,
    hasher,
    auth,
    sessions,
    audit,
    access,
    outbound,
    confirmPassword: (userId, password, field) => users.confirmPassword(userId, password, field),
  });
  const serverPlaces = new ServerPlaces(orm, clock);
  const keyAdmin = new KeyAdmin(orm, keys);
  const configVersions = createConfigVersions({
    ...{ orm, clock, log, audit, sealer: keys.sealer, markKey: keys.configMarkKey },
    ...{ cameras, archive, layouts, users, access, identity, serverPlaces, keyAdmin },
  });
  await configVersions.recorder.start();
  return {
    auth,
    tokens,
    identity,
    setup: new Setup(orm, clock, hasher, passwordPolicy),
    authority,
    access,
    users,
    cameras,
    layouts,
    ...programs,
    evidence,
    keyAdmin,
    archive,
    exports,
    discovery: new DiscoveryService({
      clock,
      guard: outbound,
      cameras,
      // Nobody's network is asked by a test.
      probe: options.discoveryProbe ?? { from: [], wait: millis(1) },
    }),
    serverPlaces,
    orm,
    stats: new StatsService({ clock, database, cameras, media, version }),
    audit,
    auditTrail,
    configVersions,
    close: async () => {
      await programs.close();
      await exports.close();
      await archive.close();
      await configVersions.close();
      await auditTrail.close();
      await keys.close();
      await rm(storageDir, { recursive: true });
    },
  };
}
