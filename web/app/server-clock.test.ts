import { beforeEach, expect, test } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { createServerClock, type ServerClock } from "./server-clock.ts";

const MINUTES_10 = 600_000_000;
let local: SimulatedClock;
let clock: ServerClock;
const aheadMicros = (): number => clock.utcMicros() - local.utcMicros();

beforeEach(() => {
  local = new SimulatedClock();
  clock = createServerClock(local);
});

test("is this machine's clock until the server has told its time", () => {
  expect(aheadMicros()).toBe(0);
  clock.learn(Number.NaN);
  expect(aheadMicros()).toBe(0);
});

test.each([
  ["slow", MINUTES_10],
  ["fast", -MINUTES_10],
])("counts on as the server does where the machine is ten minutes %s; its timers stay the machine's", (_, skew) => {
  clock.learn(local.utcMicros() + skew);
  local.advance(millis(5000));
  expect(aheadMicros()).toBe(skew);
  expect(clock.monotonicMs()).toBe(local.monotonicMs());
});

test("believes what came soonest: a busy page hears the time late", () => {
  clock.learn(local.utcMicros() + MINUTES_10 - 200_000);
  clock.learn(local.utcMicros() + MINUTES_10 - 1000);
  clock.learn(local.utcMicros() + MINUTES_10 - 90_000);
  expect(aheadMicros()).toBe(MINUTES_10 - 1000);
});

test("follows clocks that drift, and one that is set", () => {
  clock.learn(local.utcMicros() + MINUTES_10);
  clock.learn(local.utcMicros() + MINUTES_10 - 260_000);
  expect(aheadMicros()).toBe(MINUTES_10 - 260_000);
  clock.learn(local.utcMicros());
  expect(aheadMicros()).toBe(0);
});
