import { expect, test } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { LatencyMeter, percentile95 } from "./latency.ts";
import { RateMeter } from "./rate-meter.ts";

test("a steady rate reads as what it is, from the first seconds on", () => {
  const clock = new SimulatedClock();
  const meter = new RateMeter(clock);
  for (let i = 0; i < 40; i++) {
    meter.add();
    clock.advance(millis(50));
  }
  expect(meter.perSecond()).toBeCloseTo(20, 0);
  for (let i = 0; i < 400; i++) {
    meter.add();
    clock.advance(millis(50));
  }
  expect(meter.perSecond()).toBeCloseTo(20, 0);
});

test("when nothing comes any more the rate falls to zero", () => {
  const clock = new SimulatedClock();
  const meter = new RateMeter(clock);
  for (let i = 0; i < 100; i++) {
    meter.add(8);
    clock.advance(millis(20));
  }
  clock.advance(millis(1500));
  expect(meter.perSecond()).toBeGreaterThan(0);
  clock.advance(millis(3000));
  expect(meter.perSecond()).toBe(0);
});

test("latency is a moving average", () => {
  const meter = new LatencyMeter();
  expect(meter.ms).toBeUndefined();
  meter.add(100);
  expect(meter.ms).toBe(100);
  for (let i = 0; i < 60; i++) meter.add(200);
  expect(meter.ms).toBeCloseTo(200, 0);
});

test("95th percentile", () => {
  expect(percentile95([])).toBeUndefined();
  expect(percentile95([7])).toBe(7);
  expect(percentile95(Array.from({ length: 100 }, (_, i) => 100 - i))).toBe(95);
});
