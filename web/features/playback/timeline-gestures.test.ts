import { beforeEach, describe, expect, test } from "vitest";
import { ArchiveBench, GOP, START, tile } from "../../testkit/archive-bench.ts";
import { type GestureTarget, listenToGestures } from "./timeline-gestures.ts";

/** A pixel is a second, the playhead is in the middle. */
const SECOND = 1_000_000;
const WIDTH = 1000;
const RULER = 10;
const ROWS = 60;

let calls: string[];
let element: EventTarget;
let stop: () => void;

function listen(changes: Partial<GestureTarget> = {}): void {
  calls = [];
  element = Object.assign(new EventTarget(), {
    getBoundingClientRect: () => ({ left: 0, top: 0 }),
    setPointerCapture: () => undefined,
  });
  stop = listenToGestures(element as HTMLElement, {
    rulerHeight: 24,
    view: () => ({ startMicros: 0, spanMicros: WIDTH * SECOND }),
    width: () => WIDTH,
    playheadMicros: () => 500 * SECOND,
    selecting: () => false,
    zoom: () => calls.push("zoom"),
    pan: () => calls.push("pan"),
    pinch: () => calls.push("pinch"),
    scrub: (micros, exact) => calls.push(`${exact ? "exact" : "scrub"} ${micros / SECOND}`),
    seek: (micros) => calls.push(`seek ${micros / SECOND}`),
    select: () => calls.push("select"),
    hover: () => undefined,
    ...changes,
  });
}

function finger(type: "down" | "move" | "up" | "cancel", pointerId: number, x: number, y = ROWS): void {
  const fields = { pointerId, clientX: x, clientY: y, button: 0, pointerType: "touch", shiftKey: false };
  element.dispatchEvent(Object.assign(new Event(`pointer${type}`), fields));
}

beforeEach(() => listen());

describe("gestures of the timeline", () => {
  test("a drag along the ruler scrubs and ends exactly where it is let go", () => {
    finger("down", 1, 100, RULER);
    finger("move", 1, 120, RULER);
    finger("up", 1, 130, RULER);
    expect(calls).toEqual(["scrub 100", "scrub 120", "exact 130"]);
  });

  test("a pinch that begins on the ruler or at the playhead ends the scrub first", () => {
    finger("down", 1, 100, RULER);
    finger("down", 2, 300);
    finger("move", 2, 320);
    finger("up", 2, 320);
    finger("move", 1, 90, RULER);
    finger("up", 1, 90, RULER);
    expect(calls).toEqual(["scrub 100", "exact 100", "pinch", "pan"]);

    listen();
    finger("down", 1, 505);
    finger("move", 1, 507);
    finger("down", 2, 700);
    finger("up", 1, 507);
    finger("up", 2, 700);
    expect(calls).toEqual(["scrub 507", "exact 507"]);
  });

  test("a pinch that took hold of the playhead without moving it leaves the time alone", () => {
    finger("down", 1, 505);
    finger("down", 2, 700);
    finger("move", 2, 720);
    finger("up", 2, 720);
    finger("up", 1, 505);
    expect(calls).toEqual(["pinch"]);
  });

  test("a scrub that is cut short ends where it was: what cancels it says no place", () => {
    finger("down", 1, 100, RULER);
    finger("move", 1, 120, RULER);
    finger("cancel", 1, 0, 0);
    expect(calls).toEqual(["scrub 100", "scrub 120", "exact 120"]);

    listen();
    finger("down", 1, 200, RULER);
    stop();
    expect(calls).toEqual(["scrub 200", "exact 200"]);
  });

  test("a tap seeks, a cancelled one does not", () => {
    finger("down", 1, 300);
    finger("cancel", 1, 0, 0);
    finger("down", 1, 300);
    finger("up", 1, 303);
    expect(calls).toEqual(["seek 303"]);
  });

  test("recorded pictures run on after a pinch that began as a scrub", async () => {
    const bench = await ArchiveBench.create();
    bench.record(1, 60);
    bench.archive.setTiles([tile(1)]);
    bench.archive.command({ kind: "seek", micros: START });
    await bench.run(500);
    listen({
      view: () => ({ startMicros: START, spanMicros: 40 * GOP }),
      playheadMicros: () => START,
      scrub: (micros, exact) => bench.archive.command({ kind: "seek", micros, scrub: !exact }),
    });
    finger("down", 1, 250, RULER);
    await bench.run(500);
    expect(bench.archive.state().positionMicros).toBe(START + 10 * GOP);
    finger("down", 2, 700);
    finger("move", 2, 720);
    finger("up", 2, 720);
    finger("up", 1, 250);
    await bench.run(3000);
    expect(bench.archive.state().positionMicros).toBeGreaterThan(START + 12 * GOP);
    bench.close();
  });
});
