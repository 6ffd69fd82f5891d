import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isZoomed, MAX_ZOOM, panBy, pictureRect, WHOLE, zoomAt, zoomFactor } from "./digital-zoom.ts";

describe("digital zoom", () => {
  test("keeps the point under the pointer", () => {
    const view = zoomAt(WHOLE, 2, 0.25, 0.75);
    expect(view).toEqual({ x: 0.125, y: 0.375, width: 0.5, height: 0.5 });
    expect(view.x + view.width * 0.25).toBeCloseTo(0.25);
    expect(view.y + view.height * 0.75).toBeCloseTo(0.75);
  });

  test("ends at the whole picture and at the largest factor", () => {
    expect(zoomAt(WHOLE, 0.2, 0.5, 0.5)).toEqual(WHOLE);
    expect(zoomFactor(zoomAt(WHOLE, 1000, 0.5, 0.5))).toBe(MAX_ZOOM);
    expect(isZoomed(WHOLE)).toBe(false);
    expect(isZoomed(zoomAt(WHOLE, 1.1, 0.5, 0.5))).toBe(true);
  });

  test("dragging moves the picture with the pointer and stops at its edge", () => {
    const view = zoomAt(WHOLE, 2, 0.5, 0.5);
    expect(panBy(view, 0.1, 0)).toEqual({ ...view, x: 0.2 });
    expect(panBy(view, -9, 9)).toEqual({ ...view, x: 0.5, y: 0 });
  });

  test("no sequence of gestures leaves the picture", () => {
    const step = fc.record({
      factor: fc.double({ min: 0.1, max: 10, noNaN: true }),
      x: fc.double({ min: -1, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let view = WHOLE;
        for (const { factor, x } of steps) view = panBy(zoomAt(view, factor, x, x), x, -x);
        expect(view.x).toBeGreaterThanOrEqual(0);
        expect(view.y).toBeGreaterThanOrEqual(0);
        expect(view.x + view.width).toBeLessThanOrEqual(1 + 1e-9);
        expect(view.width).toBe(view.height);
      }),
    );
  });
});

describe("where the picture lies in its tile", () => {
  test.each([
    ["contain", 200, 100, { x: 11.11, y: 0, width: 177.78, height: 100 }],
    ["contain", 100, 100, { x: 0, y: 21.875, width: 100, height: 56.25 }],
    ["cover", 100, 100, { x: -38.89, y: 0, width: 177.78, height: 100 }],
  ] as const)("%s in %i x %i", (fit, width, height, expected) => {
    const rect = pictureRect(width, height, 16 / 9, fit);
    expect(rect.x).toBeCloseTo(expected.x, 2);
    expect(rect.y).toBeCloseTo(expected.y, 2);
    expect(rect.width).toBeCloseTo(expected.width, 2);
    expect(rect.height).toBeCloseTo(expected.height, 2);
  });

  test("fills the tile while the format is unknown", () => {
    expect(pictureRect(100, 50, 0, "contain")).toEqual({ x: 0, y: 0, width: 100, height: 50 });
  });
});
