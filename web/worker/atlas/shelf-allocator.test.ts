import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShelfAllocator, type Slot } from "./shelf-allocator.ts";

function overlap(a: Slot, b: Slot): boolean {
  return (
    a.layer === b.layer && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
  );
}

function must(slot: Slot | undefined): Slot {
  if (!slot) throw new Error("no room");
  return slot;
}

describe("ShelfAllocator", () => {
  test("rectangles of one height share a shelf", () => {
    const allocator = new ShelfAllocator(1024, 1);
    const slots = [must(allocator.allocate(640, 360)), must(allocator.allocate(320, 360))];
    expect(slots.map(({ x, y }) => [x, y])).toEqual([
      [0, 0],
      [640, 0],
    ]);
  });

  test("what is freed is used again, also in the middle of a shelf", () => {
    const allocator = new ShelfAllocator(900, 1);
    const [, middle] = [1, 2, 3].map(() => must(allocator.allocate(300, 300)));
    allocator.allocate(900, 600);
    expect(allocator.allocate(300, 300)).toBeUndefined();
    allocator.free(must(middle));
    expect(allocator.allocate(300, 300)).toEqual(middle);
  });

  test("neighbouring free stretches become one", () => {
    const allocator = new ShelfAllocator(900, 1);
    const slots = [1, 2, 3].map(() => must(allocator.allocate(300, 900)));
    for (const index of [0, 2, 1]) allocator.free(must(slots[index]));
    expect(allocator.allocate(900, 900)).toBeDefined();
  });

  test("an emptied shelf gives its height to other heights", () => {
    const allocator = new ShelfAllocator(1000, 1);
    const low = [1, 2, 3, 4].map(() => must(allocator.allocate(1000, 250)));
    expect(allocator.allocate(1000, 500)).toBeUndefined();
    allocator.free(must(low[1]));
    allocator.free(must(low[2]));
    expect(allocator.allocate(1000, 500)).toMatchObject({ y: 250 });
  });

  test("grows in side first, then in layers; slots keep their places", () => {
    const allocator = new ShelfAllocator(1024, 1);
    const first = must(allocator.allocate(1024, 1024));
    expect(allocator.growthFor(640, 360, 8192, 64)).toEqual({ side: 2048, layers: 1 });
    allocator.grow(2048, 1);
    expect(overlap(first, must(allocator.allocate(640, 360)))).toBe(false);
    const full = new ShelfAllocator(4096, 1);
    full.allocate(4096, 4096);
    expect(full.growthFor(640, 360, 8192, 64)).toEqual({ side: 4096, layers: 2 });
    full.grow(4096, 2);
    expect(full.allocate(640, 360)).toMatchObject({ layer: 1 });
  });

  test("a picture larger than a layer enlarges the layers; larger than the device is refused", () => {
    const allocator = new ShelfAllocator(4096, 1);
    expect(allocator.growthFor(7680, 4320, 8192, 64)).toEqual({ side: 8192, layers: 1 });
    expect(allocator.growthFor(7680, 4320, 4096, 64)).toBeUndefined();
    expect(allocator.growthFor(640, 360, 4096, 1)).toBeUndefined();
  });

  test("whatever is allocated and freed, nothing ever overlaps or leaves the texture", () => {
    const size = fc.constantFrom([640, 360], [320, 360], [352, 288], [1920, 1080], [960, 1080], [1280, 720], [99, 101]);
    const step = fc.oneof(fc.record({ size }), fc.record({ free: fc.nat(30) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const allocator = new ShelfAllocator(1024, 1);
        const live: Slot[] = [];
        for (const action of steps) {
          if ("free" in action) {
            const [slot] = live.splice(action.free, 1);
            if (slot) allocator.free(slot);
            continue;
          }
          const [width = 0, height = 0] = action.size;
          let slot = allocator.allocate(width, height);
          while (!slot) {
            const growth = allocator.growthFor(width, height, 8192, 8);
            if (!growth) throw new Error("no growth");
            allocator.grow(growth.side, growth.layers);
            slot = allocator.allocate(width, height);
          }
          const { side, layers } = allocator;
          expect(slot.x + slot.width <= side && slot.y + slot.height <= side && slot.layer < layers).toBe(true);
          for (const other of live) expect(overlap(slot, other)).toBe(false);
          live.push(slot);
        }
        for (const slot of live) allocator.free(slot);
        const { side, layers } = allocator;
        for (let layer = 0; layer < layers; layer++) expect(allocator.allocate(side, side)).toBeDefined();
      }),
      { numRuns: 200 },
    );
  });
});
