import { expect, it } from "vitest";
import { daysFor, lastingOf, suggestedReserve } from "./storage-limits.ts";

it.each([
  [4e12, 100e9],
  [1e12, 50e9],
  [100e9, 5e9],
  [20e9, 2e9],
  [3e9, 2e9],
  [1e9, 1e9],
])("of %d bytes %d are left free", (total, reserve) => {
  expect(suggestedReserve(total)).toBe(reserve);
});

it("a terabyte lasts eight cameras about two and a half days, and nothing lasts nobody", () => {
  expect(daysFor(1e12, 8)).toBeCloseTo(2.57, 1);
  expect(daysFor(1e12, 0)).toBe(daysFor(1e12, 1));
  expect(daysFor(-5, 3)).toBe(0);
});

it("what does not last two days is told in hours", () => {
  expect([9.9, 2, 1.99, 0].map(lastingOf)).toEqual([{ days: 9 }, { days: 2 }, { hours: 47 }, { hours: 0 }]);
});
