import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "./clock.ts";

afterEach(() => vi.restoreAllMocks());

it("runs smoothly with the monotonic clock and follows steps of the system's, both ways", () => {
  let wallMs = performance.timeOrigin + 5000;
  let runMs = 5000;
  vi.spyOn(Date, "now").mockImplementation(() => Math.floor(wallMs));
  vi.spyOn(performance, "now").mockImplementation(() => runMs);
  const clock = systemClock();
  const origin = performance.timeOrigin;
  const seconds = (): number => (clock.utcMicros() / 1000 - origin) / 1000;
  expect(seconds()).toBeCloseTo(5, 3);
  // Jitter between the two clocks is no step.
  runMs += 10.25;
  wallMs += 30;
  expect(seconds()).toBeCloseTo(5.01025, 5);
  // An hour forward, as NTP does after a start with a wrong clock; then it runs on from there.
  wallMs += 3_600_000;
  expect(seconds()).toBeCloseTo(3605.03, 2);
  runMs += 1000;
  wallMs += 1000;
  expect(seconds()).toBeCloseTo(3606.03, 2);
  wallMs -= 7_200_000;
  expect(seconds()).toBeCloseTo(-3593.97, 2);
});
