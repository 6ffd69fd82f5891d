import { beforeEach, describe, expect, test } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { PlaybackCommand, PlaybackState } from "../../engine/worker-protocol.ts";
import { PlaybackController } from "./playback-controller.ts";
import { createTimelineStore, type TimelineStore } from "./timeline-store.ts";

const LIVE: PlaybackState = {
  mode: "live",
  positionMicros: undefined,
  rate: 1,
  buffering: false,
  loop: undefined,
  free: [],
};
const AT = 1_699_999_000_000_000;

let clock: SimulatedClock;
let sent: PlaybackCommand[];
let state: PlaybackState;
let store: TimelineStore;
let controller: PlaybackController;
let tell: (next: Partial<PlaybackState>) => void;

beforeEach(() => {
  clock = new SimulatedClock();
  sent = [];
  state = LIVE;
  const listeners = new Set<() => void>();
  tell = (next) => {
    state = { ...state, ...next };
    for (const listener of listeners) listener();
  };
  store = createTimelineStore(clock.utcMicros());
  const engine = {
    command: (command: PlaybackCommand) => void sent.push(command),
    playback: () => state,
    onPlayback: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  controller = new PlaybackController({ engine, clock, store, tileId: () => "tile" });
  controller.listen();
});

const archive = (rate: number, more: Partial<PlaybackState> = {}): void =>
  tell({ mode: "archive", positionMicros: AT, rate, ...more });

describe("the transport", () => {
  test("pausing the live wall freezes it; playing goes on at the speed and direction of before", () => {
    controller.togglePlay();
    archive(-4);
    controller.togglePlay();
    archive(0);
    controller.togglePlay();
    expect(sent).toEqual([
      { kind: "rate", rate: 0 },
      { kind: "rate", rate: 0 },
      { kind: "rate", rate: -4 },
    ]);
  });

  test("the shuttle doubles in its direction, turns round at once, and stays live when forward", () => {
    controller.shuttle(1);
    expect(sent).toEqual([]);
    controller.shuttle(-1);
    for (const rate of [-1, -8, -16, 2]) {
      archive(rate);
      controller.shuttle(-1);
    }
    expect(sent.map((command) => (command.kind === "rate" ? command.rate : undefined))).toEqual([-1, -2, -16, -16, -1]);
  });

  test("a speed chosen while paused waits for play, and keeps the direction", () => {
    archive(-1);
    controller.setSpeed(8);
    archive(0);
    controller.setSpeed(2);
    expect(controller.speed()).toBe(2);
    controller.togglePlay();
    expect(sent).toEqual([
      { kind: "rate", rate: -8 },
      { kind: "rate", rate: -2 },
    ]);
  });

  test("stepping pauses first", () => {
    archive(1);
    controller.step(-1);
    archive(0);
    controller.step(1);
    expect(sent).toEqual([
      { kind: "rate", rate: 0 },
      { kind: "step", direction: -1, tileId: "tile" },
      { kind: "step", direction: 1, tileId: "tile" },
    ]);
  });

  test("nobody seeks into the future, and a seek shows where it went", () => {
    controller.seek(clock.utcMicros() + 5_000_000);
    expect(sent).toEqual([{ kind: "seek", micros: clock.utcMicros() }]);
    controller.seek(AT, { scrub: true });
    const before = store.get().view;
    expect(sent.at(-1)).toEqual({ kind: "seek", micros: AT, scrub: true });
    controller.seek(AT - 90 * 86_400_000_000);
    expect(store.get().view).not.toEqual(before);
    expect(store.get().follow).toBe(true);
  });
});

describe("the position", () => {
  test("goes on between two messages, not for long, and not while pictures are awaited", () => {
    archive(2);
    clock.advance(millis(100));
    expect(controller.position().micros).toBe(AT + 200_000);
    clock.advance(millis(10_000));
    expect(controller.position().micros).toBe(AT + 600_000);
    archive(2, { buffering: true });
    clock.advance(millis(100));
    expect(controller.position().micros).toBe(AT);
  });
});

describe("SYNC", () => {
  test("off: commands are for the selected tile, whose own clock is shown; on again: all together", () => {
    archive(1);
    controller.toggleSync();
    controller.setRate(2);
    expect(sent).toEqual([{ kind: "rate", rate: 2, tileId: "tile" }]);
    archive(1, { free: [{ tileId: "tile", positionMicros: AT - 5, rate: 0 }] });
    expect(controller.position()).toMatchObject({ micros: AT - 5, rate: 0, live: false });
    controller.toggleSync();
    controller.setRate(1);
    expect(sent.slice(1)).toEqual([{ kind: "sync" }, { kind: "rate", rate: 1 }]);
  });
});

describe("loops", () => {
  test("loop the range that is marked, from its start when outside, and end by the same key", () => {
    archive(1);
    controller.toggleLoop();
    expect(sent).toEqual([]);
    const range = { startMicros: AT + 1_000_000, endMicros: AT + 9_000_000 };
    store.dispatch({ type: "select", range });
    controller.toggleLoop();
    expect(sent).toEqual([
      { kind: "loop", ...range },
      { kind: "seek", micros: range.startMicros },
    ]);
    archive(1, { loop: range });
    controller.toggleLoop();
    expect(sent.at(-1)).toEqual({ kind: "no-loop" });
  });
});
