import { beforeEach, describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { AccessUnit } from "../../shared/media/types.ts";
import { ConnectGate } from "./connect-gate.ts";
import { StreamSession, type StreamSink } from "./stream-session.ts";
import { FakeCameras, settle } from "./testing/fake-pull.ts";

let clock: SimulatedClock;
let cameras: FakeCameras;
let units: AccessUnit[];
let blocked: string | undefined;
let sinkFault: Error | undefined;
let random: number;
let states: string[];
let session: StreamSession;

beforeEach(() => {
  clock = new SimulatedClock();
  cameras = new FakeCameras();
  units = [];
  blocked = undefined;
  sinkFault = undefined;
  random = 0.999;
  states = [];
  const sink: StreamSink = {
    onDown: () => undefined,
    onUnit: (unit) => {
      if (sinkFault) throw sinkFault;
      units.push(unit);
    },
    onFormat: () => undefined,
    blocked: () => blocked,
    droppedFrames: 0,
    clockOffsetMs: undefined,
  };
  session = new StreamSession({
    streamId: 1,
    role: "sub",
    pull: {
      url: "rtsp://camera/sub",
      transport: "auto",
      allowUntrustedCertificate: false,
    },
    clock,
    random: () => random,
    gate: new ConnectGate(clock),
    startPull: cameras.start,
    sink,
    onChange: () => {
      const { state } = session.status;
      if (states.at(-1) !== state) states.push(state);
    },
  });
});

/** Moves time in quarter seconds, as the worker's tick does. */
function pass(ms: number, each?: () => void): void {
  for (let at = 0; at < ms; at += 250) {
    clock.advance(millis(250));
    each?.();
    session.tick();
  }
}

async function goOnline(): Promise<void> {
  session.setWanted(true);
  clock.advance(millis(0));
  cameras.last.connect();
  cameras.last.keyframe();
  await settle();
}

describe("stream session", () => {
  it("connects when wanted, is online with the first picture, and says nothing else", async () => {
    expect(session.status.state).toBe("disabled");
    await goOnline();
    expect(states).toEqual(["connecting", "online"]);
    expect(session.status).toMatchObject({ state: "online", lastError: undefined, reconnects: 0, transport: "tcp" });
    expect(units).toHaveLength(1);
  });

  it("measures fps and bitrate over the last seconds, and forgets", async () => {
    await goOnline();
    for (let i = 0; i < 150; i++) {
      clock.advance(millis(1000 / 15));
      cameras.last.picture();
    }
    expect(session.status.fps).toBeGreaterThan(14.5);
    expect(session.status.fps).toBeLessThan(15.5);
    expect(session.status.bitrateKbps).toBeGreaterThan(116);
    expect(session.status.bitrateKbps).toBeLessThan(124);
    clock.advance(millis(4100));
    expect(session.status.fps).toBe(0);
  });

  it("never gives up: capped backoff with the last real error, for hours", async () => {
    session.setWanted(true);
    cameras.refuse = new FluxError("rtsp.refused", "connection refused");
    for (let i = 0; i < 3600 * 4; i++) {
      clock.advance(millis(1000));
      await Promise.resolve();
    }
    const attempts = cameras.attemptsMs;
    const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_100);
    expect(gaps.slice(-5).every((gap) => gap > 15_000)).toBe(true);
    expect(gaps[0]).toBeLessThanOrEqual(600);
    expect(session.status).toMatchObject({ state: "offline", lastError: "connection refused" });
    expect(states).toEqual(["connecting", "offline"]);
  });

  it("spreads retries by the jitter", async () => {
    random = 0;
    await goOnline();
    cameras.last.fail("rtsp.refused");
    await settle();
    clock.advance(millis(249));
    expect(cameras.pulls).toHaveLength(1);
    clock.advance(millis(1));
    await settle();
    clock.advance(millis(25));
    expect(cameras.pulls).toHaveLength(2);
  });

  it("wrong password: stated reason, and at least a minute between attempts", async () => {
    session.setWanted(true);
    clock.advance(millis(0));
    cameras.last.fail("rtsp.unauthorised", "the camera refused the user name or password");
    await settle();
    expect(session.status).toMatchObject({
      state: "unauthorised",
      lastError: "the camera refused the user name or password",
    });
    clock.advance(millis(59_999));
    await settle();
    expect(cameras.pulls).toHaveLength(1);
    clock.advance(millis(31_000));
    await settle();
    clock.advance(millis(25));
    expect(cameras.pulls).toHaveLength(2);
    cameras.last.connect();
    cameras.last.keyframe();
    expect(session.status.state).toBe("online");
  });

  it("without new pictures for 5 s it is degraded and connects anew, though packets still come", async () => {
    await goOnline();
    pass(4750);
    expect(session.status.state).toBe("online");
    pass(500);
    expect(session.status).toMatchObject({ state: "degraded", lastError: "no new picture for 5 s" });
    expect(cameras.last.closed).toBe(true);
    await settle();
    pass(750);
    await settle();
    pass(250);
    expect(cameras.pulls).toHaveLength(2);
    expect(session.status.state).toBe("degraded");
    cameras.last.connect();
    cameras.last.keyframe();
    expect(session.status).toMatchObject({ state: "online", reconnects: 1 });
  });

  it("a thread that did not run for a while does not blame the camera", async () => {
    await goOnline();
    pass(1000, () => cameras.last.picture());
    clock.advance(millis(60_000));
    session.tick();
    expect(session.status.state).toBe("online");
    cameras.last.picture();
    pass(4750);
    expect(session.status.state).toBe("online");
    pass(250);
    expect(session.status.state).toBe("degraded");
  });

  it("a stalled stream whose reconnect fails is offline", async () => {
    await goOnline();
    pass(5250);
    await settle();
    pass(1000);
    cameras.last.fail("rtsp.timeout", "no answer");
    await settle();
    expect(session.status).toMatchObject({ state: "offline", lastError: "no answer" });
  });

  it("a connection without any keyframe is given up with that reason", async () => {
    session.setWanted(true);
    clock.advance(millis(0));
    cameras.last.connect();
    pass(30_250);
    expect(session.status).toMatchObject({ state: "offline", lastError: "connected, but no keyframe came" });
  });

  it("ten seconds online start the backoff anew; a camera that drops every connection does not", async () => {
    const reconnect = async (): Promise<number> => {
      const before = clock.monotonicMs();
      const pulls = cameras.pulls.length;
      cameras.last.fail("rtsp.protocol");
      await settle();
      while (cameras.pulls.length === pulls) {
        clock.advance(millis(50));
        await settle();
      }
      cameras.last.connect();
      cameras.last.keyframe();
      return clock.monotonicMs() - before;
    };
    await goOnline();
    for (let i = 0; i < 8; i++) await reconnect();
    expect(await reconnect()).toBeGreaterThan(15_000);
    pass(11_000, () => cameras.last.picture());
    expect(await reconnect()).toBeLessThan(700);
  });

  it("lingers ten seconds after the last want, without a new connection when it comes back", async () => {
    await goOnline();
    session.setWanted(false);
    pass(9750, () => cameras.last.picture());
    expect(session.pulling).toBe(true);
    session.setWanted(true);
    pass(20_000, () => cameras.last.picture());
    expect(cameras.pulls).toHaveLength(1);
    session.setWanted(false);
    pass(10_000, () => cameras.last.picture());
    expect(session.pulling).toBe(false);
    expect(cameras.last.closed).toBe(true);
    expect(session.status).toMatchObject({ state: "disabled", fps: 0 });
    pass(60_000);
    expect(cameras.pulls).toHaveLength(1);
  });

  it("what no longer is wanted while it waits to retry does not linger", async () => {
    session.setWanted(true);
    clock.advance(millis(0));
    cameras.last.fail("rtsp.refused");
    await settle();
    session.setWanted(false);
    expect(session.status.state).toBe("disabled");
    pass(60_000);
    expect(cameras.pulls).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("a sink that throws does not end the connection, and is told", async () => {
    await goOnline();
    sinkFault = new Error("cannot seal");
    cameras.last.keyframe();
    expect(session.status).toMatchObject({ state: "online", lastError: "cannot seal" });
    sinkFault = undefined;
    cameras.last.keyframe();
    expect(units).toHaveLength(2);
    expect(session.status.lastError).toBeUndefined();
  });

  it("W16: without a key it does not connect; keys end the wait at once", async () => {
    blocked = "no key";
    session.setWanted(true);
    pass(6_000);
    await settle();
    expect(cameras.pulls).toHaveLength(0);
    expect(session.status).toMatchObject({ state: "offline", lastError: "no key", lastErrorCode: "ingest.blocked" });
    blocked = undefined;
    session.unblocked();
    clock.advance(millis(25));
    expect(cameras.pulls).toHaveLength(1);
    cameras.last.connect();
    cameras.last.keyframe();
    expect(session.status).toMatchObject({ state: "online", lastError: undefined });
  });

  it("waiting for the first keys is no error; a connection that failed stays told", async () => {
    blocked = "no key";
    session.setWanted(true);
    pass(4_500);
    expect(session.status).toMatchObject({ state: "connecting", lastError: undefined });
    blocked = undefined;
    session.unblocked();
    clock.advance(millis(25));
    cameras.last.fail("rtsp.refused", "nothing listens");
    await settle();
    pass(1000);
    await settle();
    pass(250);
    cameras.last.connect();
    cameras.last.keyframe();
    expect(states).toEqual(["connecting", "offline", "online"]);
    expect(session.status).toMatchObject({ lastError: "nothing listens", lastErrorCode: "rtsp.refused" });
  });

  it("keys do not shorten any other wait", async () => {
    session.setWanted(true);
    clock.advance(millis(0));
    cameras.last.fail("rtsp.unauthorised");
    await settle();
    session.unblocked();
    clock.advance(millis(1000));
    await settle();
    expect(cameras.pulls).toHaveLength(1);
  });

  it("callbacks of an earlier connection are not believed", async () => {
    await goOnline();
    const old = cameras.last;
    old.fail("rtsp.protocol");
    await settle();
    old.keyframe();
    old.connect();
    expect(units).toHaveLength(1);
    expect(session.status.state).toBe("offline");
  });

  it("waits for the old session to hang up, but not for ever", async () => {
    await goOnline();
    cameras.last.closing = new Promise(() => undefined);
    pass(5250);
    await settle();
    pass(1000);
    await settle();
    expect(cameras.pulls).toHaveLength(1);
    clock.advance(millis(3000));
    await settle();
    clock.advance(millis(25));
    expect(cameras.pulls).toHaveLength(2);
  });

  it("packet loss degrades it, with the percentage, until it is gone", async () => {
    await goOnline();
    pass(5250, () => {
      cameras.last.picture();
      cameras.last.lostPackets += 1;
    });
    expect(session.status).toMatchObject({ state: "degraded", lastError: expect.stringContaining("% of the packets") });
    pass(10_500, () => {
      cameras.last.packets += 1000;
      cameras.last.picture();
    });
    expect(session.status).toMatchObject({ state: "online", lastError: undefined, lostPackets: 21 });
  });

  it("close hangs up, waits, and leaves no timer", async () => {
    await goOnline();
    let hungUp: () => void = () => undefined;
    cameras.last.closing = new Promise((resolve) => {
      hungUp = resolve;
    });
    let closed = false;
    const closing = session.close().then(() => {
      closed = true;
    });
    await settle();
    expect(closed).toBe(false);
    hungUp();
    await closing;
    await session.close();
    expect(clock.pendingTimers).toBe(0);
    session.setWanted(true);
    clock.advance(millis(1000));
    expect(cameras.pulls).toHaveLength(1);
  });
});
