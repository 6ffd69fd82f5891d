import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { CameraState } from "../../shared/wire/control-messages.ts";
import type { StreamStatus } from "../control/media-plane.ts";
import { backoffDelay, RECONNECT, slowDelay, UNAUTHORISED } from "./backoff.ts";
import { cameraState } from "./camera-state.ts";
import { ConnectGate } from "./connect-gate.ts";
import { LossMeter } from "./loss-meter.ts";
import { RateMeter } from "./rate-meter.ts";

describe("backoff", () => {
  it("doubles to its cap and stays there for any number of failures", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 1000, 1e9].map((failures) => backoffDelay(failures, RECONNECT, 1));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it("jitter takes at most half away; the slow kind never goes below its first delay", () => {
    expect(backoffDelay(7, RECONNECT, 0)).toBe(15_000);
    expect(slowDelay(1, UNAUTHORISED, 0)).toBe(60_000);
    expect(slowDelay(1, UNAUTHORISED, 1)).toBe(90_000);
    expect(slowDelay(50, UNAUTHORISED, 1)).toBe(300_000);
  });
});

describe("connect gate", () => {
  it("spaces connects, in order, and lets nobody wait for a slow one", () => {
    const clock = new SimulatedClock();
    const gate = new ConnectGate(clock, millis(25));
    const went: [number, number][] = [];
    for (let i = 0; i < 84; i++) gate.enter(() => went.push([i, clock.monotonicMs()]));
    expect(went).toHaveLength(0);
    clock.advance(millis(5000));
    expect(went.map(([i]) => i)).toEqual(Array.from({ length: 84 }, (_, i) => i));
    expect(went.at(-1)?.[1]).toBe(83 * 25);
  });

  it("whoever leaves the queue does not go", () => {
    const clock = new SimulatedClock();
    const gate = new ConnectGate(clock, millis(25));
    const went: number[] = [];
    gate.enter(() => went.push(1));
    const leave = gate.enter(() => went.push(2));
    gate.enter(() => went.push(3));
    leave();
    clock.advance(millis(1000));
    expect(went).toEqual([1, 3]);
    gate.enter(() => went.push(4));
    gate.close();
    clock.advance(millis(1000));
    expect(went).toEqual([1, 3]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("rate meter", () => {
  it.each([1, 5, 15, 25, 60])("measures %d fps to within 7 %", (fps) => {
    const meter = new RateMeter();
    let now = 12_345;
    for (let i = 0; i < fps * 10; i++) {
      now += 1000 / fps;
      meter.add(now, 1000);
    }
    const rate = meter.read(now);
    expect(Math.abs(rate.fps - fps) / fps).toBeLessThan(fps < 5 ? 0.3 : 0.07);
    expect(rate.kbps).toBeCloseTo(rate.fps * 8, 5);
  });

  it("is zero before there is anything to measure, and after a reset", () => {
    const meter = new RateMeter();
    expect(meter.read(100)).toEqual({ fps: 0, kbps: 0 });
    meter.add(1000, 5);
    expect(meter.read(1100)).toEqual({ fps: 0, kbps: 0 });
    meter.add(3000, 5);
    meter.reset();
    expect(meter.read(3500)).toEqual({ fps: 0, kbps: 0 });
  });
});

describe("loss meter", () => {
  it("reports the percentage once, and once that it is well again", () => {
    const meter = new LossMeter();
    expect(meter.observe(0, 0, 0)).toBeUndefined();
    expect(meter.observe(5000, 950, 50)).toBe(5);
    expect(meter.observe(10_000, 1900, 100)).toBeUndefined();
    expect(meter.observe(15_000, 2885, 115)).toBeUndefined();
    expect(meter.observe(20_000, 3885, 116)).toBe(0);
    expect(meter.observe(25_000, 3885, 116)).toBeUndefined();
  });
});

describe("camera state", () => {
  const of = (...states: CameraState[]): CameraState =>
    cameraState(
      true,
      states.map((state) => ({ state }) as StreamStatus),
    );

  it.each<[CameraState[], CameraState]>([
    [["online", "disabled"], "online"],
    [["online", "online"], "online"],
    [["online", "connecting"], "online"],
    [["online", "offline"], "degraded"],
    [["online", "unauthorised"], "degraded"],
    [["online", "degraded"], "degraded"],
    [["degraded", "offline"], "degraded"],
    [["unauthorised", "offline"], "unauthorised"],
    [["connecting", "disabled"], "connecting"],
    [["offline", "disabled"], "offline"],
    [["disabled"], "connecting"],
    [[], "disabled"],
  ])("%j is %s", (states, expected) => {
    expect(of(...states)).toBe(expected);
  });

  it("a camera that is switched off is disabled, whatever its streams say", () => {
    expect(cameraState(false, [{ state: "online" } as StreamStatus])).toBe("disabled");
  });
});
