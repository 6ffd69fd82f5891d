import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { FromRelay, RelayAuthority, RelayWorkerData, ToRelay } from "../relay/protocol.ts";
import { RelaySlot } from "./relay-slot.ts";
import { FakeThread } from "./testing/fake-thread.ts";

type Relay = FakeThread<ToRelay, FromRelay>;

const READY: FromRelay = {
  type: "ready",
  httpPort: 8080,
  tlsPort: 8443,
  webTransportPort: undefined,
  webTransportError: "not here",
};
const OLD = { certificate: "old", privateKey: "old" };
const DATA: RelayWorkerData = {
  logLevel: "info",
  httpPort: 0,
  httpHost: "127.0.0.1",
  tls: { port: 0, ...OLD },
  webTransport: { port: 0, ...OLD, hashBase64: "old" },
  upstreamSocket: "/none",
  quotaKbps: 50_000,
  allowedOrigins: [],
};

let clock: SimulatedClock;
let threads: Relay[];
let viewersLost: number;
let closedViewers: string[];
/** Until this is over, tokens are being checked. */
let checking: Promise<void>;
let slot: RelaySlot;

const authority: RelayAuthority = {
  async authenticate(connectionId, token) {
    await checking;
    if (token === "bad") throw new FluxError("auth.token", "not valid");
    if (token === "bug") throw new TypeError("secret detail");
    return { userId: connectionId, sessionId: "s", tokenExpiresAtMicros: 1, publicKey: "", salt: "" };
  },
  renew: async () => ({ tokenExpiresAtMicros: 2 }),
  authorise: async (_connection, cameraIds) => ({ allowed: cameraIds, audible: cameraIds, keys: [] }),
  key: async () => undefined,
};

beforeEach(async () => {
  clock = new SimulatedClock();
  threads = [];
  viewersLost = 0;
  closedViewers = [];
  checking = Promise.resolve();
  slot = new RelaySlot({
    clock,
    random: () => 0.5,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    data: DATA,
    authority,
    onViewerClosed: (id) => closedViewers.push(id),
    onViewersLost: () => {
      viewersLost++;
    },
    onReady: () => undefined,
    spawn: (data) => {
      const thread: Relay = new FakeThread(data);
      threads.push(thread);
      queueMicrotask(() => thread.say(READY));
      return thread;
    },
  });
  await slot.start();
});
afterEach(async () => {
  const closing = slot.close();
  clock.advance(millis(5000));
  await closing;
  expect(clock.pendingTimers).toBe(0);
});

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

function thread(index: number): Relay {
  const found = threads[index];
  if (!found) throw new Error("missing");
  return found;
}

describe("the relay's questions", () => {
  it("are answered; errors keep their code, bugs tell nothing", async () => {
    const relay = thread(0);
    const ask = async (method: string, ...args: unknown[]): Promise<unknown> => {
      relay.say({ type: "request", requestId: 5, method: method as "renew", args });
      await settle();
      return relay.received.at(-1);
    };
    expect(await ask("authenticate", "c1", "good", "")).toMatchObject({ requestId: 5, value: { userId: "c1" } });
    expect(await ask("authenticate", "c1", "bad", "")).toMatchObject({ error: { code: "auth.token" } });
    expect(await ask("authenticate", "c1", "bug", "")).toMatchObject({
      error: { code: "internal", message: "internal error" },
    });
    expect(await ask("constructor")).toMatchObject({ error: { code: "media.unknown_request" } });
    relay.say({ type: "viewer-closed", connectionId: "c1" });
    expect(closedViewers).toEqual(["c1"]);
  });

  it("leave nothing behind of a viewer that hangs up, or is lost, while its token is checked", async () => {
    let checked: () => void = () => undefined;
    checking = new Promise((resolve) => {
      checked = resolve;
    });
    const relay = thread(0);
    for (const [requestId, connectionId] of ["gone", "here"].entries()) {
      relay.say({ type: "request", requestId, method: "authenticate", args: [connectionId, "good", ""] });
    }
    relay.say({ type: "viewer-closed", connectionId: "gone" });
    checked();
    await settle();
    expect(closedViewers).toEqual(["gone", "gone"]);

    checking = new Promise((resolve) => {
      checked = resolve;
    });
    relay.say({ type: "request", requestId: 3, method: "authenticate", args: ["lost", "good", ""] });
    relay.die(new Error("crashed"));
    checked();
    await settle();
    expect(closedViewers).toEqual(["gone", "gone", "lost"]);
  });
});

describe("the relay thread", () => {
  it("is replaced when it stands still, and its viewers are forgotten", async () => {
    for (let i = 0; i < 8; i++) {
      clock.advance(millis(5000));
      thread(0).say({ type: "heartbeat" });
      await settle();
    }
    expect(thread(0).terminated).toBe(false);
    expect(viewersLost).toBe(0);
    clock.advance(millis(20_000));
    await settle();
    expect(thread(0).terminated).toBe(true);
    expect(viewersLost).toBe(1);
  });

  it("is not taken for stuck after this thread stood still itself, and is watched on", async () => {
    const inTime = clock.monotonicMs.bind(clock);
    // A minute passes in which no timer runs and no message is read: the check's turn comes first.
    clock.monotonicMs = () => millis(inTime() + 60_000);
    clock.advance(millis(5000));
    await settle();
    expect(thread(0).terminated).toBe(false);
    expect(viewersLost).toBe(0);
    clock.advance(millis(20_000));
    await settle();
    expect(thread(0).terminated).toBe(true);
    expect(viewersLost).toBe(1);
  });

  it("gets renewed certificates, and so do the threads after it; ports stay", async () => {
    const certificates = {
      tls: { certificate: "c", privateKey: "k" },
      webTransport: { certificate: "c2", privateKey: "k2", hashBase64: "h" },
    };
    slot.setCertificates(certificates);
    expect(thread(0).received.at(-1)).toEqual({ type: "certificates", certificates });
    thread(0).say({ ...READY, webTransportPort: 8444, webTransportError: undefined });
    expect(slot.endpoints).toMatchObject({ webTransportPort: 8444, webTransportError: undefined });
    thread(0).die(new Error("crashed"));
    clock.advance(millis(1000));
    await settle();
    expect(thread(1).data).toMatchObject({
      httpPort: 8080,
      tls: { ...certificates.tls, port: 8443 },
      webTransport: { ...certificates.webTransport, port: 8444 },
    });
  });
});
