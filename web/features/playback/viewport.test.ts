import { describe, expect, test } from "vitest";
import {
  centredOn,
  DAY,
  endOf,
  following,
  HOUR,
  MINUTE,
  panBy,
  pinch,
  SECOND,
  SPAN,
  toMicros,
  toX,
  windowFor,
  zoomAbout,
} from "./viewport.ts";

const NOON = Date.parse("2026-11-20T12:00:00Z") * 1000;

describe("the viewport", () => {
  test("keeps what is under the pointer when it zooms, from a second to a quarter of a year", () => {
    let view = centredOn(NOON, DAY);
    for (const factor of [2, 3, 0.4, 10, 0.1]) {
      const before = toMicros(view, 300, 1000);
      view = zoomAbout(view, factor, 0.3);
      expect(Math.abs(toMicros(view, 300, 1000) - before)).toBeLessThanOrEqual(2);
    }
    for (let i = 0; i < 60; i += 1) view = zoomAbout(view, 2, 0.5);
    expect(view.spanMicros).toBe(SECOND);
    for (let i = 0; i < 60; i += 1) view = zoomAbout(view, 0.5, 0.5);
    expect(view.spanMicros).toBe(SPAN.max);
  });

  test("maps there and back and moves with the pointer", () => {
    const view = centredOn(NOON, HOUR);
    expect(toMicros(view, toX(view, NOON + MINUTE, 800), 800)).toBe(NOON + MINUTE);
    expect(view.startMicros - panBy(view, 0.25).startMicros).toBe(HOUR / 4);
  });

  test("two fingers keep what lies under them", () => {
    const view = centredOn(NOON, HOUR);
    const [left, right] = [toMicros(view, 400, 1000), toMicros(view, 600, 1000)];
    const next = pinch(view, [0.4, 0.6], [0.3, 0.8]);
    expect(next.spanMicros).toBe(HOUR / 2.5);
    expect(Math.abs(toX(next, left, 1000) - 300)).toBeLessThan(0.01);
    expect(Math.abs(toX(next, right, 1000) - 800)).toBeLessThan(0.01);
  });

  test("follows the playhead only when it leaves, with room in its direction", () => {
    const view = centredOn(NOON, HOUR);
    expect(following(view, NOON, true)).toBe(view);
    const on = following(view, endOf(view) - SECOND, true);
    expect(toX(on, endOf(view) - SECOND, 100)).toBeCloseTo(10, 1);
    expect(following(on, endOf(view) - SECOND, true)).toBe(on);
    expect(toX(following(view, view.startMicros, false), view.startMicros, 100)).toBeCloseTo(90, 1);
  });

  test.each([SECOND, MINUTE, HOUR, DAY, 30 * DAY])(
    "a span of %i µs asks the server the same for small moves",
    (span) => {
      const view = centredOn(NOON, span);
      const asked = [0, 0.02, 0.04, 0.06].map((fraction) => JSON.stringify(windowFor(panBy(view, fraction))));
      expect(new Set(asked).size).toBeLessThanOrEqual(2);
      const { startMicros, endMicros, resolutionMicros } = windowFor(view);
      expect(startMicros).toBeLessThanOrEqual(view.startMicros);
      expect(endMicros).toBeGreaterThanOrEqual(endOf(view));
      expect(resolutionMicros).toBeLessThanOrEqual(span / 900);
      expect((endMicros - startMicros) / resolutionMicros).toBeLessThan(6000);
      expect(Number.isSafeInteger(startMicros) && Number.isSafeInteger(endMicros)).toBe(true);
    },
  );
});
