import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import { CAMERA_A, CAMERA_B, RelayHarness, route, sub, subscribe } from "./testkit/harness.ts";

/** Quality, switching, quota and lagging viewers, on a simulated clock. Stream 1 is A's sub, 2 its main; 11, 12 are B's. */

let harness: RelayHarness;
beforeEach(() => {
  harness = new RelayHarness();
  harness.addUser("anna", [CAMERA_A, CAMERA_B]);
});
afterEach(() => harness.close());

const main = (streamId: number, more = {}) => sub(streamId, { fps: 25, kbps: 4000, gop: 25, ...more });
const streamIds = (frames: readonly SealedFrame[]): number[] => frames.map((frame) => frame.header.streamId);
const sequences = (frames: readonly SealedFrame[], streamId: number): number[] =>
  frames.filter((frame) => frame.header.streamId === streamId).map((frame) => frame.header.sequence);
const wants = () => harness.told.filter((message) => message.type === "want");

/** True when every frame continues its predecessor or is a keyframe. */
function decodable(frames: readonly SealedFrame[]): boolean {
  const last = new Map<number, number>();
  return frames.every(({ header }) => {
    const before = last.get(header.streamId);
    last.set(header.streamId, header.sequence);
    return (header.flags & 1) === 1 || before === header.sequence - 1;
  });
}

describe("the switch from sub to main", () => {
  it("happens at main's keyframe; sub goes on until then, and main is asked for", async () => {
    const [small, large] = [sub(1), main(2)];
    const anna = await harness.viewer("anna", [CAMERA_A], 200);
    await harness.publish(small, 5);
    anna.receive(subscribe([CAMERA_A], 1000));
    await harness.settle();
    await harness.until(() => wants().some((message) => message.streamId === 2));
    expect(wants()).toContainEqual({ type: "want", streamId: 2, wanted: true });
    await harness.publish(small, 5);
    expect(streamIds(anna.frames)).toEqual(new Array(10).fill(1));
    await harness.publish(large, 2);
    await harness.publish(small, 2);
    await harness.publish(large, 1);
    expect(streamIds(anna.frames).slice(10)).toEqual([2, 2, 2]);
    expect(anna.frames[10]?.header.flags).toBe(1);
    expect(anna.last("stream")).toMatchObject({ streamId: 2, role: "main", level: "fullscreen" });
    expect(anna.last("stream")).not.toHaveProperty("limitedBy");
    expect(decodable(anna.frames)).toBe(true);
  });

  it("is taken back without a gap when the tile shrinks before main came", async () => {
    const small = sub(1);
    const anna = await harness.viewer("anna", [CAMERA_A], 200);
    await harness.publish(small, 3);
    anna.receive(subscribe([CAMERA_A], 1000));
    await harness.settle();
    await harness.publish(small, 3);
    anna.receive(subscribe([CAMERA_A], 200));
    await harness.settle();
    await harness.publish(small, 3);
    await harness.publish(main(2), 3);
    expect(sequences(anna.frames, 1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(sequences(anna.frames, 2)).toEqual([]);
  });

  it("says that the camera limits, when main does not come", async () => {
    const small = sub(1);
    await harness.publish(small, 1);
    const anna = await harness.viewer("anna", [CAMERA_A], 1000);
    await harness.publish(small, 2);
    expect(anna.last("stream")).toMatchObject({ streamId: 1, role: "sub", level: "grid" });
    expect(anna.last("stream")).not.toHaveProperty("limitedBy");
    for (let second = 0; second < 5; second++) {
      harness.advance(1000);
      await harness.publish(small, 1);
    }
    expect(anna.last("stream")).toMatchObject({ streamId: 1, limitedBy: "camera" });
    expect(sequences(anna.frames, 1)).toHaveLength(8);
  });

  it("falls back to sub when main dies, and returns with it", async () => {
    const [small, large] = [sub(1), main(2)];
    const anna = await harness.viewer("anna", [CAMERA_A], 1000);
    await harness.publish(large, 3);
    for (let second = 0; second < 7; second++) {
      harness.advance(1000);
      await harness.publish(small, 1);
    }
    expect(anna.last("stream")).toMatchObject({ streamId: 1, limitedBy: "camera" });
    expect(anna.frames.at(-1)?.header.streamId).toBe(1);
    const back = main(2);
    await harness.publish(back, 2);
    expect(anna.last("stream")).toMatchObject({ streamId: 2 });
    expect(anna.frames.at(-1)?.header.streamId).toBe(2);
  });

  it("lets main go some time after its last viewer", async () => {
    const anna = await harness.viewer("anna", [CAMERA_A], 1000);
    const ben = await harness.viewer("anna", [CAMERA_A], 1000);
    anna.hangUp();
    harness.advance(20_000);
    expect(wants().filter((message) => !message.wanted)).toEqual([]);
    ben.hangUp();
    harness.advance(9999);
    expect(wants().filter((message) => !message.wanted)).toEqual([]);
    harness.advance(1);
    await harness.until(() => wants().some((message) => !message.wanted));
    expect(wants().filter((message) => message.streamId === 2)).toEqual([
      { type: "want", streamId: 2, wanted: true },
      { type: "want", streamId: 2, wanted: false },
    ]);
  });

  it("uses the only stream of a camera that has one", async () => {
    harness.relay.handle({
      type: "cameras",
      cameras: [{ ...route(CAMERA_A, 1), streams: [{ streamId: 2, role: "main" }] }],
    });
    const anna = await harness.viewer("anna", [CAMERA_A], 200);
    await harness.publish(main(2), 2);
    expect(anna.last("stream")).toMatchObject({ streamId: 2, role: "main", level: "grid" });
    expect(anna.frames).toHaveLength(2);
  });
});

describe("the quota", () => {
  it("steps down the least important tile and says so; nobody stalls", async () => {
    harness.close();
    harness = new RelayHarness({ quotaKbps: 5000 });
    harness.addUser("anna", [CAMERA_A, CAMERA_B]);
    const anna = await harness.viewer("anna", [CAMERA_A], 500);
    anna.receive(subscribe([CAMERA_B], 700));
    await harness.settle();
    // Not measured yet, a main stream counts 4 Mbit/s: only one fits.
    await harness.publish(sub(1), 2);
    await harness.publish(main(12), 2);
    expect(anna.control.filter((message) => message.type === "stream").at(-2)).toMatchObject({
      cameraId: CAMERA_A,
      role: "sub",
      limitedBy: "quota",
    });
    expect(anna.last("stream")).toMatchObject({ cameraId: CAMERA_B, role: "main", level: "focused" });
    expect(streamIds(anna.frames)).toEqual([1, 1, 12, 12]);
  });

  it("goes down to keyframes, and up again when there is room, but not at once", async () => {
    harness.close();
    harness = new RelayHarness({ quotaKbps: 300 });
    harness.addUser("anna", [CAMERA_A]);
    const camera = sub(1, { gop: 15 });
    const anna = await harness.viewer("anna", [CAMERA_A], 200);
    await harness.publish(camera, 30);
    expect(sequences(anna.frames, 1)).toEqual([0, 15]);
    expect(anna.last("stream")).toMatchObject({ level: "thumbnail", limitedBy: "quota" });
    // The camera now sends a fifth of that.
    const quiet = sub(1, { gop: 15, kbps: 100 });
    for (let second = 0; second < 20; second++) {
      await harness.publish(quiet, 15);
      harness.advance(925);
    }
    expect(anna.last("stream")).toMatchObject({ level: "grid" });
    expect(anna.last("stream")).not.toHaveProperty("limitedBy");
  });
});

describe("abuse case 19: a viewer that does not keep up", () => {
  it("is moved to the newest GOP; the healthy one gets every frame", async () => {
    const camera = sub(1, { gop: 15 });
    const slow = await harness.viewer("anna", [CAMERA_A]);
    const healthy = await harness.viewer("anna", [CAMERA_A]);
    await harness.publish(camera, 5);
    slow.setBlocked(true);
    for (let i = 0; i < 40; i++) {
      await harness.publish(camera, 1);
      harness.advance(62);
    }
    slow.setBlocked(false);
    await harness.publish(camera, 5);
    expect(sequences(healthy.frames, 1)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    const seen = sequences(slow.frames, 1);
    expect(seen.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    // Everything between was old; it goes on with a keyframe, without a hole afterwards.
    expect(seen[5]).toBe(30);
    expect(decodable(slow.frames)).toBe(true);
    expect(seen.at(-1)).toBe(49);
    expect(slow.abandoned).toContain(1);
  });

  it("is given less after lagging again and again, and more after a quiet time", async () => {
    const camera = main(2, { kbps: 2000 });
    const slow = await harness.viewer("anna", [CAMERA_A], 1000);
    const small = sub(1, { gop: 15 });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 75; i++) {
        slow.setBlocked(i >= 5);
        await harness.publish(camera, 1);
        await harness.publish(small, 1);
        harness.advance(30);
      }
    }
    slow.setBlocked(false);
    await harness.publish(small, 31);
    expect(slow.control.filter((message) => message.type === "stream")).toContainEqual(
      expect.objectContaining({ limitedBy: "viewer" }),
    );
  });

  it("begins again with a keyframe when its decoder reports a full queue", async () => {
    const camera = sub(1, { gop: 15 });
    const anna = await harness.viewer("anna", [CAMERA_A]);
    await harness.publish(camera, 5);
    anna.receive({ type: "report", cameras: [{ cameraId: CAMERA_A, latencyMs: 4000, decodeQueue: 40, dropped: 9 }] });
    await harness.publish(camera, 15);
    expect(sequences(anna.frames, 1)).toEqual([0, 1, 2, 3, 4, 15, 16, 17, 18, 19]);
    expect(anna.abandoned).toEqual([1]);
  });

  it("is told nothing new by a latency that rests on the camera's clock", async () => {
    const camera = sub(1);
    const anna = await harness.viewer("anna", [CAMERA_A]);
    await harness.publish(camera, 5);
    anna.receive({ type: "report", cameras: [{ cameraId: CAMERA_A, latencyMs: 90_000, decodeQueue: 1, dropped: 0 }] });
    await harness.publish(camera, 5);
    expect(anna.frames).toHaveLength(10);
  });

  it("over WebTransport begins again when its pictures are late on the way from here", async () => {
    const camera = sub(1, { gop: 15 });
    const anna = await harness.viewer("anna", [CAMERA_A], 200, "webtransport");
    await harness.publish(camera, 5);
    const report = (latencyMs: number): void =>
      anna.receive({ type: "report", cameras: [{ cameraId: CAMERA_A, latencyMs, decodeQueue: 0, dropped: 0 }] });
    report(2400);
    expect(anna.abandoned).toEqual([]);
    report(2600);
    expect(anna.abandoned).toEqual([1]);
    // At most once in five seconds: the GOP that follows is on its way.
    report(2600);
    expect(anna.abandoned).toEqual([1]);
  });

  it("that never reads again costs a bounded number of frames", async () => {
    const camera = sub(1, { gop: 15 });
    const dead = await harness.viewer("anna", [CAMERA_A]);
    const healthy = await harness.viewer("anna", [CAMERA_A]);
    dead.setBlocked(true);
    for (let i = 0; i < 600; i++) {
      await harness.publish(camera, 1);
      harness.advance(62);
    }
    expect(healthy.frames).toHaveLength(600);
    expect(dead.frames).toHaveLength(0);
    expect(harness.relay.stats(1).framesDropped).toBeGreaterThan(100);
    // What had piled up for it is no more than its newest GOP.
    dead.setBlocked(false);
    harness.advance(5);
    expect(dead.frames.length).toBeLessThanOrEqual(15);
  });
});

describe("abuse case 19: 200 subscribes and unsubscribes a second", () => {
  it("are noticed by nobody else, and ask the main thread a bounded number of times", async () => {
    const camera = sub(1, { gop: 15 });
    const healthy = await harness.viewer("anna", [CAMERA_A]);
    const restless = await harness.viewer("anna", [CAMERA_A]);
    const asked = harness.authority.calls.length;
    for (let i = 0; i < 2000; i++) {
      restless.receive({ type: "unsubscribe", cameraIds: [CAMERA_A] });
      restless.receive(subscribe([CAMERA_A], 100 + (i % 900)));
      await harness.settle();
      harness.advance(5);
      if (i % 13 === 0) await harness.publish(camera, 1);
    }
    expect(restless.closedWith).toBeUndefined();
    const published = Math.ceil(2000 / 13);
    expect(sequences(healthy.frames, 1)).toEqual(Array.from({ length: published }, (_, index) => index));
    // 10 s: ten questions a second and a burst of ten.
    expect(harness.authority.calls.length - asked).toBeLessThanOrEqual(125);
    expect(decodable(healthy.frames)).toBe(true);
  });

  it("five times as many close the connection", async () => {
    const flood = await harness.viewer("anna", [CAMERA_A]);
    for (let i = 0; i < 1100; i++) flood.receive({ type: "ping", t: i });
    expect(flood.closedWith).toBe("relay.rate_limited");
  });
});

describe("keys", () => {
  it("of the next epoch come about half a minute before it begins, once per camera", async () => {
    const anna = await harness.viewer("anna", [CAMERA_A, CAMERA_B]);
    expect(anna.control.filter((message) => message.type === "keys")).toHaveLength(1);
    const nowSeconds = harness.clock.utcMicros() / 1e6;
    const untilEpochMs = (600 - (nowSeconds % 600)) * 1000;
    harness.authority.permit("anna", [CAMERA_A]);
    harness.addUser("other", []);
    harness.authority.epoch = 2;
    harness.advance(untilEpochMs - 30_000 - 1);
    await harness.settle();
    expect(anna.control.filter((message) => message.type === "keys")).toHaveLength(1);
    // Half of the span over which viewers ask.
    harness.advance(4001);
    await harness.settle();
    expect(anna.last("keys")?.keys).toMatchObject([
      { cameraId: CAMERA_A, epoch: 2 },
      { cameraId: CAMERA_A, epoch: 3 },
    ]);
    // Permission is asked again on the way.
    expect(anna.last("denied")?.cameraId).toBe(CAMERA_B);
  });
});
