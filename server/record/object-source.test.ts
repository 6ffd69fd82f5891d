import { describe, expect, it } from "vitest";
import { ObjectReader } from "./object-source.ts";

const KIB = 1024;
const content = Uint8Array.from({ length: 100 * KIB + 17 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

function reader(options: { maxBytes?: number; ahead?: number } = {}) {
  const asked: [number, number][] = [];
  const state = { failing: false };
  const objects = new ObjectReader(
    async (_, offset, length) => {
      asked.push([offset / KIB, length]);
      if (state.failing) throw new Error("away");
      return content.slice(offset, offset + length);
    },
    { blockBytes: 10 * KIB, maxBytes: options.maxBytes ?? 1024 * KIB, ahead: options.ahead ?? 2 },
  );
  return { objects, source: objects.source(1, content.byteLength), asked, state };
}

describe("an object's bytes", () => {
  it("are what was asked for, within and across blocks, up to the end", async () => {
    const { source } = reader();
    for (const [offset, length] of [
      [0, 10],
      [10 * KIB - 5, 10],
      [3 * KIB, 40 * KIB],
      [100 * KIB, 1000],
      [content.byteLength, 10],
    ] as const) {
      expect(Buffer.from(await source.readAt(offset, length))).toEqual(
        Buffer.from(content.subarray(offset, offset + length)),
      );
    }
  });

  it("are fetched once, and the next ones before they are asked for, in both directions", async () => {
    const { source, asked } = reader();
    await source.readAt(0, 100);
    expect(asked.map(([at]) => at)).toEqual([0]);
    await source.readAt(10 * KIB, 100);
    expect(asked.map(([at]) => at)).toEqual([0, 10, 20, 30]);
    await source.readAt(20 * KIB, 10 * KIB);
    expect(asked.map(([at]) => at)).toEqual([0, 10, 20, 30, 40]);
    await source.readAt(90 * KIB, 10);
    await source.readAt(80 * KIB, 10);
    expect(asked.slice(5).map(([at]) => at)).toEqual([90, 80, 70, 60]);
  });

  it("are held within a bound, the least recently used let go", async () => {
    const { objects, source, asked } = reader({ maxBytes: 30 * KIB, ahead: 0 });
    for (let block = 0; block < 10; block++) await source.readAt(block * 10 * KIB, 10);
    expect(objects.heldBytes).toBeLessThanOrEqual(30 * KIB);
    await source.readAt(90 * KIB, 10);
    expect(asked).toHaveLength(10);
    await source.readAt(0, 10);
    expect(asked).toHaveLength(11);
  });

  it("that could not be fetched are fetched anew", async () => {
    const { objects, source, asked, state } = reader();
    state.failing = true;
    await expect(source.readAt(0, 10)).rejects.toThrow("away");
    expect(objects.heldBytes).toBe(0);
    state.failing = false;
    expect(await source.readAt(0, 10)).toHaveLength(10);
    expect(asked).toHaveLength(2);
  });
});
