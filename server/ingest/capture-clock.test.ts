import { describe, expect, it } from "vitest";
import { type Micros, micros } from "../../shared/lib/time.ts";
import { CaptureClock } from "./capture-clock.ts";

const START = 1_780_000_000_000_000;
const SECOND = 1_000_000;

/** Frames at 10 per second; `delay` is what the network and the camera take, `offset` what the camera's clock is off. */
function run(clock: CaptureClock, from: number, seconds: number, offset: number, delay: (i: number) => number) {
  const stamps = [];
  for (let i = 0; i < seconds * 10; i++) {
    const taken = START + (from * 10 + i) * 100_000;
    stamps.push({ taken, ...clock.stamp(micros(taken + offset), micros(taken + delay(i))) });
  }
  return stamps;
}

describe("capture clock", () => {
  it("W31: a camera whose clock is right is taken at its word, whatever the delay", () => {
    const stamps = run(new CaptureClock(), 0, 30, 20_000, (i) => 40_000 + (i % 7) * 30_000);
    expect(stamps.every(({ cameraClock, captureTime, taken }) => cameraClock && captureTime === taken + 20_000)).toBe(
      true,
    );
  });

  it.each([-3600 * SECOND, -1.2 * SECOND, 1.2 * SECOND, 86_400 * 365 * SECOND])(
    "W32: a clock that is %d µs off is corrected onto the server's, to within the least delay",
    (offset) => {
      const clock = new CaptureClock();
      const stamps = run(clock, 0, 30, offset, (i) => 40_000 + ((i * 7) % 5) * 30_000).slice(10);
      for (const { cameraClock, captureTime, taken } of stamps) {
        expect(cameraClock).toBe(false);
        expect(Math.abs(captureTime - taken)).toBeLessThanOrEqual(40_000);
      }
      expect(Math.abs((clock.offsetMs ?? 0) - offset / 1000)).toBeLessThanOrEqual(40);
    },
  );

  it("W31: hysteresis at the border", () => {
    const clock = new CaptureClock();
    expect(run(clock, 0, 25, 600_000, () => 50_000).at(-1)?.cameraClock).toBe(false);
    expect(run(clock, 25, 25, 450_000, () => 50_000).at(-1)?.cameraClock).toBe(false);
    expect(run(clock, 50, 25, 250_000, () => 50_000).at(-1)?.cameraClock).toBe(true);
    expect(run(clock, 75, 25, 450_000, () => 50_000).at(-1)?.cameraClock).toBe(true);
  });

  it("W33: set forward counts at once, set back after three seconds", () => {
    const clock = new CaptureClock();
    run(clock, 0, 20, 0, () => 50_000);
    const forward = run(clock, 20, 1, 10 * SECOND, () => 50_000);
    expect(forward.every(({ cameraClock, captureTime, taken }) => !cameraClock && captureTime >= taken)).toBe(true);
    const back = run(clock, 21, 5, 0, () => 50_000);
    for (const { captureTime, taken } of back) expect(Math.abs(captureTime - taken)).toBeLessThanOrEqual(10 * SECOND);
    expect(back.at(-1)?.cameraClock).toBe(true);
  });

  it("W33: a network that holds frames back for two and a half seconds is no clock step", () => {
    const clock = new CaptureClock();
    run(clock, 0, 20, 5 * SECOND, () => 50_000);
    const burst = run(clock, 20, 3, 5 * SECOND, (i) => 50_000 + Math.max(0, 2_500_000 - i * 100_000));
    for (const { captureTime, taken } of burst) expect(Math.abs(captureTime - taken)).toBeLessThanOrEqual(60_000);
  });

  it("W34: without sender reports it is the arrival", () => {
    const clock = new CaptureClock();
    expect(clock.stamp(undefined, START as Micros)).toEqual({ captureTime: START, cameraClock: false });
    expect(clock.offsetMs).toBeUndefined();
  });
});
