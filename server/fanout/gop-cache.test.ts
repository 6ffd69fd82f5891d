import { expect, it } from "vitest";
import { readFrame, type SealedFrame, writeHeader } from "../../shared/wire/sealed-frame.ts";
import { GopCache } from "./gop-cache.ts";
import { FRAME_BYTES, FrameMaker } from "./testing/frames.ts";

/** Frames as they arrive: views of one batch that holds much else. */
function batch(kinds: string, maker: FrameMaker): SealedFrame[] {
  const memory = new Uint8Array(1_000_000);
  return maker.frames(kinds).map(({ header }, index) => {
    writeHeader(header, memory, index * FRAME_BYTES);
    memory.fill(header.sequence + 1, (index + 1) * FRAME_BYTES - 100, (index + 1) * FRAME_BYTES);
    const frame = readFrame(memory, index * FRAME_BYTES);
    if (!frame) throw new Error("half a frame");
    return frame;
  });
}

const memoryOf = (cache: GopCache): number =>
  [...new Set(cache.frames.flatMap(({ bytes, header }) => [bytes.buffer, header.nonce.buffer]))].reduce(
    (sum, { byteLength }) => sum + byteLength,
    0,
  );

it("lets go of batches once their frames have been cached over four rounds, and keeps every byte", () => {
  const cache = new GopCache();
  const maker = new FrameMaker();
  const first = batch("KPb", maker);
  for (const frame of first) cache.push(frame);
  cache.compact();
  for (const frame of batch("P", maker)) cache.push(frame);
  for (let round = 0; round < 3; round++) cache.compact();
  expect(memoryOf(cache)).toBe(2_000_000);
  cache.compact();
  expect(memoryOf(cache)).toBe(1_000_000 + 3 * FRAME_BYTES);
  expect(cache.frames.slice(0, 3)).toEqual(first);
  cache.compact();
  expect(memoryOf(cache)).toBe(4 * FRAME_BYTES);
  expect(cache.frames.map(({ header }) => header.sequence)).toEqual([0, 1, 2, 3]);
});

it("starts anew with every keyframe", () => {
  const cache = new GopCache({ maxFrames: 3, maxBytes: 1_000_000 });
  const maker = new FrameMaker();
  for (const frame of batch("KPP", maker)) cache.push(frame);
  cache.compact();
  for (const frame of batch("P", maker)) cache.push(frame);
  expect(cache.truncated).toBe(true);
  for (let round = 0; round < 4; round++) cache.compact();
  expect(memoryOf(cache)).toBe(FRAME_BYTES);
  for (const frame of batch("K", maker)) cache.push(frame);
  for (let round = 0; round < 4; round++) cache.compact();
  expect(memoryOf(cache)).toBe(1_000_000);
  cache.compact();
  expect(memoryOf(cache)).toBe(FRAME_BYTES);
  expect(cache.frames.map(({ header }) => header.sequence)).toEqual([4]);
});
