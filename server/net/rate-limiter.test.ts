import { expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { RateLimiter } from "./rate-limiter.ts";

it("lets a burst through, then the rate, each key for itself", () => {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock, { perSecond: 10, burst: 3 });
  expect([1, 2, 3].map(() => limiter.take("a"))).toEqual([0, 0, 0]);
  expect(limiter.take("a")).toBe(100);
  expect(limiter.take("b")).toBe(0);
  clock.advance(millis(100));
  expect(limiter.take("a")).toBe(0);
  expect(limiter.take("a")).toBe(100);
  clock.advance(millis(60_000));
  expect([1, 2, 3, 4].map(() => limiter.take("a"))).toEqual([0, 0, 0, 100]);
});

it("remembers so many keys and no more", () => {
  const limiter = new RateLimiter(new SimulatedClock(), { perSecond: 1, burst: 1, maxKeys: 100 });
  for (let i = 0; i < 10_000; i++) limiter.take(String(i));
  expect(limiter.size).toBe(100);
  expect(limiter.take("9999")).toBeGreaterThan(0);
  expect(limiter.take("0")).toBe(0);
});
