import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlanTile, planBandwidth } from "./bandwidth-plan.ts";

/** Costs in kbit/s: keyframes, thumbnail, grid, focused, fullscreen. */
const COSTS = [100, 500, 500, 4000, 4000];

function tile(cameraId: string, px: number, desired: number, granted?: number): PlanTile {
  return { cameraId, px, desired, granted, kbpsByRung: COSTS.slice(0, desired + 1) };
}

const plan = (tiles: PlanTile[], kbps: number, up = true): Record<string, number> =>
  Object.fromEntries(planBandwidth(tiles, kbps, up));

describe("planBandwidth", () => {
  it("grants what is desired while it fits", () => {
    expect(plan([tile("a", 500, 3), tile("b", 200, 2)], 50_000)).toEqual({ a: 3, b: 2 });
  });

  it("steps down tile by tile, the smaller tiles first among equals", () => {
    const tiles = [tile("a", 700, 3), tile("b", 500, 3), tile("c", 600, 3)];
    expect(plan(tiles, 9000)).toEqual({ a: 3, b: 2, c: 3 });
    expect(plan(tiles, 5000)).toEqual({ a: 3, b: 2, c: 2 });
    expect(plan(tiles, 1500)).toEqual({ a: 2, b: 2, c: 2 });
  });

  it("skips steps that save nothing", () => {
    // Thumbnail costs as much as grid here: only keyframes help.
    expect(plan([tile("a", 200, 2), tile("b", 300, 2)], 700)).toEqual({ a: 0, b: 2 });
  });

  it("grants keyframes of everything when nothing else fits", () => {
    expect(plan([tile("a", 200, 2), tile("b", 300, 4)], 10)).toEqual({ a: 0, b: 0 });
  });

  it("steps up only with leave, and only where 85 % of the budget suffice", () => {
    const lowered = [tile("a", 700, 3, 2), tile("b", 600, 2, 2)];
    expect(plan(lowered, 5000, false)).toEqual({ a: 2, b: 2 });
    // 4500 of 5000 is more than 85 %.
    expect(plan(lowered, 5000, true)).toEqual({ a: 2, b: 2 });
    expect(plan(lowered, 5300, true)).toEqual({ a: 3, b: 2 });
  });

  it("follows a smaller wish at once", () => {
    expect(plan([tile("a", 50, 1, 4)], 50_000, false)).toEqual({ a: 1 });
  });

  it("never grants more than desired, nor more than the budget while keyframes fit", () => {
    const tiles = fc.array(
      fc.record({ px: fc.integer({ min: 1, max: 2000 }), desired: fc.nat(4), granted: fc.option(fc.nat(4)) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(tiles, fc.integer({ min: 100, max: 60_000 }), fc.boolean(), (wishes, kbps, up) => {
        const given = wishes.map(({ px, desired, granted }, index) =>
          tile(String(index), px, desired, granted === null ? undefined : granted),
        );
        const result = planBandwidth(given, kbps, up);
        let total = 0;
        for (const entry of given) {
          const rung = result.get(entry.cameraId) ?? Number.NaN;
          expect(rung).toBeLessThanOrEqual(entry.desired);
          total += COSTS[rung] ?? Number.NaN;
        }
        expect(total).toBeLessThanOrEqual(Math.max(kbps, given.length * 100));
      }),
    );
  });
});
