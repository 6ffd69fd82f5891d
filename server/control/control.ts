import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { AccessTokens } from "../auth/access-tokens.ts";
import { AuthService } from "../auth/auth-service.ts";
import { LiveAuthority } from "../auth/live-authority.ts";
import { PasswordHasher } from "../auth/password.ts";
import { Principals } from "../auth/principals.ts";
import { Sessions } from "../auth/sessions.ts";
import { Setup } from "../auth/setup.ts";
import type { Logger } from "../core/log.ts";
import type { Database } from "../db/database.ts";
import type { Keys } from "../keys/open-keys.ts";
import { Audit } from "./audit.ts";
import { CameraService } from "./camera-service.ts";
import { CameraStore } from "./camera-store.ts";
import { LayoutService } from "./layout-service.ts";
import type { CameraSource, MediaPlane } from "./media-plane.ts";
import { StatsService } from "./stats-service.ts";
import { UserService } from "./user-service.ts";

export interface ControlOptions {
  readonly database: Database;
  readonly keys: Keys;
  readonly media: MediaPlane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly ownPorts: ReadonlySet<number>;
  /** Generation of the worker that seals the camera now; undefined while none does. */
  readonly generationOf: (cameraId: string) => number | undefined;
  /** The list of cameras changed: the relay wants to know names and streams. */
  readonly onCameras?: (cameras: readonly CameraSource[]) => void;
  /** Fewer are for tests. */
  readonly passwordIterations?: number;
}

/** The control side, wired: what HTTP routes and the relay's questions work with. */
export interface Control {
  readonly auth: AuthService;
  readonly tokens: AccessTokens;
  readonly setup: Setup;
  readonly authority: LiveAuthority;
  readonly users: UserService;
  readonly cameras: CameraService;
  readonly layouts: LayoutService;
  readonly stats: StatsService;
  readonly audit: Audit;
  close(): Promise<void>;
}

const CLEAN_UP_EVERY_MS = 3_600_000;

/** Builds the services. `cameras.start()` is the caller's: it sets the media plane going. */
export async function createControl(options: ControlOptions): Promise<Control> {
  const { database, keys, media, clock, log, version } = options;
  const { orm } = database;
  const audit = new Audit(orm, clock, log);
  const principals = new Principals(orm, clock);
  const hasher = new PasswordHasher(options.passwordIterations);
  const sessions = new Sessions(orm, clock, keys.refreshMacKey, (sessionIds, reason) => {
    for (const sessionId of sessionIds) {
      principals.forgetSession(sessionId);
      media.endSession(sessionId, `auth.${reason}`);
    }
    if (reason === "reuse") log.warn({ sessionIds }, "a used refresh token came back: session ended");
  });
  const tokens = await AccessTokens.open(orm, keys.sealer, clock);
  const auth = new AuthService({
    orm,
    clock,
    hasher,
    tokens,
    sessions,
    principals,
    onLogin: ({ username, userId, ip, ok }) => {
      const action = ok ? "auth.login" : "auth.login_failed";
      void audit.add({ action, actorName: username, ip, ...(userId === undefined ? {} : { actorId: userId }) });
    },
  });
  const cameras = new CameraService({
    store: new CameraStore(orm, keys.sealer),
    media,
    clock,
    log,
    ownPorts: options.ownPorts,
    onRemoved: (cameraId) => keys.service.forget(cameraId),
    ...(options.onCameras ? { onChange: options.onCameras } : {}),
  });
  const onAccessChanged = (userId: string): void => media.accessChanged(userId);
  const cleanUp = everyHour(clock, () => sessions.deleteExpired(), log);
  return {
    auth,
    tokens,
    setup: new Setup(orm, clock, hasher),
    authority: new LiveAuthority({ clock, auth, principals, keys: keys.service, generationOf: options.generationOf }),
    users: new UserService({ orm, clock, hasher, sessions, principals, onAccessChanged }),
    cameras,
    layouts: new LayoutService(orm, clock),
    stats: new StatsService({ clock, database, cameras, media, version }),
    audit,
    close: async () => {
      cleanUp.cancel();
      await keys.service.close();
    },
  };
}

function everyHour(clock: Clock, run: () => Promise<void>, log: Logger): Timer {
  return clock.every(millis(CLEAN_UP_EVERY_MS), () => {
    run().catch((err) => log.warn({ err }, "expired sessions could not be deleted"));
  });
}
