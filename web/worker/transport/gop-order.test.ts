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
  const late: number[] = [];
  const order = new GopOrder({
    clock,
    deliver: (one: SealedFrame) => delivered.push(one.header.sequence),
    onReset: (streamId) => resets.push(streamId),
    onLate: (streamId) => late.push(streamId),
  });
  /** The transport stream's name, and the number of its first frame. */
  const open = (name: string, sequence: number, streamId = 1, generation = 1) =>
    order.open(frame(streamId, sequence, true, 10, generation).header, () => abandoned.push(name));
  return { clock, delivered, resets, late, abandoned, order, open };
}

describe("GopOrder (W72)", () => {
  it("delivers frames as they come while GOPs do not overlap", () => {
    const { delivered, resets, open } = setUp();
    const first = open("first", 0);
    first.frame(frame(1, 0, true));
    first.frame(frame(1, 1));
    first.end(true);
    const second = open("second", 2);
    second.frame(frame(1, 2, true));
    expect(delivered).toEqual([0, 1, 2]);
    expect(resets).toEqual([]);
  });

  it("keeps a GOP that came early until the one before it is over", () => {
    const { delivered, open } = setUp();
    const first = open("first", 0);
    first.frame(frame(1, 0, true));
    const second = open("second", 2);
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
    const first = open("first", 0);
    first.frame(frame(1, 0, true));
    open("second", 2).frame(frame(1, 2, true));
    stoodStillMs = 500;
    clock.advance(millis(400));
    expect(resets).toEqual([]);
    first.frame(frame(1, 1));
    first.end(true);
    expect(delivered).toEqual([0, 1, 2]);

    const third = open("third", 4);
    third.frame(frame(1, 4, true));
    stoodStillMs += 500;
    clock.advance(millis(500));
    expect(delivered).toEqual([0, 1, 2, 4]);
    expect(resets).toEqual([1]);
  });

  it("gives up what is left of a GOP when the next has waited 400 ms", () => {
    const { clock, delivered, resets, abandoned, open } = setUp();
    const first = open("first", 0);
    first.frame(frame(1, 0, true));
    const second = open("second", 2);
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
    const first = open("first", 0);
    first.frame(frame(1, 0, true));
    first.end(false);
    expect(resets).toEqual([1]);
    open("second", 9).frame(frame(1, 9, true));
    expect(delivered).toEqual([0, 9]);
    expect(abandoned).toEqual([]);
  });

  it("handles three GOPs at once, the middle one over already", () => {
    const { delivered, open } = setUp();
    const [first, second, third] = [open("first", 0), open("second", 2), open("third", 4)];
    first.frame(frame(1, 0, true));
    third.frame(frame(1, 4, true));
    second.frame(frame(1, 2, true));
    second.end(true);
    first.end(true);
    expect(delivered).toEqual([0, 2, 4]);
  });

  it("passes over a GOP that a later one has overtaken, also when that one is over", () => {
    const { delivered, resets, late, open } = setUp();
    const newer = open("newer", 15);
    newer.frame(frame(1, 15, true));
    const older = open("older", 0);
    older.frame(frame(1, 0, true));
    older.end(true);
    newer.frame(frame(1, 16));
    newer.end(true);
    open("oldest", 14).frame(frame(1, 14, true));
    open("next", 17).frame(frame(1, 17, true));
    expect(delivered).toEqual([15, 16, 17]);
    expect(late).toEqual([1, 1]);
    expect(resets).toEqual([]);
  });

  it("puts a GOP in its place among those that wait", () => {
    const { delivered, late, open } = setUp();
    const first = open("first", 0);
    first.frame(frame(1, 0, true));
    const third = open("third", 4);
    third.frame(frame(1, 4, true));
    const second = open("second", 2);
    second.frame(frame(1, 2, true));
    first.end(true);
    second.end(true);
    third.end(true);
    expect(delivered).toEqual([0, 2, 4]);
    expect(late).toEqual([]);
  });

  it("takes the same GOP again, after the viewer came back to a camera", () => {
    const { delivered, open } = setUp();
    const first = open("first", 5);
    first.frame(frame(1, 5, true));
    first.end(true);
    open("again", 5).frame(frame(1, 5, true));
    expect(delivered).toEqual([5, 5]);
  });

  it("cannot tell the order of GOPs of two generations, and delivers as they come", () => {
    const { delivered, late, open } = setUp();
    const before = open("before", 900, 1, 7);
    before.frame(frame(1, 900, true, 10, 7));
    before.end(true);
    open("after", 0, 1, 6).frame(frame(1, 0, true, 10, 6));
    expect(delivered).toEqual([900, 0]);
    expect(late).toEqual([]);
  });

  it("keeps streams apart", () => {
    const { delivered, open } = setUp();
    open("a", 0, 1).frame(frame(1, 0, true));
    open("b", 7, 2).frame(frame(2, 7, true));
    expect(delivered).toEqual([0, 7]);
  });

  it("stops reading and its timers when closed", () => {
    const { clock, abandoned, order, open } = setUp();
    open("first", 0).frame(frame(1, 0, true));
    open("second", 2).frame(frame(1, 2, true));
    order.close();
    expect(abandoned).toEqual(["first", "second"]);
    expect(clock.pendingTimers).toBe(0);
  });
});
