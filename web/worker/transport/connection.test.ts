import { createECDH, hkdfSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { ConnectOptions } from "../../engine/worker-protocol.ts";
import { type ConnectionInfo, LiveConnection } from "./connection.ts";
import { MemoryTransport } from "./memory-transport.ts";
import { frame } from "./testkit/frames.ts";
import type { LiveTransport, TransportHandlers } from "./transport.ts";

const CAMERA = "11111111-1111-4111-8111-111111111111";
const SALT = Buffer.alloc(32, 7);

let clock: SimulatedClock;
let states: ConnectionInfo[];
let keys: Uint8Array[];
let control: ServerMessage[];
let frames: number[];
let expired: string[];
let opened: MemoryTransport[];
let choices: ConnectOptions[];
let fail: string | undefined;
let fallback: string | undefined;
let kind: "webtransport" | "websocket";
let configsNeeded: number;
let connection: LiveConnection;

beforeEach(() => {
  clock = new SimulatedClock();
  states = [];
  keys = [];
  control = [];
  frames = [];
  expired = [];
  opened = [];
  choices = [];
  fail = undefined;
  fallback = undefined;
  kind = "websocket";
  configsNeeded = 0;
  connection = new LiveConnection(
    {
      token: "t1",
      webSocketUrl: "ws://x/api/v1/live",
      webTransport: { url: "https://x:1/", certificateHashBase64: "AA==" },
    },
    {
      onState: (info) => states.push(info),
      onSessionKey: (key) => keys.push(key),
      onControl: (message) => control.push(message),
      onFrame: ({ header }) => frames.push(header.sequence),
      onExpired: (code) => expired.push(code),
      onConfigNeeded: () => configsNeeded++,
    },
    {
      clock,
      random: () => 1,
      connect: async (options: ConnectOptions, handlers: TransportHandlers): Promise<LiveTransport> => {
        choices.push(options);
        if (fail !== undefined) throw new Error(fail);
        const transport = new MemoryTransport(handlers, kind, fallback);
        opened.push(transport);
        return transport;
      },
    },
  );
});
afterEach(() => {
  connection.close();
  expect(clock.pendingTimers).toBe(0);
});

/** WebCrypto works outside the simulated clock: waits until `ready`. */
async function until(ready: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !ready(); i++) await new Promise((resolve) => setImmediate(resolve));
  expect(ready()).toBe(true);
}

/** The n-th line, past hello. */
async function line(n: number): Promise<MemoryTransport> {
  await until(() => opened[n - 1]?.last("hello") !== undefined);
  const transport = opened[n - 1];
  if (!transport) throw new Error("unreachable");
  return transport;
}

function welcome(transport: MemoryTransport): Uint8Array {
  const hello = transport.last("hello");
  const server = createECDH("prime256v1");
  const publicKey = server.generateKeys();
  const clientKey = Buffer.from(hello?.publicKey ?? "", "base64");
  transport.deliver({
    type: "welcome",
    connectionId: "c",
    publicKey: publicKey.toString("base64"),
    salt: SALT.toString("base64"),
    serverTimeMicros: clock.utcMicros(),
    tokenExpiresAtMicros: clock.utcMicros() + 900_000_000,
    quotaKbps: 50_000,
  });
  const info = Buffer.concat([Buffer.from("fluxvision session v1"), clientKey, publicKey]);
  return new Uint8Array(hkdfSync("sha256", server.computeSecret(clientKey), SALT, info, 32));
}

async function openLine(n: number): Promise<MemoryTransport> {
  const transport = await line(n);
  const before = keys.length;
  const expected = welcome(transport);
  await until(() => keys.length > before);
  expect(keys.at(-1)).toEqual(expected);
  return transport;
}

const subscription = (heightPx: number) => [{ cameraId: CAMERA, widthPx: 320, heightPx, visible: true }];

describe("LiveConnection", () => {
  it("makes the session key of W22 before anything else is passed on", async () => {
    connection.start();
    const transport = await line(1);
    expect(Buffer.from(transport.last("hello")?.publicKey ?? "", "base64")).toHaveLength(65);
    welcome(transport);
    // Frames and messages right behind `welcome`, while the key is being derived.
    transport.deliver({ type: "camera_status", cameraId: CAMERA, state: "online" });
    transport.deliverFrame(frame(1, 5, true));
    expect(frames).toEqual([]);
    await until(() => keys.length === 1);
    expect(control).toMatchObject([{ type: "camera_status" }]);
    expect(frames).toEqual([5]);
    expect(states.map(({ state }) => state)).toEqual(["connecting", "open"]);
  });

  it("subscribes when open, and again after a reconnect, with the newest sizes and token", async () => {
    connection.subscribe(subscription(100));
    connection.start();
    const first = await openLine(1);
    expect(first.last("subscribe")?.cameras).toMatchObject([{ heightPx: 100 }]);
    connection.subscribe(subscription(500));
    connection.setToken("t2");
    expect(first.last("renew")?.token).toBe("t2");
    first.hangUp();
    expect(connection.state).toBe("reconnecting");
    clock.advance(millis(500));
    const second = await openLine(2);
    expect(second.last("hello")?.token).toBe("t2");
    expect(second.last("subscribe")?.cameras).toMatchObject([{ heightPx: 500 }]);
    expect(states.at(-1)).toMatchObject({ state: "open", transport: "websocket" });
  });

  it("splits long subscriptions", async () => {
    connection.start();
    const transport = await openLine(1);
    connection.subscribe(
      Array.from({ length: 450 }, (_, index) => ({
        cameraId: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
        widthPx: 1,
        heightPx: 1,
        visible: true,
      })),
    );
    const sizes = transport.sent.flatMap((message) => (message.type === "subscribe" ? [message.cameras.length] : []));
    expect(sizes).toEqual([200, 200, 50]);
  });

  it("waits longer after each failure, at most 15 s, and starts over after a good connection", async () => {
    fail = "nobody there";
    connection.start();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt++) {
      await until(() => choices.length === attempt && connection.state === "reconnecting" && clock.pendingTimers === 1);
      let waited = 0;
      while (clock.pendingTimers === 1) {
        clock.advance(millis(500));
        waited += 500;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(states.at(-1)?.detail).toBe("nobody there");
    fail = undefined;
    const transport = await openLine(1);
    clock.advance(millis(10_000));
    transport.hangUp();
    clock.advance(millis(500));
    await line(2);
  });

  it("gives up when the server does not answer hello within 5 s", async () => {
    connection.start();
    const transport = await line(1);
    clock.advance(millis(5000));
    expect(connection.state).toBe("reconnecting");
    expect(transport.closed).toBe(true);
  });

  it("gives up a line that went silent", async () => {
    connection.start();
    const transport = await openLine(1);
    clock.advance(millis(10_000));
    expect(connection.state).toBe("open");
    clock.advance(millis(5000));
    expect(connection.state).toBe("reconnecting");
    expect(transport.closed).toBe(true);
  });

  it.each([
    [
      "is told so",
      (transport: MemoryTransport) =>
        transport.deliver({ type: "session_expired", code: "auth.signed_out", message: "" }),
    ],
    [
      "is closed for good",
      (transport: MemoryTransport) => transport.hangUp({ code: "auth.signed_out", message: "", retryable: false }),
    ],
  ])("stops for good when it %s", async (_, end) => {
    connection.start();
    end(await openLine(1));
    expect(expired).toEqual(["auth.signed_out"]);
    expect(connection.state).toBe("signed-out");
    clock.advance(millis(60_000));
    expect(choices).toHaveLength(1);
  });

  it("leaves WebTransport alone for five minutes after it failed, and says why", async () => {
    fallback = "UDP is blocked";
    connection.start();
    const first = await openLine(1);
    expect(states.at(-1)).toEqual({ state: "open", transport: "websocket", detail: "UDP is blocked" });
    fallback = undefined;
    first.hangUp();
    clock.advance(millis(500));
    const second = await openLine(2);
    expect(choices[1]?.transport).toBe("websocket");
    expect(states.at(-1)?.detail).toBe("UDP is blocked");
    for (let i = 0; i < 62; i++) {
      clock.advance(millis(5000));
      second.deliver({ type: "pong", t: 0, serverTimeMicros: 0 });
    }
    second.hangUp();
    clock.advance(millis(500));
    await line(3);
    expect(choices[2]?.transport).toBeUndefined();
  });

  it("asks for denied cameras again every 30 s and after a reconnect, until they are shown or given up", async () => {
    connection.subscribe(subscription(100));
    connection.start();
    const first = await openLine(1);
    const asked = (transport: MemoryTransport): number =>
      transport.sent.filter(({ type }) => type === "subscribe").length;
    const pass = (transport: MemoryTransport, seconds: number): void => {
      for (let passed = 0; passed < seconds; passed += 5) {
        clock.advance(millis(5000));
        transport.deliver({ type: "pong", t: 0, serverTimeMicros: 0 });
      }
    };
    first.deliver({ type: "denied", cameraId: CAMERA, code: "auth.camera_denied" });
    expect(control.at(-1)).toMatchObject({ type: "denied" });
    pass(first, 25);
    expect(asked(first)).toBe(1);
    pass(first, 5);
    expect(asked(first)).toBe(2);
    first.hangUp();
    clock.advance(millis(500));
    const second = await openLine(2);
    expect(asked(second)).toBe(1);
    second.deliver({ type: "denied", cameraId: CAMERA, code: "auth.camera_denied" });
    second.deliver({ type: "stream", cameraId: CAMERA, streamId: 1, role: "sub", level: "grid" });
    pass(second, 60);
    expect(asked(second)).toBe(1);
    second.deliver({ type: "denied", cameraId: CAMERA, code: "auth.camera_denied" });
    connection.unsubscribe([CAMERA]);
    pass(second, 60);
    expect(asked(second)).toBe(1);
  });

  it("renews a token that came while hello was under way", async () => {
    connection.start();
    const transport = await line(1);
    connection.setToken("t2");
    expect(transport.last("renew")).toBeUndefined();
    await openLine(1);
    expect(transport.last("renew")?.token).toBe("t2");
  });

  it("waits and tries again when the server is still starting", async () => {
    connection.start();
    (await line(1)).deliver({ type: "error", code: "relay.starting", message: "the server is starting" });
    expect(states.at(-1)).toEqual({ state: "reconnecting", transport: "none", detail: "the server is starting" });
    clock.advance(millis(500));
    (await line(2)).hangUp({ code: "relay.starting", message: "the server is starting", retryable: true });
    clock.advance(millis(1000));
    await line(3);
    expect(expired).toEqual([]);
  });

  it.each([
    ["answers nothing within 3 s", async () => clock.advance(millis(3000)), "websocket"],
    [
      "ends within 10 s",
      async () => {
        const transport = await openLine(1);
        clock.advance(millis(5000));
        transport.hangUp();
      },
      "websocket",
    ],
    [
      "goes silent early",
      async () => {
        await openLine(1);
        clock.advance(millis(15_000));
      },
      "websocket",
    ],
    [
      "is ended by the server itself",
      async (transport: MemoryTransport) =>
        transport.hangUp({ code: "relay.shutting_down", message: "", retryable: true }),
      undefined,
    ],
  ])("a WebTransport line that %s", async (_, end, next) => {
    kind = "webtransport";
    connection.start();
    await end(await line(1));
    expect(connection.state).toBe("reconnecting");
    clock.advance(millis(500));
    await until(() => choices.length === 2);
    expect(choices[1]?.transport).toBe(next);
  });

  it("a WebTransport line that worked for long is tried again", async () => {
    kind = "webtransport";
    connection.start();
    const transport = await openLine(1);
    for (let i = 0; i < 3; i++) {
      clock.advance(millis(5000));
      transport.deliver({ type: "pong", t: 0, serverTimeMicros: 0 });
    }
    transport.hangUp();
    clock.advance(millis(500));
    await until(() => choices.length === 2);
    expect(choices[1]?.transport).toBeUndefined();
  });

  it("asks for the addresses when WebTransport fails and when the line is lost", async () => {
    fallback = "bad certificate";
    connection.start();
    const transport = await openLine(1);
    expect(configsNeeded).toBe(1);
    transport.hangUp();
    expect(configsNeeded).toBe(2);
  });

  it("tries at once when told to, and only while it waits", async () => {
    fail = "nobody there";
    connection.start();
    await until(() => connection.state === "reconnecting");
    fail = undefined;
    connection.retryNow();
    connection.retryNow();
    await line(1);
    connection.retryNow();
    expect(choices).toHaveLength(2);
  });

  it("knows the server's clock by the shortest round trip", async () => {
    connection.start();
    const transport = await openLine(1);
    const serverAhead = 3_000_000;
    const answer = (rttMs: number, skewMicros: number): void => {
      const sent = clock.monotonicMs();
      clock.advance(millis(rttMs));
      const serverTimeMicros = clock.utcMicros() + serverAhead + skewMicros;
      transport.deliver({ type: "pong", t: sent, serverTimeMicros });
    };
    // 80 ms there, nothing back: half the round trip is wrong by 40 ms.
    answer(80, 0);
    expect(connection.serverOffsetMicros).toBe(serverAhead + 40_000);
    answer(4, -2000);
    expect(connection.serverOffsetMicros).toBe(serverAhead);
    answer(200, 0);
    expect(connection.serverOffsetMicros).toBe(serverAhead);
    expect(connection.serverNow() - clock.utcMicros()).toBe(serverAhead);
  });

  it("does not come back to life after close", async () => {
    connection.start();
    const transport = await openLine(1);
    connection.close();
    connection.close();
    expect(transport.closed).toBe(true);
    transport.hangUp();
    clock.advance(millis(60_000));
    expect(choices).toHaveLength(1);
    expect(states.at(-1)?.state).toBe("idle");
  });
});
