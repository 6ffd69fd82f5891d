import { beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { readFrame } from "../../../shared/wire/sealed-frame.ts";
import { FrameMaker } from "../testkit/frames.ts";
import { WebTransportConnection } from "./connection.ts";
import { encodeControl } from "./control-stream.ts";
import { type FakeSend, FakeSession } from "./testkit/fake-session.ts";

let clock: SimulatedClock;
let session: FakeSession;
let connection: WebTransportConnection;
let messages: string[];
let drains: number;
let closed: string[];

beforeEach(async () => {
  clock = new SimulatedClock();
  session = new FakeSession();
  connection = new WebTransportConnection(session, "test", clock);
  messages = [];
  drains = 0;
  closed = [];
  void connection.serve(() => ({
    onMessage: (text) => messages.push(text),
    onDrain: () => {
      drains++;
    },
    onClosed: (code) => closed.push(code),
  }));
  await settle();
});

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

const maker = (streamId: number, kbps = 500): FrameMaker => new FrameMaker({ streamId, fps: 15, kbps, gop: 5 });

async function send(frames: FrameMaker, count = 1): Promise<void> {
  for (let i = 0; i < count; i++) connection.sendFrame(frames.next(0));
  connection.flush();
  await settle();
}

function sequences(stream: FakeSend | undefined): number[] {
  const bytes = Buffer.concat(stream?.written ?? []);
  const seen: number[] = [];
  for (let offset = 0; offset < bytes.byteLength; ) {
    const frame = readFrame(bytes, offset);
    if (!frame) throw new Error("half a frame");
    seen.push(frame.header.sequence);
    offset += frame.bytes.byteLength;
  }
  return seen;
}

describe("a stream that is over", () => {
  it("costs the viewer no room for what it does not take", async () => {
    session.blockNewStreams = true;
    const camera = maker(1);
    await send(camera, 2);
    await session.uni[0]?.reset(1);
    await settle();
    await send(camera, 3);
    expect(connection.queuedBytes).toBe(0);
  });
});

describe("the control stream (W70)", () => {
  it("is opened within 5 s, else the session is closed and nobody is told of a viewer", async () => {
    const silent = new FakeSession();
    silent.acceptBi = () => silent.closed().then(() => Promise.reject(new Error("closed")));
    let accepted = 0;
    const over = new WebTransportConnection(silent, "test", clock).serve(() => {
      accepted++;
      return { onMessage: () => undefined, onDrain: () => undefined, onClosed: () => undefined };
    });
    clock.advance(millis(4999));
    await settle();
    expect(silent.closedWith).toBeUndefined();
    clock.advance(millis(1));
    await over;
    expect(silent.closedWith).toMatchObject({ reason: "no control" });
    expect(accepted).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("carries messages both ways, however they are cut", async () => {
    const bytes = Buffer.concat([encodeControl('{"a":1}'), encodeControl('{"b":"ü"}')]);
    for (const byte of bytes) session.client.push(Buffer.from([byte]));
    await settle();
    await settle();
    expect(messages).toEqual(['{"a":1}', '{"b":"ü"}']);
    connection.sendControl({ type: "pong", t: 1, serverTimeMicros: 2 });
    await settle();
    expect(Buffer.concat(session.control.written).subarray(4).toString()).toBe(
      '{"type":"pong","t":1,"serverTimeMicros":2}',
    );
  });

  it("closes on a message over 64 KiB before it is read", async () => {
    session.client.push(Buffer.from([0, 1, 0, 1]));
    await settle();
    clock.advance(millis(500));
    await settle();
    expect(session.closedWith).toMatchObject({ code: 1, reason: expect.stringMatching(/^relay\.message_too_long /) });
    expect(closed).toEqual(["relay.message_too_long"]);
  });

  it("is the only stream that a viewer may open", async () => {
    session.openAnother();
    await settle();
    clock.advance(millis(500));
    await settle();
    expect(closed).toEqual(["relay.bad_stream"]);
  });

  it("brings the goodbye before the session is closed", async () => {
    connection.sendControl({ type: "session_expired", code: "auth.signed_out", message: "" });
    connection.close("auth.signed_out", "", true);
    await settle();
    expect(Buffer.concat(session.control.written).toString()).toContain("session_expired");
    expect(session.closedWith).toBeUndefined();
    clock.advance(millis(500));
    await settle();
    expect(session.closedWith?.code).toBe(2);
    expect(closed).toEqual(["auth.signed_out"]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("GOP streams (W71 to W75)", () => {
  it("are one per camera stream and GOP, and end with it", async () => {
    const [a, b] = [maker(1), maker(2)];
    await send(a, 7);
    await send(b, 2);
    expect(session.uni.map(sequences)).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6],
      [0, 1],
    ]);
    expect(session.uni.map(({ finished }) => finished)).toEqual([true, false, false]);
    connection.endStream(2);
    await settle();
    expect(session.uni[2]?.finished).toBe(true);
  });

  it("are given up when they are late: the newest GOP goes on", async () => {
    const camera = maker(1);
    session.blockNewStreams = true;
    await send(camera, 3);
    session.blockNewStreams = false;
    await send(camera, 4);
    expect(session.uni.map(({ resetWith }) => resetWith)).toEqual([undefined, undefined]);
    clock.advance(millis(700));
    await settle();
    expect(session.uni[0]?.resetWith).toBe(1);
    expect(session.uni[1]?.resetWith).toBeUndefined();
    expect(sequences(session.uni[1])).toEqual([5, 6]);
  });

  it("push back when one takes no more, and tell when there is room", async () => {
    const camera = new FrameMaker({ streamId: 1, fps: 15, kbps: 20_000, gop: 100 });
    session.blockNewStreams = true;
    while (connection.canTake(1)) connection.sendFrame(camera.next(0));
    connection.flush();
    await settle();
    // Another camera is not held up by it.
    expect(connection.canTake(2)).toBe(true);
    expect(drains).toBe(0);
    session.uni[0]?.unblock();
    await settle();
    expect(drains).toBeGreaterThan(0);
    expect(connection.canTake(1)).toBe(true);
    expect(connection.queuedBytes).toBe(0);
  });

  it("are reset by a restart, with the GOP before; what follows waits for a keyframe", async () => {
    const camera = maker(1);
    await send(camera, 7);
    connection.abandonGop(1);
    await settle();
    expect(session.uni.map(({ resetWith }) => resetWith)).toEqual([1, 1]);
    await send(camera, 4);
    expect(sequences(session.uni[2])).toEqual([10]);
  });

  it("are shared beyond the 80th camera", async () => {
    const cameras = Array.from({ length: 84 }, (_, index) => maker(index + 1));
    for (const camera of cameras) await send(camera, 6);
    // 80 have had two GOPs on two streams, four share one for good.
    expect(session.uni).toHaveLength(161);
    const shared = session.uni.find((stream) => sequences(stream).length > 6);
    expect(sequences(shared)).toHaveLength(4 * 6);
    expect(shared?.finished).toBe(false);
    connection.abandonGop(84);
    await settle();
    expect(shared?.resetWith).toBeUndefined();
  });

  it("leave no timers and no bytes behind when the session ends", async () => {
    session.blockNewStreams = true;
    await send(maker(1), 7);
    session.end();
    await settle();
    expect(closed).toEqual(["transport.closed"]);
    expect(connection.queuedBytes).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
