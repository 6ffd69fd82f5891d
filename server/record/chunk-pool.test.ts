import { expect, it } from "vitest";
import { CHUNK_BYTES, ChunkPool, Slabs } from "./chunk-pool.ts";

const SLAB = new Slabs();
SLAB.take();
const SLAB_BYTES = SLAB.bytes;
const perSlab = SLAB_BYTES / CHUNK_BYTES;

it("hands out no chunk twice, and none over the limit", () => {
  const slabs = new Slabs();
  const pool = new ChunkPool(slabs, 10 * CHUNK_BYTES);
  const other = new ChunkPool(slabs, 10 * CHUNK_BYTES);
  const taken = [...(pool.take(6) ?? []), ...(other.take(7) ?? []), ...(pool.take(4) ?? [])];
  expect(new Set(taken.map(({ byteOffset }) => byteOffset)).size).toBe(17);
  expect(taken.every(({ byteLength }) => byteLength === CHUNK_BYTES)).toBe(true);
  expect(pool.take(1)).toBeUndefined();
  pool.give(taken.slice(0, 6));
  expect(pool.usedBytes).toBe(4 * CHUNK_BYTES);
  expect(pool.take(6)).toHaveLength(6);
});

it("lets go of a slab that a peak needed, once nobody has used it for a while", () => {
  const slabs = new Slabs();
  const pool = new ChunkPool(slabs, 4 * SLAB_BYTES);
  const low = pool.take(perSlab) ?? [];
  const peak = pool.take(1) ?? [];
  expect(slabs.bytes).toBe(2 * SLAB_BYTES);
  slabs.trim();
  slabs.trim();
  expect(slabs.bytes).toBe(2 * SLAB_BYTES);
  pool.give(peak);
  slabs.trim();
  expect(slabs.bytes).toBe(SLAB_BYTES);
  pool.give(low);
  expect(pool.take(perSlab)).toHaveLength(perSlab);
  expect(slabs.bytes).toBe(SLAB_BYTES);
});

it("what was dropped is counted no more, and given to nobody", () => {
  const slabs = new Slabs();
  const pool = new ChunkPool(slabs, CHUNK_BYTES);
  const [hanging] = pool.take(1) ?? [];
  if (hanging) pool.drop([hanging]);
  const [next] = pool.take(1) ?? [];
  expect(next?.byteOffset).not.toBe(hanging?.byteOffset);
});
