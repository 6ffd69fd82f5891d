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

  it.each([
    { viewers: 2, gapMs: 5 },
    { viewers: 8, gapMs: 8 },
    { viewers: 100, gapMs: 12 },
  ])("keeps $gapMs ms between the flushes of $viewers viewers", ({ viewers, gapMs }) => {
    const { clock, scheduler, flushedAtMs, viewer, endTurn } = setUp();
    const all = Array.from({ length: viewers }, viewer);
    for (let ms = 0; ms < 3 * gapMs; ms++) {
      for (const each of all) scheduler.schedule(each);
      endTurn();
      clock.advance(millis(1));
    }
    expect([...new Set(flushedAtMs)]).toEqual([0, gapMs, 2 * gapMs, 3 * gapMs]);
    expect(flushedAtMs).toHaveLength(4 * viewers);
  });

  it("serves in the next turn what is scheduled while it flushes", () => {
    const { clock, scheduler, flushedAtMs, viewer, endTurn } = setUp();
    const late = viewer();
    scheduler.schedule({ flush: () => scheduler.schedule(late) });
    endTurn();
    expect(flushedAtMs).toEqual([]);
    clock.advance(millis(5));
    expect(flushedAtMs).toEqual([4.5]);
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
