import { describe, expect, test } from "vitest";
import type { TimelineCamera } from "../../../shared/api/recording.ts";
import { barsOf, cameraRow, type Span, whatIsAt } from "./bars.ts";
import { SECOND, viewportAt } from "./viewport.ts";

const START = Date.parse("2026-11-20T12:00:00Z") * 1000;
const view = viewportAt(START, 100 * SECOND);
const span = (from: number, to: number): Span => [START + from * SECOND, START + to * SECOND];
const marks = (from: number, to: number) => ({ startMicros: START + from * SECOND, endMicros: START + to * SECOND });

const camera: TimelineCamera = {
  cameraId: "0a000000-0000-4000-8000-000000000001",
  recorded: [[START, START + 90 * SECOND]],
  gaps: [{ ...marks(90, 95), reason: "camera-offline", frames: 3 }],
  events: [{ ...marks(60, 61), kind: "motion", count: 1, title: null }],
  bookmarks: [{ id: "0a000000-0000-4000-8000-000000000002", ...marks(30, 40), title: "Van", colour: "blue" }],
  locked: [],
};

describe("bars", () => {
  test("are cut to the view, and never thinner than wished", () => {
    const bars = barsOf([span(-50, -10), span(-5, 10), span(20, 20.001), span(95, 300), span(400, 500)], view, 1000, 2);
    expect(bars).toEqual([
      { x: 0, width: 100 },
      { x: 200, width: 2 },
      { x: 950, width: 50 },
    ]);
  });

  test("that would touch are one: a month of spans costs no more than its pixels", () => {
    const many = Array.from({ length: 50_000 }, (_, index) => span(index / 500, index / 500 + 0.0015));
    const bars = barsOf(many, view, 1000);
    expect(bars.length).toBe(1);
    expect(bars[0]?.width).toBeCloseTo(1000, -1);
  });

  test("say what lies under the pointer", () => {
    expect(whatIsAt(camera, START + 35 * SECOND, 0)).toMatchObject({ recorded: true, bookmark: { title: "Van" } });
    expect(whatIsAt(camera, START + 92 * SECOND, 0)).toMatchObject({ recorded: false, gap: { frames: 3 } });
    expect(whatIsAt(camera, START + 62 * SECOND, SECOND)).toMatchObject({ event: { kind: "motion" } });
    expect(whatIsAt(undefined, START, 0)).toMatchObject({ recorded: false, gap: undefined });
    expect(cameraRow(camera).gaps).toEqual([span(90, 95)]);
  });
});
