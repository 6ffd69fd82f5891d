import { describe, expect, it } from "vitest";
import { micros } from "../../shared/lib/time.ts";
import { DecodeOrder } from "./decode-order.ts";

function decode(order: DecodeOrder, frames: readonly number[]): number[] {
  return frames.map((frame) => order.next(micros(frame * 40_000)) / 40_000);
}

describe("decoding times", () => {
  it.each([
    { name: "no B pictures", depth: 0, pts: [0, 1, 2, 3], dts: [0, 1, 2, 3] },
    { name: "two B pictures, depth 1", depth: 1, pts: [0, 3, 1, 2, 6, 4, 5], dts: [-1, 0, 1, 2, 3, 4, 5] },
    { name: "a pyramid, depth 2", depth: 2, pts: [0, 4, 2, 1, 3, 8, 6, 5, 7], dts: [-2, -1, 0, 1, 2, 3, 4, 5, 6] },
    { name: "a depth that the stream does not use", depth: 1, pts: [0, 1, 2, 3], dts: [-1, 0, 1, 2] },
    { name: "a depth that had to be learnt", depth: 0, pts: [0, 3, 1, 2, 6, 4, 5], dts: [0, 3, 1, 2, 3, 4, 5] },
    {
      name: "a pyramid that had to be learnt",
      depth: 0,
      pts: [0, 4, 2, 1, 3, 8, 6, 5, 7],
      dts: [0, 4, 2, 1, 2, 3, 4, 5, 6],
    },
    { name: "a jump", depth: 1, pts: [0, 2, 1, 100, 102, 101], dts: [-1, 0, 1, 2, 100, 101] },
  ])("$name", ({ depth, pts, dts }) => {
    const order = new DecodeOrder();
    order.expect(depth, 40_000);
    expect(decode(order, pts)).toEqual(dts);
  });

  it("never passes a presentation time, whatever comes", () => {
    const order = new DecodeOrder();
    let seed = 1;
    for (let i = 0; i < 2000; i++) {
      seed = (seed * 1103515245 + 12345) % 0x80000000;
      const pts = micros(i * 40_000 + (seed % 400_000));
      expect(order.next(pts)).toBeLessThanOrEqual(pts);
    }
  });
});
