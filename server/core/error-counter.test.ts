import { expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { ErrorCounter } from "./error-counter.ts";

it("reports once a second, with count and last error, and only when there is one", () => {
  const clock = new SimulatedClock();
  const reports: unknown[] = [];
  const counter = new ErrorCounter(clock, (count, last) => reports.push([count, last]));
  clock.advance(millis(5000));
  expect(reports).toEqual([]);
  counter.add("a");
  counter.add("b");
  clock.advance(millis(1000));
  expect(reports).toEqual([[2, "b"]]);
  counter.add("c");
  counter.close();
  expect(reports).toEqual([
    [2, "b"],
    [1, "c"],
  ]);
  expect(counter.total).toBe(3);
  expect(clock.pendingTimers).toBe(0);
});
