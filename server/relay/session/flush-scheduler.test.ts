import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { FlushScheduler } from "./flush-scheduler.ts";

function setUp() {
  const clock = new SimulatedClock();
  const deferred: (() => void)[] = [];
  const scheduler = new FlushScheduler({ clock, defer: (run) => deferred.push(run) });
  const startMs = clock.monotonicMs();
  const flushedAtMs: number[] = [];
  const viewer = () => ({ flush: () => void flushedAtMs.push(clock.monotonicMs() - startMs) });
  /** The end of a turn of the event loop. */
  const endTurn = (): void => {
    for (const run of deferred.splice(0)) run();
  };
  return { clock, scheduler, flushedAtMs, viewer, endTurn, deferred };
}

describe("FlushScheduler", () => {
  it("flushes once at the end of the turn, after a pause", () => {
    const { clock, scheduler, flushedAtMs, viewer, endTurn } = setUp();
    const anna = viewer();
    for (let frame = 0; frame < 3; frame++) {
      scheduler.schedule(anna);
      scheduler.schedule(anna);
      expect(flushedAtMs).toHaveLength(frame);
      endTurn();
      clock.advance(millis(33));
    }
    expect(flushedAtMs).toEqual([0, 33, 66]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("keeps 4 ms between flushes", () => {
    const { clock, scheduler, flushedAtMs, viewer, endTurn } = setUp();
    const anna = viewer();
    for (let ms = 0; ms < 12; ms++) {
      scheduler.schedule(anna);
      endTurn();
      clock.advance(millis(1));
    }
    expect(flushedAtMs).toEqual([0, 4, 8, 12]);
  });

  it("keeps 8 ms where four viewers or more had something to send", () => {
    const { clock, scheduler, flushedAtMs, viewer, endTurn } = setUp();
    const viewers = [viewer(), viewer(), viewer(), viewer()];
    for (let ms = 0; ms < 8; ms++) {
      for (const each of viewers) scheduler.schedule(each);
      endTurn();
      clock.advance(millis(1));
    }
    expect(flushedAtMs).toEqual([0, 0, 0, 0, 8, 8, 8, 8]);
  });

  it("serves in the next turn what is scheduled while it flushes", () => {
    const { clock, scheduler, flushedAtMs, viewer, endTurn } = setUp();
    const late = viewer();
    scheduler.schedule({ flush: () => scheduler.schedule(late) });
    endTurn();
    expect(flushedAtMs).toEqual([]);
    clock.advance(millis(4));
    expect(flushedAtMs).toEqual([4]);
  });

  it("leaves out who was removed, and everyone after close", () => {
    const { clock, scheduler, flushedAtMs, viewer, endTurn } = setUp();
    const [anna, ben] = [viewer(), viewer()];
    scheduler.schedule(anna);
    scheduler.schedule(ben);
    scheduler.remove(anna);
    endTurn();
    expect(flushedAtMs).toEqual([0]);
    scheduler.schedule(ben);
    scheduler.close();
    clock.advance(millis(100));
    endTurn();
    expect(flushedAtMs).toEqual([0]);
    expect(clock.pendingTimers).toBe(0);
  });
});
