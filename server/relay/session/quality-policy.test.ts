import { describe, expect, it } from "vitest";
import { LADDER, rungForSize, rungKbps, tilePixels } from "./quality-policy.ts";

const levelOf = (rung: number): string | undefined => LADDER[rung]?.level;

describe("tilePixels", () => {
  it.each([
    [1920, 1080, 1080],
    [960, 540, 540],
    // Tall and narrow: the picture in it is as high as its width allows.
    [160, 1000, 90],
    [3000, 300, 300],
    [0, 0, 0],
  ])("%i x %i counts %i", (width, height, px) => {
    expect(tilePixels(width, height)).toBe(px);
  });
});

describe("rungForSize", () => {
  it.each([
    [0, "thumbnail"],
    [99, "thumbnail"],
    [100, "grid"],
    [399, "grid"],
    [400, "focused"],
    [800, "focused"],
    [801, "fullscreen"],
    [4000, "fullscreen"],
  ])("a new tile of %i px gets %s", (px, level) => {
    expect(levelOf(rungForSize(px, undefined))).toBe(level);
  });

  it.each([
    // px, had, gets: within 8 % of a bound nothing changes.
    [105, 1, "thumbnail"],
    [108, 1, "grid"],
    [95, 2, "grid"],
    [91, 2, "thumbnail"],
    [420, 2, "grid"],
    [432, 2, "focused"],
    [370, 3, "focused"],
    [367, 3, "grid"],
    [860, 3, "focused"],
    [865, 3, "fullscreen"],
    [740, 4, "fullscreen"],
    [735, 4, "focused"],
    // Over several bounds at once.
    [1080, 1, "fullscreen"],
    [50, 4, "thumbnail"],
  ])("%i px with rung %i before gets %s", (px, had, level) => {
    expect(levelOf(rungForSize(px, had))).toBe(level);
  });

  it("does not flap while a tile is resized around a bound", () => {
    let rung = rungForSize(400, undefined);
    const changes = [390, 410, 385, 405, 395, 415].filter((px) => {
      const next = rungForSize(px, rung);
      const changed = next !== rung;
      rung = next;
      return changed;
    });
    expect(changes).toEqual([]);
  });
});

describe("rungKbps", () => {
  const rate = { kbps: 1000, fps: 30, disposableKbps: 400, disposableFps: 20, keyframeKbps: 150 };
  const ladder = (index: number) => LADDER[index] ?? (LADDER[0] as (typeof LADDER)[number]);
  it.each([
    ["keyframes only", 0, rate, 150],
    ["all disposable frames go, more is needed", 1, rate, 600],
    ["some disposable frames go", 2, rate, 700],
    ["nothing to leave out", 2, { ...rate, disposableFps: 0, disposableKbps: 0 }, 1000],
    ["slower than the cap", 3, { ...rate, fps: 20 }, 1000],
    ["fullscreen", 4, rate, 1000],
  ])("%s", (_, rung, measured, kbps) => {
    expect(rungKbps(ladder(rung), measured)).toBeCloseTo(kbps);
  });
});
