import { beforeEach, describe, expect, test } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { ArchiveClock, clampRate } from "./archive-clock.ts";

const START = 1_700_000_000_000_000;
let time: SimulatedClock;
let clock: ArchiveClock;
beforeEach(() => {
  time = new SimulatedClock();
  clock = new ArchiveClock(time, START);
});

function pass(ms: number): number {
  time.advance(millis(ms));
  return clock.position() - START;
}

test.each([
  [0, 0],
  [1, 1],
  [-1, -1],
  [0.1, 0.25],
  [-0.01, -0.25],
  [99, 16],
  [-99, -16],
  [Number.NaN, 0],
  [Number.POSITIVE_INFINITY, 0],
])("rate %f becomes %f", (wanted, rate) => expect(clampRate(wanted)).toBe(rate));

test.each([1, 0.25, 4, 16, -1, -16])("runs at rate %f", (rate) => {
  clock.setRate(rate);
  expect(pass(1000)).toBe(rate * 1_000_000);
});

test("a change of rate does not move the position", () => {
  expect(pass(500)).toBe(500_000);
  clock.setRate(-2);
  expect(pass(0)).toBe(500_000);
  expect(pass(100)).toBe(300_000);
  clock.setRate(0);
  expect(pass(5000)).toBe(300_000);
});

test("stands while held, and goes on without a leap", () => {
  pass(200);
  clock.hold();
  clock.hold();
  expect(pass(3000)).toBe(200_000);
  clock.release();
  expect(pass(100)).toBe(300_000);
});

test("a seek while held stays where it was set", () => {
  clock.hold();
  clock.seek(START + 7);
  expect(pass(1000)).toBe(7);
});

test("a step of the wall clock changes nothing", () => {
  time.stepUtc(3_600_000_000 as never);
  expect(pass(1000)).toBe(1_000_000);
});

test("time does not begin before 1970", () => {
  clock.seek(100);
  clock.setRate(-16);
  time.advance(millis(1000));
  expect(clock.position()).toBe(0);
});

describe("a loop", () => {
  const loop = { startMicros: START + 1_000_000, endMicros: START + 2_000_000 };

  test("is entered at its beginning, and goes round", () => {
    clock.setLoop(loop);
    expect(pass(0)).toBe(1_000_000);
    expect(pass(900)).toBe(1_900_000);
    expect(pass(200)).toBe(1_100_000);
    expect(pass(5000)).toBe(1_100_000);
  });

  test("goes round backward", () => {
    clock.setRate(-1);
    clock.setLoop(loop);
    expect(pass(0)).toBe(2_000_000);
    expect(pass(900)).toBe(1_100_000);
    expect(pass(200)).toBe(1_900_000);
  });

  test("keeps a position within", () => {
    clock.seek(START + 1_500_000);
    clock.setLoop(loop);
    expect(pass(0)).toBe(1_500_000);
  });

  test("that is no range is none", () => {
    clock.setLoop({ startMicros: 5, endMicros: 5 });
    expect(clock.loop).toBeUndefined();
    expect(pass(100)).toBe(100_000);
  });
});
