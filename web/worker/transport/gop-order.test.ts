import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import { GopOrder } from "./gop-order.ts";
import { frame } from "./testkit/frames.ts";

function setUp() {
  const clock = new SimulatedClock();
  const delivered: number[] = [];
  const resets: number[] = [];
  const abandoned: string[] = [];
  const order = new GopOrder({
    clock,
    deliver: (one: SealedFrame) => delivered.push(one.header.sequence),
    onReset: (streamId) => resets.push(streamId),
  });
  const open = (name: string, streamId = 1) => order.open(streamId, () => abandoned.push(name));
  return { clock, delivered, resets, abandoned, order, open };
}

describe("GopOrder (W72)", () => {
  it("delivers frames as they come while GOPs do not overlap", () => {
    const { delivered, resets, open } = setUp();
    const first = open("first");
    first.frame(frame(1, 0, true));
    first.frame(frame(1, 1));
    first.end(true);
    const second = open("second");
    second.frame(frame(1, 2, true));
    expect(delivered).toEqual([0, 1, 2]);
    expect(resets).toEqual([]);
  });

  it("keeps a GOP that came early until the one before it is over", () => {
    const { delivered, open } = setUp();
    const first = open("first");
    first.frame(frame(1, 0, true));
    const second = open("second");
    second.frame(frame(1, 2, true));
    second.frame(frame(1, 3));
    first.frame(frame(1, 1));
    expect(delivered).toEqual([0, 1]);
    first.end(true);
    expect(delivered).toEqual([0, 1, 2, 3]);
    second.frame(frame(1, 4));
    expect(delivered).toEqual([0, 1, 2, 3, 4]);
  });

  it("reads what arrived while the thread stood still before it gives a GOP up", () => {
    const { clock, delivered, resets, open } = setUp();
    // The thread runs again 900 ms later; the timer's turn comes before that of the bytes.
    const inTime = clock.monotonicMs.bind(clock);
    let stoodStillMs = 0;
    clock.monotonicMs = () => millis(inTime() + stoodStillMs);
    const first = open("first");
    first.frame(frame(1, 0, true));
    open("second").frame(frame(1, 2, true));
    stoodStillMs = 500;
    clock.advance(millis(400));
    expect(resets).toEqual([]);
    first.frame(frame(1, 1));
    first.end(true);
    expect(delivered).toEqual([0, 1, 2]);

    const third = open("third");
    third.frame(frame(1, 4, true));
    stoodStillMs += 500;
    clock.advance(millis(500));
    expect(delivered).toEqual([0, 1, 2, 4]);
    expect(resets).toEqual([1]);
  });

  it("gives up what is left of a GOP when the next has waited 400 ms", () => {
    const { clock, delivered, resets, abandoned, open } = setUp();
    const first = open("first");
    first.frame(frame(1, 0, true));
    const second = open("second");
    second.frame(frame(1, 2, true));
    clock.advance(millis(399));
    expect(delivered).toEqual([0]);
    clock.advance(millis(1));
    expect(delivered).toEqual([0, 2]);
    expect(resets).toEqual([1]);
    expect(abandoned).toEqual(["first"]);
    first.frame(frame(1, 1));
    expect(delivered).toEqual([0, 2]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("tells of a reset, and goes on with the next GOP", () => {
    const { delivered, resets, abandoned, open } = setUp();
    const first = open("first");
    first.frame(frame(1, 0, true));
    first.end(false);
    expect(resets).toEqual([1]);
    open("second").frame(frame(1, 9, true));
    expect(delivered).toEqual([0, 9]);
    expect(abandoned).toEqual([]);
  });

  it("handles three GOPs at once, the middle one over already", () => {
    const { delivered, open } = setUp();
    const [first, second, third] = [open("first"), open("second"), open("third")];
    first.frame(frame(1, 0, true));
    third.frame(frame(1, 4, true));
    second.frame(frame(1, 2, true));
    second.end(true);
    first.end(true);
    expect(delivered).toEqual([0, 2, 4]);
  });

  it("keeps streams apart", () => {
    const { delivered, open } = setUp();
    open("a", 1).frame(frame(1, 0, true));
    open("b", 2).frame(frame(2, 7, true));
    expect(delivered).toEqual([0, 7]);
  });

  it("stops reading and its timers when closed", () => {
    const { clock, abandoned, order, open } = setUp();
    open("first").frame(frame(1, 0, true));
    open("second").frame(frame(1, 2, true));
    order.close();
    expect(abandoned).toEqual(["first", "second"]);
    expect(clock.pendingTimers).toBe(0);
  });
});
