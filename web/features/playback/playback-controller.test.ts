import { beforeEach, describe, expect, test } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import {
  type FreeClock,
  LIVE_PLAYBACK,
  type PlaybackCommand,
  type PlaybackState,
} from "../../engine/worker-protocol.ts";
import { PlaybackController, type PlaybackEngine } from "./playback-controller.ts";
import { createTimelineStore, type TimelineStore } from "./timeline-store.ts";

const AT = 1_699_999_000_000_000;

let clock: SimulatedClock;
let sent: PlaybackCommand[];
let state: PlaybackState;
let store: TimelineStore;
let controller: PlaybackController;
let engine: PlaybackEngine;
let tell: (next: Partial<PlaybackState>) => void;

beforeEach(() => {
  clock = new SimulatedClock();
  sent = [];
  state = LIVE_PLAYBACK;
  const listeners = new Set<() => void>();
  tell = (next) => {
    state = { ...state, ...next };
    for (const listener of listeners) listener();
  };
  store = createTimelineStore(clock.utcMicros());
  engine = {
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

const own = (changes: Partial<FreeClock> = {}): FreeClock => ({
  ...{ tileId: "tile", positionMicros: AT, rate: 1, buffering: false, loop: undefined },
  ...changes,
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

describe("who shows the transport", () => {
  test("hears of a change once it can be read here, even who came before the controller listened", () => {
    const early = new PlaybackController({ engine, clock, store, tileId: () => "tile" });
    const shown: number[] = [];
    const stop = early.subscribe(() => shown.push(early.position().rate));
    early.listen();
    archive(4);
    archive(0);
    stop();
    archive(2);
    expect(shown).toEqual([1, 4, 0]);
  });

  test("hears of what the engine is not told, or has not answered yet", () => {
    archive(0);
    const shown: (readonly [number, number])[] = [];
    let version = controller.version();
    controller.subscribe(() => {
      expect(controller.version()).not.toBe(version);
      version = controller.version();
      shown.push([controller.speed(), controller.position().micros - AT]);
    });
    controller.setSpeed(4);
    controller.seek(AT - 60_000_000);
    expect(shown).toEqual([
      [4, 0],
      [4, -60_000_000],
    ]);
  });
});

describe("SYNC", () => {
  test("off: commands are for the selected tile, whose own clock is shown; on again: all together", () => {
    archive(1);
    controller.toggleSync();
    controller.setRate(2);
    expect(sent).toEqual([{ kind: "rate", rate: 2, tileId: "tile" }]);
    archive(1, { free: [own({ positionMicros: AT - 5, rate: 0 })] });
    expect(controller.position()).toMatchObject({ micros: AT - 5, rate: 0, live: false });
    controller.toggleSync();
    controller.setRate(1);
    expect(sent.slice(1)).toEqual([{ kind: "sync" }, { kind: "rate", rate: 1 }]);
  });

  test("a tile that is live beside others in the archive is at the present, not where they are", () => {
    controller.toggleSync();
    archive(0, { liveTiles: ["tile"], loop: { startMicros: AT, endMicros: AT + 9_000_000 } });
    expect(controller.position()).toEqual({ micros: clock.utcMicros(), rate: 1, live: true });
    expect(controller.looped).toBeUndefined();
    controller.jumpBy(-10_000_000);
    expect(sent).toEqual([{ kind: "seek", micros: clock.utcMicros() - 10_000_000, tileId: "tile" }]);
  });

  test("another tile's waiting holds up nothing of this one's clock", () => {
    archive(1, { buffering: true, free: [own()] });
    clock.advance(millis(100));
    expect(controller.position().micros).toBe(AT + 100_000);
    archive(1, { free: [own({ buffering: true })] });
    clock.advance(millis(100));
    expect(controller.position().micros).toBe(AT);
  });

  test("off: a step is the tile's alone, which pauses it on a clock of its own", () => {
    controller.toggleSync();
    archive(0);
    controller.step(1);
    archive(0, { free: [own({ rate: 0 })] });
    controller.step(1);
    expect(sent).toEqual([
      { kind: "rate", rate: 0, tileId: "tile" },
      { kind: "step", direction: 1, tileId: "tile" },
      { kind: "step", direction: 1, tileId: "tile" },
    ]);
  });

  test("off: a loop is the tile's alone, and so is what is said of it", () => {
    controller.toggleSync();
    const range = { startMicros: AT - 1_000_000, endMicros: AT + 9_000_000 };
    store.dispatch({ type: "select", range });
    archive(1, { free: [own()] });
    controller.toggleLoop();
    expect(controller.looped).toBeUndefined();
    archive(1, { free: [own({ loop: range })] });
    expect(controller.looped).toEqual(range);
    controller.toggleLoop();
    expect(sent).toEqual([
      { kind: "loop", ...range, tileId: "tile" },
      { kind: "no-loop", tileId: "tile" },
    ]);
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
