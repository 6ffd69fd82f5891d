import { expect, test } from "vitest";
import { KeyGate, type PlaybackKey } from "./playback-keys.ts";

function gateWithFrames(): { gate: KeyGate; frame: () => void } {
  const waiting: (() => void)[] = [];
  const gate = new KeyGate((run) => waiting.push(run));
  const frame = (): void => {
    for (const run of waiting.splice(0)) run();
  };
  return { gate, frame };
}

test.each<PlaybackKey>(["jump-on", "jump-back", "step-on", "step-back"])("%s held down: once in a frame", (key) => {
  const { gate, frame } = gateWithFrames();
  expect(gate.admits(key, false)).toBe(true);
  expect([gate.admits(key, true), gate.admits(key, true)]).toEqual([true, false]);
  // A press of its own is never lost.
  expect(gate.admits(key, false)).toBe(true);
  frame();
  expect(gate.admits(key, true)).toBe(true);
});

test.each<PlaybackKey>([
  "play",
  "forward",
  "backward",
  "next",
  "previous",
  "bookmark",
  "sync",
  "loop",
  "sound",
  "live",
])("%s held down is one press", (key) => {
  const { gate, frame } = gateWithFrames();
  expect(gate.admits(key, false)).toBe(true);
  frame();
  expect(gate.admits(key, true)).toBe(false);
  expect(gate.admits(key, false)).toBe(true);
});
