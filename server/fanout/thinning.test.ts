import { describe, expect, it } from "vitest";
import { FrameMaker, kindsOf } from "./testing/frames.ts";
import { Thinner, type Thinning } from "./thinning.ts";

function thin(thinning: Thinning, kinds: string, fps = 10): string {
  const thinner = new Thinner(thinning);
  return kindsOf(new FrameMaker(fps).frames(kinds).filter(({ header }) => thinner.keep(header)));
}

describe("thinning", () => {
  it.each([
    ["all", "KPbPaKb", "KPbPaKb"],
    ["reference", "KPbPabK", "KPPaK"],
    ["keyframes", "KPbPaKPK", "KaKK"],
  ] as const)("W40: %s of %s is %s", (mode, kinds, kept) => {
    expect(thin({ mode }, kinds)).toBe(kept);
  });

  it("W40: a cap on fps leaves out disposable frames first", () => {
    expect(thin({ mode: "fps", maxFps: 5 }, "KbPbPbPbPbKbPbPbPbPb")).toBe("KPPPPKPPPP");
  });

  it("W40: without disposable frames it leaves out a GOP's tail, once it knows how long a GOP is", () => {
    expect(thin({ mode: "fps", maxFps: 5 }, "KPPPPPPPPPKPPPPPPPPPKPPPPPPPPP")).toBe("KPPPPPPPPPKPPPPPKPPPPP");
  });

  it("W40: a stream at its cap is left alone", () => {
    const kinds = "KPPPPPPPPPPPPPP".repeat(4);
    expect(thin({ mode: "fps", maxFps: 15 }, kinds, 15)).toBe(kinds);
    const disposable = "KbPbPbPbPbPbPbP".repeat(4);
    expect(thin({ mode: "fps", maxFps: 15 }, disposable, 15)).toBe(disposable);
  });

  it("W40: switching to all in the middle of a thinned GOP waits for the next keyframe", () => {
    const thinner = new Thinner({ mode: "keyframes" });
    const maker = new FrameMaker();
    const kept = maker.frames("KPP").filter(({ header }) => thinner.keep(header));
    thinner.set({ mode: "all" });
    kept.push(...maker.frames("PbKPb").filter(({ header }) => thinner.keep(header)));
    expect(kindsOf(kept)).toBe("KKPb");
  });

  it("W40: switching to all where only disposable frames were left out takes effect at once", () => {
    const thinner = new Thinner({ mode: "reference" });
    const maker = new FrameMaker();
    const kept = maker.frames("Kb").filter(({ header }) => thinner.keep(header));
    thinner.set({ mode: "all" });
    kept.push(...maker.frames("Pb").filter(({ header }) => thinner.keep(header)));
    expect(kindsOf(kept)).toBe("KPb");
  });
});
