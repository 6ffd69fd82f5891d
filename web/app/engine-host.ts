import type { LiveConfig } from "../../shared/api/schemas.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Api } from "../api/endpoints.ts";
import type { SessionStore } from "../api/session.ts";
import type { WallEngine } from "../engine/engine.ts";
import type { ConnectOptions } from "../engine/worker-protocol.ts";

/** One engine and its canvas. The canvas outlives every page of the console: its control can be given away only once. */
export interface EngineHost {
  readonly engine: WallEngine;
  readonly canvas: HTMLCanvasElement;
  /** Asks the server for its addresses again and connects, without waiting for the next attempt. */
  reconnect(): void;
  close(): Promise<void>;
}

/** The engine of the signed-in session; undefined while nobody is signed in. */
export interface EngineSlot {
  current(): EngineHost | undefined;
  subscribe(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface EngineDeps {
  readonly createEngine: () => WallEngine;
  readonly installStatsHook: (engine: WallEngine) => void;
  readonly createCanvas: () => HTMLCanvasElement;
  readonly api: Pick<Api, "liveConfig">;
  readonly session: SessionStore;
  readonly clock: Clock;
  readonly location: { readonly protocol: string; readonly host: string; readonly hostname: string };
  /** `?transport=`: for tests and support. */
  readonly transport: ConnectOptions["transport"];
}

const CONFIG_RETRY_MS = 3_000;
/** A line that is lost again and again asks for the addresses no more often. */
const CONFIG_PERIOD_MS = 30_000;
/** The first refused token is renewed at once; renewals that did not help wait longer and longer. */
const RENEWAL_BACKOFF_MS = { first: 1_000, max: 60_000 } as const;
/**
 * A wall that drew and has had no renderer for this long gets another canvas. A canvas is bound to one graphics API for
 * life, and browsers withhold WebGPU after repeated crashes where WebGL2 still works.
 */
const DARK_MS = 15_000;
/** A line that was up for this long: its token was good. */
const GOOD_LINE_MS = 30_000;

export function connectOptions(
  config: LiveConfig,
  token: string,
  location: EngineDeps["location"],
  transport: ConnectOptions["transport"],
): ConnectOptions {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const { webTransport } = config;
  return {
    token,
    webSocketUrl: `${scheme}//${location.host}${config.webSocketPath}`,
    webTransport:
      webTransport === null
        ? undefined
        : {
            url: `https://${location.hostname}:${webTransport.port}${webTransport.path}`,
            certificateHashBase64: webTransport.certificateHash ?? undefined,
          },
    ...(transport === undefined ? {} : { transport }),
  };
}

function openHost(deps: EngineDeps, onDark: () => void): EngineHost {
  const { session, clock } = deps;
  const engine = deps.createEngine();
  const canvas = deps.createCanvas();
  let retry: Timer | undefined;
  let closed = false;
  let askedAtMs = 0;
  let refusals = 0;
  let openSinceMs: number | undefined;
  let drew = false;
  let dark: Timer | undefined;

  const later = (delayMs: number, run: () => Promise<void>): void => {
    retry?.cancel();
    retry = closed ? undefined : clock.after(millis(delayMs), () => void run());
  };

  const connect = async (): Promise<void> => {
    retry?.cancel();
    retry = undefined;
    askedAtMs = clock.monotonicMs();
    try {
      const config = await deps.api.liveConfig();
      const token = session.token();
      if (!closed && token !== undefined) engine.connect(connectOptions(config, token, deps.location, deps.transport));
    } catch {
      // No answer yet; the banner already says so.
      later(CONFIG_RETRY_MS, connect);
    }
  };

  /** Every refresh rotates the session's cookie: without a pause a server that refuses good tokens would see a storm. */
  const renew = async (): Promise<void> => {
    retry = undefined;
    const token = await session.refresh();
    if (closed) return;
    // A refused refresh has signed out already; an unreachable server is tried again.
    if (token !== undefined) await connect();
    else if (session.current().status === "signed-in") later(CONFIG_RETRY_MS, renew);
  };

  const followLine = (open: boolean): void => {
    const now = clock.monotonicMs();
    if (openSinceMs !== undefined && now - openSinceMs >= GOOD_LINE_MS) refusals = 0;
    openSinceMs = open ? (openSinceMs ?? now) : undefined;
  };

  const stopToken = session.onToken((token) => engine.setToken(token));
  const followRenderer = (draws: boolean): void => {
    drew ||= draws;
    if (!draws && drew) dark ??= clock.after(millis(DARK_MS), onDark);
    if (!draws) return;
    dark?.cancel();
    dark = undefined;
  };

  const stopStats = engine.subscribe(() => {
    const { connection, renderer } = engine.current();
    followLine(connection === "open");
    followRenderer(renderer !== "none");
  });
  const stopExpired = engine.onSessionExpired(() => {
    followLine(false);
    const { first, max } = RENEWAL_BACKOFF_MS;
    if (refusals === 0) void renew();
    else later(Math.min(max, first * 2 ** (refusals - 1)), renew);
    refusals++;
  });
  const stopConfig = engine.onConfigNeeded(() => {
    // Something is planned already, and it ends in asking.
    if (retry !== undefined) return;
    const waitMs = askedAtMs + CONFIG_PERIOD_MS - clock.monotonicMs();
    if (waitMs > 0) later(waitMs, connect);
    else void connect();
  });
  engine.attach(canvas);
  deps.installStatsHook(engine);
  void connect();

  return {
    engine,
    canvas,
    reconnect: () => void connect(),
    async close() {
      if (closed) return;
      closed = true;
      retry?.cancel();
      dark?.cancel();
      stopToken();
      stopStats();
      stopExpired();
      stopConfig();
      canvas.remove();
      await engine.close();
    },
  };
}

/** Follows the session: an engine exists exactly while somebody is signed in. */
export function createEngineSlot(deps: EngineDeps): EngineSlot {
  let host: EngineHost | undefined;
  let userId: string | undefined;
  const listeners = new Set<() => void>();

  const change = (next: EngineHost | undefined): void => {
    const old = host;
    host = next;
    if (old !== undefined) void old.close();
    for (const listener of [...listeners]) listener();
  };
  const open = (): EngineHost => {
    const opened = openHost(deps, () => {
      if (host === opened) change(open());
    });
    return opened;
  };
  const follow = (): void => {
    const state = deps.session.current();
    const nextUser = state.status === "signed-in" ? state.user.id : undefined;
    if (nextUser === userId) return;
    userId = nextUser;
    change(nextUser === undefined ? undefined : open());
  };
  const stop = deps.session.subscribe(follow);
  follow();

  return {
    current: () => host,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      stop();
      listeners.clear();
      await host?.close();
      host = undefined;
    },
  };
}
