import { describe, expect, test } from "vitest";
import type { LiveConfig, User } from "../../shared/api/schemas.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { SessionState, SessionStore } from "../api/session.ts";
import type { WallEngine } from "../engine/engine.ts";
import type { ConnectOptions, WallStats } from "../engine/worker-protocol.ts";
import { connectOptions, createEngineSlot } from "./engine-host.ts";
import { mockUser } from "./testing/mock-api.ts";

const config: LiveConfig = {
  webSocketPath: "/api/v1/live",
  webTransport: { port: 8443, path: "/api/v1/live", certificateHash: "aGFzaA==" },
  quotaKbps: 50_000,
};

function recordingEngine() {
  const log: string[] = [];
  const expired = new Set<(code: string) => void>();
  const configNeeded = new Set<() => void>();
  const updates = new Set<() => void>();
  let stats = { renderer: "none", connection: "idle" } as WallStats;
  const engine: WallEngine = {
    attach: () => void log.push("attach"),
    connect: (options: ConnectOptions) => void log.push(`connect ${options.token}`),
    setToken: (token) => void log.push(`token ${token}`),
    resize: () => undefined,
    setTiles: () => undefined,
    setVisible: () => undefined,
    playback: () => ({
      mode: "live",
      positionMicros: undefined,
      rate: 1,
      buffering: false,
      loop: undefined,
      free: [],
      liveTiles: [],
    }),
    command: () => undefined,
    onPlayback: () => () => undefined,
    thumbnail: () => Promise.resolve(undefined),
    current: () => stats,
    subscribe: (listener) => {
      updates.add(listener);
      return () => updates.delete(listener);
    },
    onSessionExpired: (listener) => {
      expired.add(listener);
      return () => expired.delete(listener);
    },
    onConfigNeeded: (listener) => {
      configNeeded.add(listener);
      return () => configNeeded.delete(listener);
    },
    stats: () => Promise.resolve(stats),
    snapshot: () => Promise.resolve(undefined),
    close: () => {
      log.push("close");
      return Promise.resolve();
    },
  };
  return {
    engine,
    log,
    expire: () => [...expired].map((listener) => listener("auth.expired")),
    needConfig: () => [...configNeeded].map((listener) => listener()),
    update: (changes: Partial<WallStats>) => {
      stats = { ...stats, ...changes };
      for (const listener of updates) listener();
    },
  };
}

function world() {
  const clock = new SimulatedClock();
  const listeners = new Set<() => void>();
  const tokenListeners = new Set<(token: string) => void>();
  let state: SessionState = { status: "signed-out", reason: "none" };
  let token: string | undefined;
  const server = { config: "ok" as "ok" | "down", refreshTo: "token-2" as string | undefined };
  const set = (next: SessionState, nextToken: string | undefined): void => {
    state = next;
    token = nextToken;
    for (const listener of listeners) listener();
  };
  const session = {
    current: () => state,
    token: () => token,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onToken: (listener: (token: string) => void) => {
      tokenListeners.add(listener);
      return () => tokenListeners.delete(listener);
    },
    refresh: async () => {
      token = server.refreshTo;
      if (token !== undefined) for (const listener of tokenListeners) listener(token);
      return token;
    },
  } as unknown as SessionStore;
  const engines: ReturnType<typeof recordingEngine>[] = [];
  const slot = createEngineSlot({
    createEngine: () => {
      const next = recordingEngine();
      engines.push(next);
      return next.engine;
    },
    installStatsHook: () => undefined,
    createCanvas: () => ({ remove: () => undefined }) as HTMLCanvasElement,
    api: { liveConfig: () => (server.config === "ok" ? Promise.resolve(config) : Promise.reject(new Error("down"))) },
    session,
    clock,
    location: { protocol: "https:", host: "vms.example:8443", hostname: "vms.example" },
    transport: undefined,
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const signIn = (user: User): void => set({ status: "signed-in", user }, "token-1");
  return { clock, slot, engines, server, set, settle, signIn };
}

describe("the engine follows the session", () => {
  test("exists while somebody is signed in, and is closed afterwards", async () => {
    const { slot, engines, set, settle, signIn } = world();
    expect(slot.current()).toBeUndefined();
    signIn(mockUser());
    await settle();
    expect(engines[0]?.log).toEqual(["attach", "connect token-1"]);
    set({ status: "signed-out", reason: "signed-out" }, undefined);
    expect(slot.current()).toBeUndefined();
    expect(engines[0]?.log.at(-1)).toBe("close");
  });

  test("another user gets another engine; a changed profile of the same one does not", async () => {
    const { engines, settle, signIn } = world();
    signIn(mockUser());
    signIn(mockUser({ displayName: "New name" }));
    await settle();
    expect(engines).toHaveLength(1);
    signIn(mockUser({ id: "other" }));
    await settle();
    expect(engines).toHaveLength(2);
    expect(engines[0]?.log.at(-1)).toBe("close");
  });

  test("asks again for the addresses until the server answers", async () => {
    const { clock, engines, server, settle, signIn } = world();
    server.config = "down";
    signIn(mockUser());
    await settle();
    expect(engines[0]?.log).toEqual(["attach"]);
    server.config = "ok";
    clock.advance(millis(3_000));
    await settle();
    expect(engines[0]?.log).toEqual(["attach", "connect token-1"]);
  });

  test("an expired live session is refreshed and connected again", async () => {
    const { engines, settle, signIn } = world();
    signIn(mockUser());
    await settle();
    engines[0]?.expire();
    await settle();
    expect(engines[0]?.log.slice(2)).toEqual(["token token-2", "connect token-2"]);
  });

  test("tokens that are refused again and again are renewed ever more slowly, until a line holds", async () => {
    const { clock, engines, settle, signIn } = world();
    signIn(mockUser());
    await settle();
    const engine = engines[0];
    const connects = (): number => engine?.log.filter((entry) => entry.startsWith("connect")).length ?? 0;
    const waits: number[] = [];
    for (let turn = 0; turn < 9; turn++) {
      const before = connects();
      engine?.expire();
      await settle();
      let waited = 0;
      for (; connects() === before && waited < 100; waited++) {
        clock.advance(millis(1000));
        await settle();
      }
      waits.push(waited);
    }
    expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60]);
    engine?.update({ connection: "open" });
    clock.advance(millis(30_000));
    const before = connects();
    engine?.expire();
    await settle();
    expect(connects()).toBe(before + 1);
  });

  test("a lost line asks for the addresses again, at most every 30 s, and never forgets to", async () => {
    const { clock, engines, settle, signIn } = world();
    signIn(mockUser());
    await settle();
    clock.advance(millis(60_000));
    engines[0]?.needConfig();
    await settle();
    expect(engines[0]?.log.slice(2)).toEqual(["connect token-1"]);
    for (let second = 0; second < 29; second++) {
      engines[0]?.needConfig();
      clock.advance(millis(1000));
      await settle();
    }
    expect(engines[0]?.log.slice(2)).toHaveLength(1);
    clock.advance(millis(1000));
    await settle();
    expect(engines[0]?.log.slice(2)).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  test("a wall that drew and stays without a renderer gets another canvas; one that never drew does not", async () => {
    const { clock, engines, slot, settle, signIn } = world();
    signIn(mockUser());
    await settle();
    let changes = 0;
    slot.subscribe(() => changes++);
    engines[0]?.update({ renderer: "none" });
    clock.advance(millis(60_000));
    expect(engines).toHaveLength(1);
    engines[0]?.update({ renderer: "webgpu" });
    engines[0]?.update({ renderer: "none" });
    clock.advance(millis(14_000));
    engines[0]?.update({ renderer: "webgpu" });
    clock.advance(millis(14_000));
    engines[0]?.update({ renderer: "none" });
    engines[0]?.update({ renderer: "none" });
    expect(engines).toHaveLength(1);
    clock.advance(millis(15_000));
    await settle();
    expect(engines).toHaveLength(2);
    expect(engines[0]?.log.at(-1)).toBe("close");
    expect(engines[1]?.log).toEqual(["attach", "connect token-1"]);
    expect(changes).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test("closing leaves no timer", async () => {
    const { clock, slot, server, settle, signIn } = world();
    server.config = "down";
    signIn(mockUser());
    await settle();
    await slot.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

test("addresses are those of the page's own host", () => {
  const location = { protocol: "http:", host: "localhost:8080", hostname: "localhost" };
  expect(connectOptions(config, "t", location, "websocket")).toEqual({
    token: "t",
    webSocketUrl: "ws://localhost:8080/api/v1/live",
    webTransport: { url: "https://localhost:8443/api/v1/live", certificateHashBase64: "aGFzaA==" },
    transport: "websocket",
  });
  expect(connectOptions({ ...config, webTransport: null }, "t", location, undefined)).not.toHaveProperty("transport");
});
