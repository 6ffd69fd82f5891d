import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LiveConfig } from "../shared/api/schemas.ts";
import type { Clock } from "../shared/lib/clock.ts";
import { FluxError } from "../shared/lib/errors.ts";
import { Scope } from "../shared/lib/scope.ts";
import { CameraPlaces } from "./access/camera-places.ts";
import { createAccess } from "./access/create-access.ts";
import { Archive } from "./archive/archive.ts";
import { ArchiveGuard } from "./archive/archive-authority.ts";
import type { ReadSegment } from "./archive/archive-reader.ts";
import { openAudit } from "./audit/open-audit.ts";
import { ViewingLog } from "./audit/viewing.ts";
import { watchedArchive, watchedRelay, whoIs } from "./audit/viewing-authority.ts";
import { AccessTokens } from "./auth/access-tokens.ts";
import { AuthService } from "./auth/auth-service.ts";
import { LiveAuthority } from "./auth/live-authority.ts";
import { PasswordHasher, PBKDF2_ITERATIONS } from "./auth/password.ts";
import { PasswordThreads } from "./auth/password-threads.ts";
import { Principals } from "./auth/principals.ts";
import { Sessions } from "./auth/sessions.ts";
import { Setup } from "./auth/setup.ts";
import type { Config } from "./config/env.ts";
import { createConfigVersions } from "./config-versions/create-config-versions.ts";
import { CameraService } from "./control/camera-service.ts";
import { CameraStore } from "./control/camera-store.ts";
import { KeyAdmin } from "./control/key-admin.ts";
import { LayoutService } from "./control/layout-service.ts";
import { StatsService } from "./control/stats-service.ts";
import { sealOpenStreamUrls } from "./control/stream-urls.ts";
import { UserService } from "./control/user-service.ts";
import type { Logger } from "./core/log.ts";
import { type Database, openDatabase } from "./db/database.ts";
import { DiscoveryService } from "./discovery/discovery-service.ts";
import { createEvidence } from "./evidence/evidence.ts";
import { ExportService } from "./export/export-service.ts";
import { createApp } from "./http/app.ts";
import { chooseUpstreamSocket, listenUpstream } from "./http/listen.ts";
import { createIdentity, createIdentityRules } from "./identity/create-identity.ts";
import { openKeys } from "./keys/open-keys.ts";
import { findRootKey, ROOT_KEY_FILE } from "./keys/root-key.ts";
import { createMediaPlane, type OwnedMediaPlane } from "./media/media-plane.ts";
import type { RelayEndpoints } from "./media/relay-slot.ts";
import { spawnThread } from "./media/thread.ts";
import { createOutboundGuard } from "./net/outbound-settings.ts";
import type { RelayCertificates } from "./relay/protocol.ts";
import { relayCertificates, relayData } from "./relay-data.ts";
import { createGenerationStore } from "./seal/generation.ts";
import { ServerPlaces } from "./setup/server-place.ts";
import { watchedFiles } from "./tls/certificate-files.ts";
import { CertificateRenewal } from "./tls/renewal.ts";
import { createTokens } from "./tokens/create-tokens.ts";

export interface ComposeOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** Folder of the bundles: thread entries beside this one, the web app above. */
  readonly bundleUrl: URL;
}

export interface Server {
  readonly setup: Setup;
  /** `admin` was made now, with the password from the environment. */
  readonly adminCreated: boolean;
  readonly cameras: CameraService;
  readonly archive: Archive;
  readonly media: OwnedMediaPlane;
  readonly database: Database;
  /** Looks at the operator's certificate files now. */
  reloadCertificates(): Promise<void>;
  /** Stops taking requests, then media, then the database. */
  close(): Promise<void>;
}

/** Builds the server from its parts, in the order in which they need each other; closes in the reverse order. */
export async function compose(options: ComposeOptions): Promise<Server> {
  const scope = new Scope();
  try {
    return await build(options, scope);
  } catch (error) {
    await scope.close();
    throw error;
  }
}

async function build({ config, clock, log, version, bundleUrl }: ComposeOptions, scope: Scope): Promise<Server> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const rootKey = await findRootKey({
    file: join(config.dataDir, ROOT_KEY_FILE),
    environment: config.rootKey,
    command: config.rootKeyCommand,
  });
  if (rootKey.exposed) log.warn("the root key file can be read by others than its owner: chmod 600 it");
  const database = scope.own(
    await openDatabase({
      url: config.databaseUrl,
      dataDir: config.dataDir,
      clock,
      log: log.child({ part: "database" }),
    }),
  );
  const { orm } = database;

  const allKeys = scope.own(
    await openKeys({ orm, rootKey: rootKey.key, rootOrigin: rootKey.origin, clock, log: log.child({ part: "keys" }) }),
  );
  const { sealer, generations, service: keys, refreshMacKey, auditMacKey } = allKeys;
  await sealOpenStreamUrls(orm, sealer);

  const passwordThreads = scope.own(
    new PasswordThreads({
      clock,
      spawn: () => spawnThread(new URL("./password-worker.mjs", bundleUrl), undefined, "password"),
    }),
  );
  const hasher = new PasswordHasher(PBKDF2_ITERATIONS, passwordThreads);
  const places = new CameraPlaces(() => access.changes.felt("all"));
  const principals = new Principals(orm, clock, places);
  // Bound below: sessions end in the media plane too, and the media plane asks who may see what.
  let media: OwnedMediaPlane | undefined;
  const sessions = new Sessions(orm, clock, refreshMacKey, (ended, reason) => {
    for (const sessionId of ended) {
      principals.forgetSession(sessionId);
      media?.endSession(sessionId, `auth.session_${reason}`);
    }
  });
  const auditTrail = scope.own(
    await openAudit({ orm, clock, log: log.child({ part: "audit" }), sealer, auditMacKey, dataDir: config.dataDir }),
  );
  const { audit } = auditTrail;
  const tokens = await AccessTokens.open(orm, sealer, clock);
  const auth = new AuthService({ tokens, sessions, principals });
  const authority = new LiveAuthority({
    clock,
    auth,
    principals,
    keys,
    generationOf: (cameraId) => media?.generationOf(cameraId),
  });

  const outbound = scope.own(createOutboundGuard(config.outbound, () => ownPorts(media)));

  const accessChanged = (userId: string): void => media?.accessChanged(userId);
  const access = createAccess({ orm, clock, places, principals, authority, accessChanged });

  const readSegment: ReadSegment = async (...part) => {
    if (!archive) throw new FluxError("archive.gone", "the archive is starting");
    return archive.reader.read(...part);
  };
  // Owned before the media plane: closed after it, with the last facts of its recorders.
  let archive: Archive | undefined;
  scope.add(() => archive?.close());
  const viewing = scope.own(new ViewingLog({ audit, clock, who: (...ids) => whoIs(orm, ...ids) }));
  const upstream = scope.own(await chooseUpstreamSocket(config.dataDir));
  const certificates = await relayCertificates(config, clock);
  const owned = scope.own(
    await createMediaPlane({
      clock,
      random: Math.random,
      log: log.child({ part: "media" }),
      logLevel: config.logLevel,
      keys,
      generations: createGenerationStore({ path: join(config.dataDir, "seal-generation"), record: generations }),
      authority: watchedRelay(authority, viewing),
      archive: watchedArchive(
        new ArchiveGuard(orm, authority, () => archive?.index.open ?? new Map(), readSegment),
        viewing,
      ),
      onViewerLeft: (connectionId, cameraIds) => viewing.left(connectionId, cameraIds),
      onViewerClosed: (connectionId) => {
        authority.viewerClosed(connectionId);
        viewing.closed(connectionId);
      },
      onViewersLost: () => {
        authority.clear();
        viewing.clear();
      },
      relay: relayData(config, certificates, upstream.path),
      spawnIngest: (data) =>
        spawnThread(new URL("./ingest-worker.mjs", bundleUrl), { ...data, outbound: config.outbound }, "ingest"),
      spawnRelay: (data) => spawnThread(new URL("./relay-worker.mjs", bundleUrl), data, "relay"),
      ingestWorkers: config.workers,
    }),
  );
  media = owned;
  const { endpoints } = owned;
  if (endpoints.webTransportError !== undefined) {
    log.warn(`${endpoints.webTransportError}; serving WebSocket`);
    log.debug({ reason: endpoints.webTransportDetail }, "why WebTransport is not served");
  }
  const renewal = scope.own(
    new CertificateRenewal(certificates, {
      clock,
      log: log.child({ part: "tls" }),
      load: () => relayCertificates(config, clock),
      onChanged: (renewed) => owned.setCertificates(renewed),
      filesState: watchedFiles(config.tlsFiles),
    }),
  );

  const cameras = new CameraService({
    store: new CameraStore(orm, sealer),
    media: owned,
    clock,
    log: log.child({ part: "cameras" }),
    outbound,
    rights: access,
    onRemoved: (cameraId) => keys.forget(cameraId),
    onChange: () => {
      places.replace(cameras.sources());
      archive?.control.review();
    },
  });
  archive = await Archive.start({
    orm,
    clock,
    log: log.child({ part: "archive" }),
    sealer,
    media: owned,
    storageDir: config.storageDir,
    flushMs: config.flushMs,
    outbound,
    cameras: () => cameras.sources(),
  });
  const evidence = createEvidence(orm, clock);
  const exports = scope.own(
    await ExportService.open({
      orm,
      clock,
      log: log.child({ part: "export" }),
      folder: join(config.dataDir, "exports"),
      sealer,
      keys,
      version,
      openSegments: () => archive?.index.open ?? new Map(),
      cameraName: (cameraId) => cameras.sources().find(({ id }) => id === cameraId)?.name,
      readSegment,
      requireCase: (principal, caseId) => evidence.cases.get(principal, caseId),
      principalOfUser: (userId) => principals.ofUser(userId),
      principalOfCredential: (id) => principals.ofSession(id),
      startThread: (order) => spawnThread(new URL("./export-worker.mjs", bundleUrl), order, "export"),
    }),
  );
  const identityRules = createIdentityRules(orm, clock);
  const users = new UserService({
    orm,
    clock,
    hasher,
    sessions,
    places,
    changes: access.changes,
    passwordPolicy: identityRules.passwordPolicy,
  });
  const identity = createIdentity({
    ...identityRules,
    orm,
    clock,
    sealer,
    macKey: refreshMacKey,
    hasher,
    auth,
    sessions,
    audit,
    access,
    outbound,
    confirmPassword: (userId, password, field) => users.confirmPassword(userId, password, field),
  });
  const setup = new Setup(orm, clock, hasher, identityRules.passwordPolicy);
  const layouts = new LayoutService(orm, clock);
  const programs = scope.own(
    createTokens({
      orm,
      clock,
      log: log.child({ part: "tokens" }),
      principals,
      places,
      grants: access.grants,
      layouts,
      auth,
      tokens,
      key: refreshMacKey,
      endSession: (id, code) => media?.endSession(id, code),
      accessChanged,
    }),
  );
  const serverPlaces = new ServerPlaces(orm, clock);
  const keyAdmin = new KeyAdmin(orm, allKeys);
  const configVersions = scope.own(
    createConfigVersions({
      ...{ orm, clock, log: log.child({ part: "configuration" }), audit, sealer, markKey: allKeys.configMarkKey },
      ...{ cameras, archive, layouts, users, access, identity, serverPlaces, keyAdmin },
    }),
  );
  const { app } = createApp({
    clock,
    log: log.child({ part: "http" }),
    version,
    databasePing: () => database.ping(),
    auth,
    tokens,
    identity,
    setup,
    audit,
    auditTrail,
    access,
    cameras,
    users,
    layouts,
    ...programs,
    evidence,
    keyAdmin,
    configVersions,
    archive,
    exports,
    orm,
    stats: new StatsService({ clock, database, cameras, media: owned, version }),
    allowedOrigins: config.allowedOrigins,
    acmeWebroot: config.acmeWebroot,
    discovery: new DiscoveryService({ clock, guard: outbound, cameras }),
    serverPlaces,
    live: () => liveConfig(owned.endpoints, renewal.current, config.quotaKbps),
    webRoot: fileURLToPath(new URL("../web/", bundleUrl)),
  });
  // Before the first request: whoever sees the server ready can sign in.
  const adminCreated = config.adminPassword !== undefined && (await setup.createAdmin(config.adminPassword));
  scope.own(await listenUpstream(app, upstream.path, clock));
  await cameras.start();
  await archive.camerasKnown();
  await exports.start();
  void allKeys.rotation.look();
  void auditTrail.retention.look();
  void configVersions.recorder.start();
  owned.camerasKnown();
  return {
    setup,
    adminCreated,
    cameras,
    archive,
    media: owned,
    database,
    reloadCertificates: () => renewal.reload(),
    close: () => scope.close(),
  };
}

/** Where nothing is fetched from at an address of this machine. */
function ownPorts(media: OwnedMediaPlane | undefined): ReadonlySet<number> {
  if (media === undefined) return new Set();
  const { httpPort, tlsPort } = media.endpoints;
  return new Set([httpPort, ...(tlsPort === undefined ? [] : [tlsPort])]);
}

/** Path of the live relay, both transports. */
const LIVE_PATH = "/api/v1/live";

/** As it is now: certificates are renewed, and the relay thread may have been replaced. */
function liveConfig(endpoints: RelayEndpoints, certificates: RelayCertificates, quotaKbps: number): LiveConfig {
  const port = endpoints.webTransportPort;
  const certificateHash = certificates.webTransport.hashBase64;
  return {
    webSocketPath: LIVE_PATH,
    webTransport: port === undefined ? null : { port, path: LIVE_PATH, certificateHash },
    quotaKbps,
  };
}
