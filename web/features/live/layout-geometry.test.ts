import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cellCount,
  columnHeight,
  columnRects,
  isInView,
  isLayoutKind,
  kindFor,
  LAYOUT_GRIDS,
  LAYOUT_KINDS,
  neighbour,
  type Rect,
  tileRects,
} from "./layout-geometry.ts";

const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe("layout grids", () => {
  test.each([
    ["1", 1],
    ["2x2", 4],
    ["3x3", 9],
    ["4x4", 16],
    ["5x5", 25],
    ["6x6", 36],
    ["8x8", 64],
    ["1+5", 6],
    ["1+7", 8],
    ["1+12", 13],
  ] as const)("%s has %i cells", (kind, count) => {
    expect(cellCount(kind)).toBe(count);
  });

  test.each(LAYOUT_KINDS)("the cells of %s cover its grid exactly once", (kind) => {
    const { columns, rows, cells } = LAYOUT_GRIDS[kind];
    const covered = cells.flatMap(({ column, row, span }) =>
      Array.from(
        { length: span * span },
        (_, index) => (row + Math.floor(index / span)) * columns + column + (index % span),
      ),
    );
    expect(covered.toSorted((a, b) => a - b)).toEqual(Array.from({ length: columns * rows }, (_, index) => index));
  });

  test("the first cell of a 1+n layout is the large one", () => {
    expect(LAYOUT_GRIDS["1+5"].cells[0]?.span).toBe(2);
    expect(LAYOUT_GRIDS["1+7"].cells[0]?.span).toBe(3);
    expect(LAYOUT_GRIDS["1+12"].cells[0]).toEqual({ column: 1, row: 1, span: 2 });
  });

  test("the grid for n cameras is the smallest even one that holds them", () => {
    expect([0, 1, 2, 4, 5, 9, 10, 26, 37, 64, 500].map(kindFor)).toEqual([
      "1",
      "1",
      "2x2",
      "2x2",
      "3x3",
      "3x3",
      "4x4",
      "6x6",
      "8x8",
      "8x8",
      "8x8",
    ]);
  });

  test("only known kinds are kinds", () => {
    expect(isLayoutKind("1+12")).toBe(true);
    expect(["7x7", "toString", "", null, 3].some(isLayoutKind)).toBe(false);
  });
});

describe("tile rectangles", () => {
  test("a 3x3 wall of 1660 x 934 with a gap of 4", () => {
    const rects = tileRects("3x3", 1660, 934, 4);
    expect(rects[0]).toEqual({ x: 0, y: 0, width: 551, height: 309 });
    expect(rects[8]).toEqual({ x: 1109, y: 625, width: 551, height: 309 });
  });

  test("for any area: whole pixels, inside, apart by the gap, sizes of equal cells within one pixel", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LAYOUT_KINDS),
        fc.integer({ min: 200, max: 7680 }),
        fc.integer({ min: 200, max: 4320 }),
        fc.integer({ min: 0, max: 12 }),
        (kind, width, height, gap) => {
          const rects = tileRects(kind, width, height, gap);
          const small = rects.filter((_, index) => LAYOUT_GRIDS[kind].cells[index]?.span === 1);
          for (const rect of rects) {
            expect(Object.values(rect).every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
            expect(rect.x + rect.width).toBeLessThanOrEqual(width);
            expect(rect.y + rect.height).toBeLessThanOrEqual(height);
          }
          expect(Math.max(...rects.map((rect) => rect.x + rect.width))).toBe(width);
          expect(Math.max(...rects.map((rect) => rect.y + rect.height))).toBe(height);
          expect(
            Math.max(...small.map((rect) => rect.width)) - Math.min(...small.map((rect) => rect.width)),
          ).toBeLessThanOrEqual(1);
          for (const [index, a] of rects.entries()) {
            const grown = { x: a.x - gap, y: a.y - gap, width: a.width + 2 * gap, height: a.height + 2 * gap };
            expect(rects.slice(index + 1).some((b) => overlap(gap === 0 ? a : grown, b) && gap > 0)).toBe(false);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("an area smaller than its gaps gives empty tiles, not negative ones", () => {
    expect(tileRects("8x8", 10, 10, 4).every((rect) => rect.width >= 0 && rect.height >= 0)).toBe(true);
  });
});

describe("the column of a phone", () => {
  test("16:9 tiles under each other", () => {
    expect(columnRects(2, 320, 4)).toEqual([
      { x: 0, y: 0, width: 320, height: 180 },
      { x: 0, y: 184, width: 320, height: 180 },
    ]);
    expect(columnHeight(2, 320, 4)).toBe(364);
    expect(columnHeight(0, 320, 4)).toBe(0);
  });

  test("a tile is in view as long as one pixel row is", () => {
    const tile = { x: 0, y: 184, width: 320, height: 180 };
    expect(isInView(tile, 0, 184)).toBe(false);
    expect(isInView(tile, 1, 184)).toBe(true);
    expect(isInView(tile, 363, 184)).toBe(true);
    expect(isInView(tile, 364, 184)).toBe(false);
  });
});

describe("moving the selection", () => {
  const grid = tileRects("3x3", 900, 900, 0);
  test.each([
    [4, "left", 3],
    [4, "right", 5],
    [4, "up", 1],
    [4, "down", 7],
    [0, "left", 0],
    [8, "down", 8],
    [2, "right", 2],
  ] as const)("from %i %s to %i", (from, direction, to) => {
    expect(neighbour(grid, from, direction)).toBe(to);
  });

  test("into and out of the large tile", () => {
    const rects = tileRects("1+5", 900, 900, 0);
    expect(neighbour(rects, 0, "right")).toBe(1);
    expect(neighbour(rects, 2, "left")).toBe(0);
    expect(neighbour(rects, 0, "down")).toBe(3);
  });

  test("from nowhere to the first tile; with no tiles it stays", () => {
    expect(neighbour(grid, -1, "left")).toBe(0);
    expect(neighbour([], 3, "left")).toBe(3);
  });
});
