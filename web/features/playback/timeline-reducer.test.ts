import { describe, expect, test } from "vitest";
import { commandFor } from "../live/keyboard-map.ts";
import { playbackKeyFor } from "./playback-keys.ts";
import { initialTimeline, type TimelineAction, type TimelineState, timelineReducer } from "./timeline-reducer.ts";
import { contains, SECOND } from "./viewport.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z") * 1000;
const run = (...actions: TimelineAction[]): TimelineState =>
  actions.reduce<TimelineState>(timelineReducer, initialTimeline(NOW));

describe("what is marked", () => {
  test("a start and an end make a range, in either order; a slip of the hand makes none", () => {
    const start: TimelineAction = { type: "mark-start", micros: NOW };
    expect(run(start).markedMicros).toBe(NOW);
    expect(run(start, { type: "mark-end", micros: NOW + SECOND })).toMatchObject({
      selection: { startMicros: NOW, endMicros: NOW + SECOND },
      markedMicros: undefined,
    });
    expect(run(start, { type: "mark-end", micros: NOW - SECOND }).selection).toBeUndefined();
    const range = { startMicros: NOW, endMicros: NOW + 9 * SECOND };
    expect(run({ type: "select", range }, { type: "mark-start", micros: NOW + SECOND }).selection).toEqual({
      startMicros: NOW + SECOND,
      endMicros: NOW + 9 * SECOND,
    });
    expect(run({ type: "select", range: { startMicros: NOW, endMicros: NOW + 5 } }).selection).toBeUndefined();
  });
});

describe("the view", () => {
  test("follows until it is moved by hand, and again after going somewhere", () => {
    const far = NOW + 30 * 86_400 * SECOND;
    expect(contains(run({ type: "playhead", micros: far, forward: true }).view, far)).toBe(true);
    const moved = run({ type: "pan", fraction: 0.1 });
    expect(timelineReducer(moved, { type: "playhead", micros: far, forward: true })).toBe(moved);
    expect(contains(timelineReducer(moved, { type: "reveal", micros: far }).view, far)).toBe(true);
    const zoomed = run({ type: "zoom", factor: 2, at: 0.85 });
    expect(zoomed).toMatchObject({ follow: true });
    expect(timelineReducer(zoomed, { type: "reveal", micros: NOW }).view).toBe(zoomed.view);
  });
});

describe("keys", () => {
  const key = (code: string, shiftKey = false) => ({
    key: code.startsWith("Arrow") ? code : "x",
    code,
    shiftKey,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
  });
  const codes = [..."JKLPNYMG"].map((letter) => `Key${letter}`).concat("Comma", "Period", "BracketLeft", "Backslash");

  test("none of playback's is one of the wall's", () => {
    for (const code of codes) {
      expect(playbackKeyFor(key(code), false, true), code).toBeDefined();
      expect(commandFor(key(code), false), code).toBeUndefined();
    }
    for (const code of ["KeyL", "KeyM", "ArrowLeft", "ArrowRight"]) {
      expect(playbackKeyFor(key(code, true), false, true), code).toBeDefined();
      expect(commandFor(key(code, true), false), code).toBeUndefined();
    }
  });

  test("the space bar plays in the archive and picks up tiles on the live wall; text is text", () => {
    expect(playbackKeyFor(key("Space"), false, true)).toBe("play");
    expect(playbackKeyFor(key("Space"), false, false)).toBeUndefined();
    expect(playbackKeyFor(key("KeyJ"), true, true)).toBeUndefined();
    expect(playbackKeyFor({ ...key("KeyL"), ctrlKey: true }, false, true)).toBeUndefined();
  });
});
