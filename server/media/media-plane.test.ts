import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { CameraSource, CameraStatus } from "../control/media-plane.ts";
import type { FromIngest, ToIngest } from "../ingest/protocol.ts";
import type { FromRelay, ToRelay } from "../relay/protocol.ts";
import { createMediaPlane, type MediaPlaneDeps, type OwnedMediaPlane } from "./media-plane.ts";
import { FakeThread } from "./testing/fake-thread.ts";

type Ingest = FakeThread<ToIngest, FromIngest>;
type Relay = FakeThread<ToRelay, FromRelay>;

let clock: SimulatedClock;
let ingests: Ingest[];
let relays: Relay[];
let generation: number;
let closedViewers: string[];
let asked: string[];
/** Threads become ready by themselves. */
let willing: boolean;
let plane: OwnedMediaPlane | undefined;

const READY: FromRelay = {
  type: "ready",
  httpPort: 8080,
  tlsPort: undefined,
  webTransportPort: undefined,
  webTransportError: "not here",
};

function deps(): MediaPlaneDeps {
  return {
    clock,
    random: () => 0.5,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    logLevel: "info",
    keys: {
      async sealKeys(cameraId, forGeneration) {
        asked.push(`${cameraId}/${forGeneration}`);
        if (cameraId === "keyless") throw new FluxError("keys.locked", "no key");
        return [{ cameraId, suite: "LEA-256-GCM", keyId: 1, epoch: 1, key: new Uint8Array(32) }];
      },
    },
    generations: { allocate: async () => ++generation },
    authority: {
      async authenticate(connectionId, token) {
        if (token === "bad") throw new FluxError("auth.token", "not valid");
        if (token === "bug") throw new TypeError("secret detail");
        return { userId: connectionId, sessionId: "s", tokenExpiresAtMicros: 1, publicKey: "", salt: "" };
      },
      renew: async () => ({ tokenExpiresAtMicros: 2 }),
      authorise: async (_connection, cameraIds) => ({ allowed: cameraIds, audible: cameraIds, keys: [] }),
      key: async () => undefined,
    },
    onViewerClosed: (id) => closedViewers.push(id),
    onViewersLost: () => closedViewers.push("all"),
    relay: {
      logLevel: "info",
      httpPort: 0,
      httpHost: "127.0.0.1",
      tls: undefined,
      webTransport: undefined,
      upstreamSocket: "/none",
      quotaKbps: 50_000,
      allowedOrigins: [],
    },
    ingestWorkers: 2,
    spawnIngest: (data) => {
      const thread: Ingest = new FakeThread(data);
      ingests.push(thread);
      if (willing) queueMicrotask(() => thread.say({ type: "ready" }));
      return thread;
    },
    spawnRelay: (data) => {
      const thread: Relay = new FakeThread(data);
      relays.push(thread);
      if (willing) queueMicrotask(() => thread.say(READY));
      return thread;
    },
  };
}

beforeEach(() => {
  clock = new SimulatedClock();
  ingests = [];
  relays = [];
  generation = 0;
  closedViewers = [];
  asked = [];
  willing = true;
  plane = undefined;
});
afterEach(async () => {
  const closing = plane?.close();
  for (let i = 0; i < 5; i++) {
    await settle();
    clock.advance(millis(5000));
  }
  await closing;
  expect(clock.pendingTimers).toBe(0);
});

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("missing");
  return value;
}

async function start(): Promise<OwnedMediaPlane> {
  plane = await createMediaPlane(deps());
  plane.camerasKnown();
  return plane;
}

function camera(id: string, streams = 2): CameraSource {
  return {
    id,
    name: `camera ${id}`,
    enabled: true,
    username: undefined,
    password: undefined,
    transport: "auto",
    allowUntrustedCertificate: false,
    streams: Array.from({ length: streams }, (_, i) => ({ streamId: i, role: i ? "main" : "sub", url: "rtsp://x" })),
  };
}

function status(cameraId: string, state: CameraStatus["state"], reason?: string): CameraStatus {
  return { cameraId, state, reason, streams: [] };
}

const types = (thread: FakeThread<{ type: string }, never> | Ingest | Relay): string[] =>
  thread.received.map(({ type }) => type);
const camerasOf = (thread: Ingest): string[] =>
  thread.received.flatMap((message) => (message.type === "put-camera" ? [message.camera.id] : []));

describe("media plane", () => {
  it("starts relay and pool, each worker with its own generation and its own line to the relay", async () => {
    const started = await start();
    expect(ingests.map(({ data }) => data)).toMatchObject([{ generation: 1 }, { generation: 2 }]);
    expect(ingests.map(types)).toEqual([["relay-port"], ["relay-port"]]);
    const [relay] = relays;
    expect(relay?.received.filter(({ type }) => type === "ingest-port")).toMatchObject([
      { workerIndex: 0 },
      { workerIndex: 1 },
    ]);
    expect(started.endpoints).toMatchObject({ httpPort: 8080 });
  });

  it("spreads cameras by streams, keeps each where it is, tells the relay once per turn", async () => {
    const started = await start();
    for (const id of ["a", "b", "c"]) await started.putCamera(camera(id));
    await started.putCamera(camera("d", 1));
    await started.putCamera({ ...camera("a"), name: "renamed" });
    await settle();
    expect(ingests.map(camerasOf)).toEqual([
      ["a", "c", "a"],
      ["b", "d"],
    ]);
    await started.removeCamera("b");
    await settle();
    expect(types(must(ingests[1])).at(-1)).toBe("remove-camera");
    const routes = must(relays[0]).received.findLast((message) => message.type === "cameras");
    expect(routes?.type === "cameras" && routes.cameras.map(({ name }) => name).sort()).toEqual([
      "camera c",
      "camera d",
      "renamed",
    ]);
  });

  it("supplies keys of the worker's generation; one camera without a key holds up no other", async () => {
    const started = await start();
    await started.putCamera(camera("keyless"));
    await started.putCamera(camera("x"));
    await started.putCamera(camera("b"));
    const [first] = ingests;
    first?.say({ type: "need-keys", cameraIds: ["keyless", "b", "removed"], epoch: 1 });
    await settle();
    expect(asked).toEqual(["keyless/1", "b/1"]);
    const keys = must(first).received.flatMap((message) => (message.type === "keys" ? message.keys : []));
    expect(keys.map(({ cameraId }) => cameraId)).toEqual(["b"]);
  });

  it("tells ingest which ports are its own, and the relay no address of a camera", async () => {
    const started = await start();
    expect(must(ingests[0]).data).toMatchObject({ forbiddenPorts: [READY.httpPort] });
    await started.putCamera(camera("a"));
    const reason = "nothing listens at 10.0.0.9:554";
    const failed = { ...status("a", "offline", reason), reasonCode: "rtsp.refused" };
    must(ingests[0]).say({ type: "status", statuses: [failed] });
    expect(started.status("a")?.reason).toBe(reason);
    expect(must(relays[0]).received.at(-1)).toMatchObject({ state: "offline", reason: "the camera cannot be reached" });
  });

  it("passes states on to listeners always, to the relay when they change; a bad listener harms nobody", async () => {
    const started = await start();
    await started.putCamera(camera("a"));
    const seen: string[] = [];
    started.onStatus(() => {
      throw new Error("bad listener");
    });
    const stop = started.onStatus(({ state }) => seen.push(state));
    const [worker] = ingests;
    worker?.say({ type: "status", statuses: [status("a", "connecting"), status("unknown", "online")] });
    worker?.say({ type: "status", statuses: [status("a", "online")] });
    worker?.say({ type: "status", statuses: [status("a", "online")] });
    expect(seen).toEqual(["connecting", "online", "online"]);
    expect(started.status("a")?.state).toBe("online");
    expect(started.status("unknown")).toBeUndefined();
    const told = must(relays[0]).received.flatMap((message) =>
      message.type === "camera-status" ? [message.state] : [],
    );
    expect(told).toEqual(["connecting", "online"]);
    stop();
    worker?.say({ type: "status", statuses: [status("a", "offline", "why")] });
    expect(seen).toHaveLength(3);
  });

  it("replaces a worker that dies: new generation, new line, same cameras, capped backoff", async () => {
    const started = await start();
    await started.putCamera(camera("a"));
    await started.putCamera(camera("b"));
    must(ingests[0]).say({ type: "status", statuses: [status("a", "online")] });
    let thread = must(ingests[0]);
    for (let life = 0; life < 8; life++) {
      const before = ingests.length;
      thread.die(new Error("crashed"));
      expect(started.status("a")).toMatchObject({ state: "offline", reason: expect.stringContaining("restarted") });
      let waited = 0;
      while (ingests.length === before) {
        must(ingests[1]).say({ type: "status", statuses: [] });
        clock.advance(millis(250));
        waited += 250;
        await settle();
        expect(waited).toBeLessThanOrEqual(30_000);
      }
      thread = must(ingests.at(-1));
      await settle();
      expect(thread.data).toMatchObject({ generation: 3 + life });
      expect(types(thread)).toEqual(["relay-port", "put-camera"]);
      expect(camerasOf(thread)).toEqual(["a"]);
    }
    expect(camerasOf(must(ingests[1]))).toEqual(["b"]);
    const lines = must(relays[0]).received.filter(({ type }) => type === "ingest-port");
    expect(lines.at(-1)).toMatchObject({ workerIndex: 0 });
  });

  it("replaces a worker that says nothing for 20 s", async () => {
    await start();
    for (let i = 0; i < 30; i++) {
      clock.advance(millis(1000));
      must(ingests[1]).say({ type: "status", statuses: [] });
      await settle();
    }
    expect(must(ingests[0]).terminated).toBe(true);
    expect(must(ingests[1]).terminated).toBe(false);
    expect(ingests.length).toBe(3);
  });

  it("tells the relay its cameras when all of them are known, not before", async () => {
    plane = await createMediaPlane(deps());
    await plane.putCamera(camera("a"));
    await settle();
    must(ingests[0]).say({ type: "status", statuses: [status("a", "online")] });
    expect(types(must(relays[0]))).not.toContain("cameras");
    plane.camerasKnown();
    expect(types(must(relays[0])).slice(-2)).toEqual(["cameras", "camera-status"]);
  });

  it("W13: a worker that never became ready has used up its generation", async () => {
    await start();
    willing = false;
    must(ingests[0]).die(new Error("crashed"));
    clock.advance(millis(1000));
    await settle();
    must(ingests[2]).die(new Error("crashed again"));
    await settle();
    clock.advance(millis(10_000));
    await settle();
    expect(ingests.slice(2).map(({ data }) => (data as { generation: number }).generation)).toEqual([3, 4]);
  });

  it("replaces the relay: same ports, all cameras, states and lines again", async () => {
    const started = await start();
    await started.putCamera(camera("a"));
    must(ingests[0]).say({ type: "status", statuses: [status("a", "online")] });
    must(relays[0]).die(new Error("crashed"));
    clock.advance(millis(1000));
    await settle();
    expect(must(relays[1]).data).toMatchObject({ httpPort: 8080 });
    expect(closedViewers).toEqual(["all"]);
    expect(types(must(relays[1]))).toEqual(["cameras", "camera-status", "ingest-port", "ingest-port"]);
    expect(types(must(ingests[0])).filter((type) => type === "relay-port")).toHaveLength(2);
  });

  it("probes on a living worker, with the worker's own error; a death of the worker ends the probe", async () => {
    const started = await start();
    const source = { ...camera("p"), url: "rtsp://p" };
    const answer = (thread: Ingest): number => {
      const message = thread.received.findLast(({ type }) => type === "probe");
      return message?.type === "probe" ? message.requestId : -1;
    };
    const refused = started.probe(source, 5000).catch((error: unknown) => errorCode(error));
    await settle();
    must(ingests[0]).say({
      type: "probe-result",
      requestId: answer(must(ingests[0])),
      error: { code: "rtsp.unauthorised", message: "no" },
    });
    expect(await refused).toBe("rtsp.unauthorised");
    const lost = started.probe(source, 5000).catch((error: unknown) => errorCode(error));
    await settle();
    must(ingests[0]).die(new Error("crashed"));
    expect(await lost).toBe("media.worker_lost");
    const silent = started.probe(source, 5000).catch((error: unknown) => errorCode(error));
    await settle();
    expect(answer(must(ingests[1]))).toBeGreaterThan(0);
    clock.advance(millis(10_000));
    expect(await silent).toBe("media.timeout");
  });

  it("adds up what threads count, and what a dead thread cannot say is left out", async () => {
    const started = await start();
    await started.putCamera(camera("a"));
    const pending = started.stats();
    await settle();
    for (const worker of ingests) {
      const message = must(worker.received.at(-1));
      const requestId = message.type === "stats" ? message.requestId : -1;
      worker.say({ type: "stats", requestId, framesSealed: 10, bytesSealed: 1000, streams: 1, framesDropped: 2 });
    }
    clock.advance(millis(2000));
    expect(await pending).toEqual({
      workers: 2,
      cameras: 1,
      streamsPulled: 2,
      viewers: 0,
      framesSealed: 20,
      bytesSealed: 2000,
      framesRelayed: 0,
      bytesRelayed: 0,
      framesDropped: 4,
      webTransport: false,
    });
  });

  it("totals never go back when a worker dies or does not answer", async () => {
    const started = await start();
    const ask = async (answer: boolean): Promise<number> => {
      const pending = started.stats();
      await settle();
      for (const worker of answer ? ingests : []) {
        const message = worker.received.at(-1);
        if (message?.type !== "stats") continue;
        worker.say({ ...message, framesSealed: 10, bytesSealed: 1000, streams: 1, framesDropped: 0 });
      }
      await settle();
      clock.advance(millis(2000));
      return (await pending).framesSealed;
    };
    expect(await ask(true)).toBe(20);
    expect(await ask(false)).toBe(20);
    must(ingests[0]).die(new Error("crashed"));
    expect(await ask(false)).toBe(20);
    clock.advance(millis(1000));
    await settle();
    expect(await ask(true)).toBe(30);
  });

  it("does not start when a thread cannot, and leaves none behind", async () => {
    willing = false;
    const starting = createMediaPlane(deps()).catch((error: unknown) => errorCode(error));
    await settle();
    must(relays[0]).say({ type: "failed", code: "relay.listen_failed", message: "port in use" });
    await settle();
    clock.advance(millis(10_000));
    expect(await starting).toBe("relay.listen_failed");
    expect(must(relays[0]).terminated).toBe(true);
  });

  it("close is idempotent, asks threads to end, ends those that do not, and refuses what comes after", async () => {
    const started = await start();
    const closing = started.close();
    expect(started.close()).toBe(closing);
    await settle();
    must(relays[0]).say({ type: "closed" });
    must(relays[0]).die(undefined);
    await settle();
    expect(ingests.map((thread) => types(thread).at(-1))).toEqual(["close", "close"]);
    clock.advance(millis(5000));
    await closing;
    expect(ingests.every(({ terminated }) => terminated)).toBe(true);
    await expect(started.putCamera(camera("a"))).rejects.toMatchObject({ code: "media.closed" });
  });
});
