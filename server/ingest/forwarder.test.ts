import { beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { Forwarder } from "./forwarder.ts";

let clock: SimulatedClock;
let deferred: (() => void)[];
let slept: number[];
let posted: ArrayBuffer[];
let forwarder: Forwarder;

function create(options: { creditBytes?: number; stagingBytes?: number } = {}): void {
  forwarder = new Forwarder({
    clock,
    defer: (run) => deferred.push(run),
    sleep: (duration) => {
      slept.push(duration);
      clock.advance(duration);
    },
    ...options,
  });
  forwarder.attach((buffer) => posted.push(buffer));
}

beforeEach(() => {
  clock = new SimulatedClock();
  deferred = [];
  slept = [];
  posted = [];
  create();
});

function write(bytes: number, fill: number): boolean {
  const room = forwarder.reserve(bytes);
  if (!room) return false;
  room.out.fill(fill, room.offset, room.offset + bytes);
  forwarder.commit(bytes);
  return true;
}

function endTurn(): void {
  for (const run of deferred.splice(0)) run();
}

describe("forwarder", () => {
  it("posts one turn's frames as one buffer of exactly their size", () => {
    write(10, 1);
    write(5, 2);
    expect(posted).toHaveLength(0);
    endTurn();
    expect(posted.map((buffer) => [...new Uint8Array(buffer)])).toEqual([[...Array(10).fill(1), ...Array(5).fill(2)]]);
  });

  it("lets a lone frame leave at once, and under load makes turns begin 8 ms apart", () => {
    write(10, 1);
    endTurn();
    expect(slept).toEqual([]);
    clock.advance(millis(3));
    write(10, 2);
    endTurn();
    expect(posted).toHaveLength(2);
    expect(slept).toEqual([5]);
    // Counted from when the thread woke: every turn that is early is followed by a sleep, not every second one.
    clock.advance(millis(1));
    write(10, 3);
    endTurn();
    expect(slept).toEqual([5, 7]);
    clock.advance(millis(20));
    write(10, 4);
    endTurn();
    expect(slept).toEqual([5, 7]);
  });

  it("with many frames in a turn sleeps longer, and not at all when the work alone takes so long", () => {
    const turn = (frames: number, workMs: number): void => {
      clock.advance(millis(workMs));
      for (let i = 0; i < frames; i++) write(10, i);
      endTurn();
    };
    turn(1, 0);
    turn(4, 2);
    expect(slept).toEqual([14]);
    turn(3, 2);
    expect(slept).toEqual([14, 6]);
    turn(40, 16);
    expect(slept).toEqual([14, 6]);
    expect(posted).toHaveLength(4);
  });

  it("W42: out of credit it gives no room until bytes are acknowledged", () => {
    create({ creditBytes: 100 });
    expect(write(60, 1)).toBe(true);
    expect(write(60, 2)).toBe(false);
    endTurn();
    expect(write(60, 2)).toBe(false);
    expect(forwarder.unackedBytes).toBe(60);
    forwarder.ack(60);
    expect(write(60, 2)).toBe(true);
  });

  it("ignores acknowledgements of more than was sent, and of nothing", () => {
    write(10, 1);
    endTurn();
    forwarder.ack(1_000_000);
    forwarder.ack(-5);
    expect(forwarder.unackedBytes).toBe(0);
  });

  it("a frame larger than the staging buffer goes alone, in order", () => {
    create({ stagingBytes: 16 });
    write(10, 1);
    write(40, 2);
    write(10, 3);
    endTurn();
    expect(posted.map((buffer) => [buffer.byteLength, new Uint8Array(buffer)[0]])).toEqual([
      [10, 1],
      [40, 2],
      [10, 3],
    ]);
  });

  it("room that was reserved and not committed is taken by the next frame", () => {
    create({ stagingBytes: 16 });
    forwarder.reserve(40);
    write(4, 1);
    endTurn();
    expect(posted.map((buffer) => [...new Uint8Array(buffer)])).toEqual([[1, 1, 1, 1]]);
  });

  it("without a receiver there is no room; a new one starts with full credit", () => {
    create({ creditBytes: 20 });
    write(20, 1);
    endTurn();
    forwarder.detach();
    expect(write(1, 1)).toBe(false);
    forwarder.attach((buffer) => posted.push(buffer));
    expect(write(20, 2)).toBe(true);
    forwarder.close();
    endTurn();
    expect(posted).toHaveLength(1);
  });
});
