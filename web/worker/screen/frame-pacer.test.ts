import { beforeEach, expect, test } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { settled } from "../../testkit/fake-decoder.ts";
import { FramePacer } from "./frame-pacer.ts";

let clock: SimulatedClock;
let frames: (() => void)[];
let presents: number;
let finish: () => void;
let pacer: FramePacer;

beforeEach(() => {
  clock = new SimulatedClock();
  frames = [];
  presents = 0;
  pacer = new FramePacer({
    clock,
    requestFrame: (run) => frames.push(run),
    present: () => {
      presents++;
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
  });
});

function animate(): void {
  for (const run of frames.splice(0)) run();
}

test("draws once per animation frame however often something changes", () => {
  pacer.request();
  pacer.request();
  expect(frames).toHaveLength(1);
  animate();
  expect(presents).toBe(1);
});

test("draws nothing when nothing changed", async () => {
  pacer.request();
  animate();
  finish();
  await settled();
  expect(frames).toHaveLength(0);
});

test("a change during drawing is drawn in the next frame, never at the same time", async () => {
  pacer.request();
  animate();
  pacer.request();
  expect(frames).toHaveLength(0);
  finish();
  await settled();
  expect(frames).toHaveLength(1);
});

test("keeps the least interval", async () => {
  pacer.minIntervalMs = 50;
  pacer.request();
  animate();
  finish();
  await settled();
  pacer.request();
  expect(frames).toHaveLength(0);
  clock.advance(millis(50));
  expect(frames).toHaveLength(1);
});

test("after close nothing is drawn", () => {
  pacer.request();
  pacer.close();
  animate();
  pacer.request();
  expect([presents, frames.length]).toEqual([0, 0]);
});
