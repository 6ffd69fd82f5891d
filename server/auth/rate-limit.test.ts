import { beforeEach, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { LoginLimiter } from "./rate-limit.ts";

let clock: SimulatedClock;
let limiter: LoginLimiter;
beforeEach(() => {
  clock = new SimulatedClock();
  limiter = new LoginLimiter(clock);
});

it("counts a whole IPv6 /64 as one address", () => {
  for (let i = 1; i <= 5; i++) limiter.attempt("admin", `2001:db8:0:1::${i}`);
  expect(limiter.waitMs("admin", "2001:db8:0:1::ffff")).toBe(1000);
  expect(limiter.waitMs("admin", "2001:db8:0:2::1")).toBe(0);
  for (let i = 0; i < 5; i++) limiter.attempt("admin", "::ffff:192.0.2.9");
  expect(limiter.waitMs("admin", "192.0.2.9")).toBe(1000);
});

it("slows an account down that is tried from many addresses, and refuses nobody", () => {
  const delays = Array.from({ length: 40 }, (_, i) => limiter.attempt("admin", `192.0.2.${i}`));
  expect(delays.slice(0, 20)).toEqual(Array(20).fill(0));
  expect(delays.slice(20, 25)).toEqual([250, 500, 1000, 2000, 4000]);
  expect(delays.slice(25)).toEqual(Array(15).fill(4000));
  expect(limiter.waitMs("admin", "198.51.100.1")).toBe(0);
  expect(limiter.attempt("mina", "198.51.100.1")).toBe(0);
  clock.advance(millis(10 * 60_000));
  expect(limiter.attempt("admin", "198.51.100.1")).toBe(0);
});

it("a success takes its own attempt back", () => {
  for (let i = 0; i < 100; i++) {
    expect(limiter.attempt("admin", "192.0.2.1")).toBe(0);
    limiter.succeeded("admin", "192.0.2.1");
  }
  expect(limiter.waitMs("admin", "192.0.2.1")).toBe(0);
});
