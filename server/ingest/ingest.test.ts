import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import type { FluxCrypto } from "../../shared/crypto/types.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { epochAt } from "../../shared/wire/epoch.ts";
import { HEADER_BYTES, type SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type { CameraStatus } from "../control/media-plane.ts";
import { fileSystem } from "../record/volume-io.ts";
import { Ingest } from "./ingest.ts";
import type { FromIngest, IngestToRelay, SealKey } from "./protocol.ts";
import { camera } from "./testing/camera-source.ts";
import { FakePort } from "./testing/fake-port.ts";
import { FakeCameras, type FakePull, settle } from "./testing/fake-pull.ts";

let crypto: FluxCrypto;
beforeAll(async () => {
  crypto = await loadFluxCrypto();
});

let clock: SimulatedClock;
let cameras: FakeCameras;
let sent: FromIngest[];
let deferred: (() => void)[];
let fatal: unknown[];
let port: FakePort;
let ingest: Ingest;

beforeEach(() => {
  clock = new SimulatedClock(micros(1_779_999_620_000_000));
  cameras = new FakeCameras();
  sent = [];
  deferred = [];
  fatal = [];
  port = new FakePort();
  ingest = new Ingest({
    generation: 7,
    clock,
    random: () => 0.5,
    crypto,
    startPull: cameras.start,
    send: (message) => sent.push(message),
    defer: (run) => deferred.push(run),
    sleep: () => undefined,
    io: fileSystem(),
    onFatal: (error) => fatal.push(error),
  });
  ingest.handle({ type: "relay-port", port: port as unknown as MessagePort });
});
afterEach(() => ingest.close());

function keyOf(cameraId: string, epoch: number): Uint8Array {
  return new Uint8Array(32).fill((cameraId.charCodeAt(0) + epoch) & 0xff);
}

function giveKeys(cameraId: string, epoch = epochAt(clock.utcMicros())): void {
  const keys = [epoch, epoch + 1].map((at): SealKey => {
    return { cameraId, suite: "LEA-256-GCM", keyId: 1, epoch: at, key: keyOf(cameraId, at) };
  });
  ingest.handle({ type: "keys", keys });
}

function endTurn(): void {
  for (const run of deferred.splice(0)) run();
}

function statusOf(cameraId: string): CameraStatus | undefined {
  return sent
    .flatMap((message) => (message.type === "status" ? message.statuses : []))
    .findLast((status) => status.cameraId === cameraId);
}

async function online(...ids: string[]): Promise<void> {
  for (const id of ids) {
    ingest.handle({ type: "put-camera", camera: camera(id) });
    giveKeys(id);
  }
  clock.advance(millis(1000));
  await settle();
  for (const id of ids) {
    cameras.byUrl(`rtsp://${id}/sub`).connect();
    cameras.byUrl(`rtsp://${id}/sub`).keyframe();
  }
  endTurn();
}

/** Camera a's main stream, online because the relay wants it. */
function wantMain(): FakePull {
  port.say({ type: "want", streamId: 970, wanted: true });
  clock.advance(millis(100));
  const main = cameras.byUrl("rtsp://a/main");
  main.connect();
  main.keyframe();
  return main;
}

/** Fifteen seconds of both of camera a's streams. */
function playOn(main: FakePull): void {
  for (let i = 0; i < 60; i++) {
    clock.advance(millis(250));
    main.picture();
    cameras.byUrl("rtsp://a/sub").picture();
  }
}

function open(frame: SealedFrame, cameraId: string): Uint8Array {
  const key = crypto.importKey("LEA-256-GCM", keyOf(cameraId, frame.header.epoch));
  try {
    return key.open(frame.header.nonce, frame.bytes.subarray(0, HEADER_BYTES), frame.bytes.subarray(HEADER_BYTES));
  } finally {
    key.dispose();
  }
}

describe("ingest", () => {
  it("pulls the sub stream, seals it and reports the camera online", async () => {
    await online("a");
    expect(cameras.pulls.map(({ options }) => options.url)).toEqual(["rtsp://a/sub"]);
    expect(cameras.last.options).toMatchObject({ username: "u", password: "p", transport: "auto" });
    expect(statusOf("a")).toMatchObject({ state: "online", reason: undefined });
    const [frame] = port.frames;
    expect(frame?.header).toMatchObject({ streamId: 971, sequence: 0, epoch: epochAt(clock.utcMicros()), flags: 1 });
    expect([...(frame?.header.nonce ?? [])]).toEqual([0, 0, 0, 7, 0, 0, 3, 203, 0, 0, 0, 0]);
    expect(frame && open(frame, "a")).toEqual(new Uint8Array(1000));
    expect(port.sent.find(({ type }) => type === "format")).toMatchObject({ cameraId: "a", streamId: 971 });
  });

  it("W16: asks for keys, and neither pulls nor seals without", async () => {
    ingest.handle({ type: "put-camera", camera: camera("a") });
    expect(sent[0]).toEqual({ type: "need-keys", cameraIds: ["a"], epoch: epochAt(clock.utcMicros()) });
    clock.advance(millis(4000));
    expect(cameras.pulls).toHaveLength(0);
    expect(statusOf("a")).toMatchObject({ state: "connecting", reason: undefined });
    expect(sent.filter(({ type }) => type === "need-keys")).toHaveLength(1);
    clock.advance(millis(6000));
    expect(statusOf("a")).toMatchObject({ state: "offline", reason: expect.stringContaining("no key to seal with") });
    expect(sent.filter(({ type }) => type === "need-keys").length).toBeGreaterThan(1);
    giveKeys("a");
    clock.advance(millis(100));
    expect(cameras.pulls).toHaveLength(1);
  });

  it("W16 W20: at the end of an epoch it asks in time, changes keys in the middle of a GOP, and stops without one", async () => {
    await online("a");
    sent.length = 0;
    const pull = cameras.last;
    const epoch = epochAt(clock.utcMicros());
    const play = (seconds: number): void => {
      for (let i = 0; i < seconds * 5; i++) {
        clock.advance(millis(200));
        pull.picture();
        endTurn();
      }
    };
    play(570);
    const before = port.frames.length;
    play(20);
    const after = port.frames.slice(before);
    expect(new Set(after.map(({ header }) => header.epoch))).toEqual(new Set([epoch, epoch + 1]));
    for (const frame of after) expect(open(frame, "a").byteLength).toBe(1000);
    play(600);
    // Asked while the key before was still good.
    const asked = sent.flatMap((message) => (message.type === "need-keys" ? [message.epoch] : []));
    expect(asked[0]).toBe(epoch + 1);
    const sealed = port.frames.length;
    play(10);
    expect(port.frames.length).toBe(sealed);
    giveKeys("a");
    pull.picture();
    pull.keyframe();
    endTurn();
    expect(port.frames.length).toBe(sealed + 1);
    const sequences = port.frames.map(({ header }) => header.sequence);
    expect(new Set(sequences).size).toBe(sequences.length);
    // W5: what was dropped leaves a gap.
    expect((sequences.at(-1) ?? 0) - (sequences.at(-2) ?? 0)).toBeGreaterThan(50);
  });

  it("pulls main while it is wanted, and lets it linger", async () => {
    await online("a");
    const main = wantMain();
    expect(main.closed).toBe(false);
    port.say({ type: "want", streamId: 970, wanted: false });
    playOn(main);
    expect(main.closed).toBe(true);
    expect(cameras.byUrl("rtsp://a/sub").closed).toBe(false);
    port.say({ type: "want", streamId: 12_345, wanted: true });
    expect(statusOf("a")).toMatchObject({ state: "online" });
  });

  it("a camera with one stream has it pulled, whatever its role", () => {
    const [main] = camera("a").streams;
    ingest.handle({ type: "put-camera", camera: camera("a", { streams: main ? [main] : [] }) });
    giveKeys("a");
    clock.advance(millis(100));
    expect(cameras.pulls.map(({ options }) => options.url)).toEqual(["rtsp://a/main"]);
  });

  it("a want that comes before its camera counts", () => {
    port.say({ type: "want", streamId: 970, wanted: true });
    ingest.handle({ type: "put-camera", camera: camera("a") });
    giveKeys("a");
    clock.advance(millis(100));
    expect(cameras.pulls.map(({ options }) => options.url).sort()).toEqual(["rtsp://a/main", "rtsp://a/sub"]);
  });

  it("replacing a camera keeps unchanged streams running and restarts the others", async () => {
    await online("a");
    const sub = cameras.last;
    ingest.handle({ type: "put-camera", camera: camera("a", { name: "new name" }) });
    clock.advance(millis(1000));
    expect(sub.closed).toBe(false);
    ingest.handle({ type: "put-camera", camera: camera("a", { password: "changed" }) });
    expect(sub.closed).toBe(true);
    await settle();
    clock.advance(millis(100));
    expect(cameras.last.options.password).toBe("changed");
    ingest.handle({ type: "put-camera", camera: camera("a", { enabled: false }) });
    endTurn();
    expect(cameras.open).toHaveLength(0);
    expect(statusOf("a")).toMatchObject({ state: "disabled", streams: [] });
  });

  it("connects to a changed address only when the old session has hung up", async () => {
    await online("a");
    const sub = cameras.last;
    let hungUp: () => void = () => undefined;
    sub.closing = new Promise((resolve) => {
      hungUp = resolve;
    });
    const streams = [{ streamId: 971, role: "sub" as const, url: "rtsp://elsewhere/sub" }];
    ingest.handle({ type: "put-camera", camera: camera("a", { streams }) });
    await settle();
    clock.advance(millis(1000));
    expect(cameras.pulls).toHaveLength(1);
    hungUp();
    await settle();
    clock.advance(millis(100));
    expect(cameras.last.options.url).toBe("rtsp://elsewhere/sub");
  });

  it("lets go of main streams that only the relay before wanted", async () => {
    await online("a");
    const main = wantMain();
    port = new FakePort();
    ingest.handle({ type: "relay-port", port: port as unknown as MessagePort });
    expect(main.closed).toBe(false);
    playOn(main);
    expect(main.closed).toBe(true);
    expect(cameras.byUrl("rtsp://a/sub").closed).toBe(false);
  });

  it("W14: a camera removed and added again goes on counting", async () => {
    await online("a");
    ingest.handle({ type: "remove-camera", cameraId: "a" });
    await settle();
    expect(cameras.open).toHaveLength(0);
    await online("a");
    expect(port.frames.map(({ header }) => header.sequence)).toEqual([0, 1]);
  });

  it("one bad camera never affects another", async () => {
    await online("a", "b");
    const [bad, good] = [cameras.byUrl("rtsp://a/sub"), cameras.byUrl("rtsp://b/sub")];
    const before = port.frames.length;
    bad.picture({ data: [{ byteLength: 1e12 } as Uint8Array] });
    bad.picture({ codec: "nonsense" as "h264" });
    bad.handlers.onFormat(undefined as never, undefined);
    good.picture();
    bad.fail("rtsp.protocol");
    await settle();
    good.picture();
    endTurn();
    expect(statusOf("a")?.state).toBe("offline");
    expect(statusOf("b")?.state).toBe("online");
    expect(port.frames.slice(before).filter(({ header }) => header.streamId === 981)).toHaveLength(2);
  });

  it("W42: out of credit it drops to the next keyframe and counts, and a gap shows it", async () => {
    await online("a");
    const pull = cameras.last;
    port.sent.length = 0;
    const big = [new Uint8Array(6_000_000)];
    for (let i = 0; i < 6; i++) pull.picture({ data: big });
    endTurn();
    expect(port.frames).toHaveLength(5);
    port.say({ type: "ack", bytes: 33_000_000 });
    pull.picture();
    pull.keyframe();
    endTurn();
    expect(port.frames.map(({ header }) => header.sequence)).toEqual([1, 2, 3, 4, 5, 8]);
    ingest.handle({ type: "stats", requestId: 3 });
    expect(sent.at(-1)).toMatchObject({ type: "stats", requestId: 3, framesSealed: 7, framesDropped: 2, streams: 1 });
  });

  it("a new line to the relay starts with keyframes, and is told every format", async () => {
    await online("a");
    const old = port;
    port = new FakePort();
    ingest.handle({ type: "relay-port", port: port as unknown as MessagePort });
    expect(old.closed).toBe(true);
    expect(port.sent).toMatchObject([{ type: "format", cameraId: "a", streamId: 971 }]);
    cameras.last.picture();
    endTurn();
    old.say({ type: "want", streamId: 970, wanted: true });
    clock.advance(millis(100));
    expect(cameras.pulls).toHaveLength(1);
  });

  it("reports a change at once and everything each second, in one message", async () => {
    await online("a", "b", "c");
    sent.length = 0;
    cameras.byUrl("rtsp://a/sub").fail("rtsp.refused", "connection refused");
    await settle();
    endTurn();
    expect(sent).toMatchObject([{ type: "status", statuses: [{ cameraId: "a", state: "offline" }] }]);
    sent.length = 0;
    clock.advance(millis(1000));
    const whole = sent.filter((message) => message.type === "status" && message.statuses.length === 3);
    expect(whole).toHaveLength(1);
    expect(statusOf("a")).toMatchObject({ reason: "sub stream: connection refused", reasonCode: "rtsp.refused" });
  });

  it("probes: first keyframe, measured rate, hang up", async () => {
    const source = { ...camera("a"), url: "rtsp://a/x" };
    ingest.handle({ type: "probe", requestId: 9, source, timeoutMs: 8000 });
    const pull = cameras.last;
    clock.advance(millis(300));
    pull.connect();
    pull.keyframe();
    for (let i = 0; i < 15; i++) {
      clock.advance(millis(100));
      pull.picture();
      await settle();
    }
    await settle();
    expect(pull.closed).toBe(true);
    expect(sent.at(-1)).toMatchObject({
      type: "probe-result",
      requestId: 9,
      result: { transport: "tcp", server: "fake", firstFrameMs: 300, measuredFps: 10, measuredKbps: 80 },
    });
  });

  it("a probe says why it failed, and that there are too many", async () => {
    const source = { ...camera("a"), url: "rtsp://a/x" };
    for (let i = 0; i < 9; i++) ingest.handle({ type: "probe", requestId: i, source, timeoutMs: 1000 });
    await settle();
    expect(sent.at(-1)).toMatchObject({ requestId: 8, error: { code: "probe.busy" } });
    cameras.pulls[0]?.fail("rtsp.unauthorised", "wrong password");
    await settle();
    expect(sent.at(-1)).toMatchObject({
      requestId: 0,
      error: { code: "rtsp.unauthorised", message: "wrong password" },
    });
    clock.advance(millis(1000));
    await settle();
    expect(sent.at(-1)).toMatchObject({ error: { code: "probe.timeout" } });
    expect(cameras.open).toHaveLength(0);
    cameras.refuse = new FluxError("rtsp.address", "not an address");
    ingest.handle({ type: "probe", requestId: 20, source, timeoutMs: 1000 });
    await settle();
    expect(sent.at(-1)).toMatchObject({ requestId: 20, error: { code: "rtsp.address" } });
  });

  it("close hangs up every camera, says closed once, and leaves nothing behind", async () => {
    await online("a", "b");
    ingest.handle({ type: "close" });
    await ingest.close();
    expect(cameras.open).toHaveLength(0);
    expect(sent.filter(({ type }) => type === "closed")).toHaveLength(1);
    expect(port.closed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("over a real message port", () => {
  it("the batch's buffer is transferred, whole frames only", async () => {
    const { port1, port2 } = new MessageChannel();
    ingest.handle({ type: "relay-port", port: port1 });
    const received = new Promise<IngestToRelay>((resolve) => {
      port2.on("message", (message: IngestToRelay) => {
        if (message.type === "frames") resolve(message);
      });
    });
    await online("a");
    const message = await received;
    port2.close();
    expect(message.type === "frames" && message.buffer.byteLength).toBe(HEADER_BYTES + 1000 + 16);
  });
});
