import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { place } from "./geometry.ts";

const tile = { x: 10, y: 20, width: 400, height: 400 };
const whole = { x: 0, y: 0, width: 1, height: 1 };

describe("place", () => {
  test.each([
    ["a wide picture gets bars above and below", 1920, 1080, { x: 10, y: 107, width: 400, height: 225 }],
    ["a tall picture gets bars at the sides", 1080, 1920, { x: 97, y: 20, width: 225, height: 400 }],
    ["a square picture gets none", 500, 500, tile],
  ])("contain: %s", (_, width, height, target) => {
    expect(place(tile, width, height, "contain")).toEqual({ target, source: whole });
  });

  test("cover crops about the middle", () => {
    const { target, source } = place(tile, 1600, 800, "cover");
    expect(target).toEqual(tile);
    expect(source).toEqual({ x: 0.25, y: 0, width: 0.5, height: 1 });
  });

  test("a view is a window into the picture and is fitted like one", () => {
    const view = { x: 0.5, y: 0.25, width: 0.25, height: 0.5 };
    expect(place(tile, 1600, 800, "contain", view)).toEqual({ target: tile, source: view });
  });

  test.each([
    ["outside", { x: 2, y: -1, width: 0.5, height: 0.5 }, { x: 0.5, y: 0, width: 0.5, height: 0.5 }],
    ["too large", { x: 0, y: 0, width: 3, height: 3 }, whole],
    ["empty", { x: 0, y: 0, width: 0, height: 1 }, whole],
    ["no numbers", { x: Number.NaN, y: 0, width: Number.NaN, height: 1 }, whole],
  ])("a view that is %s is brought back into the picture", (_, view, source) => {
    expect(place({ ...tile, height: 400 }, 400, 400, "cover", view).source).toEqual(source);
  });

  test("a picture without a size fills the tile", () => {
    expect(place(tile, 0, 0, "contain").target).toEqual(tile);
  });

  test("targets are whole pixels within the tile, whatever the sizes", () => {
    const size = fc.integer({ min: 1, max: 8192 });
    fc.assert(
      fc.property(size, size, size, size, fc.constantFrom("contain", "cover"), (w, h, width, height, fit) => {
        const { target, source } = place({ x: 3, y: 5, width: w, height: h }, width, height, fit);
        const { x, y } = target;
        expect([x, y, target.width, target.height].every(Number.isInteger)).toBe(true);
        expect(x >= 3 && y >= 5 && x + target.width <= 3 + w && y + target.height <= 5 + h).toBe(true);
        expect(source.x >= 0 && source.x + source.width <= 1 + 1e-9).toBe(true);
        expect(source.y >= 0 && source.y + source.height <= 1 + 1e-9).toBe(true);
      }),
    );
  });
});
