import { describe, expect, it } from "vitest";
import { micros } from "../../shared/lib/time.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { SEGMENT_HEADER_BYTES } from "../../shared/wire/segment-file.ts";
import { type ByteSource, IndexBuilder, openSegment } from "./segment-reader.ts";
import { CAMERA, makeFrame, START } from "./testkit/recording.ts";

const FRAMES = Array.from({ length: 6 }, (_, sequence) =>
  makeFrame({ sequence, captureTime: START + sequence * 40_000, keyframe: sequence % 3 === 0, payload: 20 + sequence }),
);
const HEADER = {
  ...({ cameraId: CAMERA, streamId: 1, role: "main", suite: 1, keyId: 1, codec: 1 } as const),
  ...{ codecString: "avc1.640028", width: 640, height: 360, start: START, runId: CAMERA },
};

function segment(): { file: Uint8Array; ends: number[]; dataEnd: number } {
  const builder = new IndexBuilder();
  const ends = [SEGMENT_HEADER_BYTES];
  for (const { header, bytes } of FRAMES) {
    const at = ends.at(-1) ?? 0;
    builder.add(header, at);
    ends.push(at + bytes.byteLength);
  }
  const dataEnd = ends.at(-1) ?? 0;
  const parts = [encodeSegmentHeader(HEADER), ...FRAMES.map(({ bytes }) => bytes)];
  return { file: Buffer.concat([...parts, encodeSegmentIndex(builder.finish(dataEnd))]), ends, dataEnd };
}

/** As cold storage serves it: no file, and every read is counted. */
class Memory implements ByteSource {
  readonly #bytes: Uint8Array;
  largestRead = 0;
  closed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get bytes(): number {
    return this.#bytes.byteLength;
  }
  async readAt(offset: number, length: number): Promise<Uint8Array> {
    expect(offset).toBeGreaterThanOrEqual(0);
    this.largestRead = Math.max(this.largestRead, length);
    return this.#bytes.subarray(offset, offset + length);
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

describe("openSegment", () => {
  it("takes the index of a closed file, and rebuilds the same one from its frames", async () => {
    const { file, dataEnd } = segment();
    const closed = await openSegment(new Memory(file));
    const open = await openSegment(new Memory(file.subarray(0, dataEnd)));
    expect([closed.closed, open.closed]).toEqual([true, false]);
    expect(open.index).toEqual(closed.index);
    expect(closed.index).toMatchObject({ frames: 6, audioFrames: 0, start: START, end: micros(START + 240_000) });
    expect(closed.index.keyframes.map(({ ordinal }) => ordinal)).toEqual([0, 3]);
  });

  it("R2: of a file that ends anywhere, reads up to its last whole frame", async () => {
    const { file, ends, dataEnd } = segment();
    for (let bytes = SEGMENT_HEADER_BYTES; bytes < file.byteLength; bytes++) {
      const { index, closed } = await openSegment(new Memory(file.subarray(0, bytes)));
      const whole = ends.filter((end) => end <= Math.min(bytes, dataEnd)).length - 1;
      expect([closed, index.frames, index.dataEnd], `${bytes} bytes`).toEqual([false, whole, ends[whole]]);
    }
  });

  it("looks at nothing beyond what is readable, though the file has more", async () => {
    const { file, ends } = segment();
    const { index, closed } = await openSegment(new Memory(file), ends[4]);
    expect([closed, index.frames, index.dataEnd]).toEqual([false, 4, ends[4]]);
  });

  it("W103: with any byte of index or trailer changed, the frames say what is in the file", async () => {
    const { file, dataEnd } = segment();
    for (let at = dataEnd; at < file.byteLength; at++) {
      const bad = file.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      const source = new Memory(bad);
      const { index, closed } = await openSegment(source);
      expect([closed, index.frames, index.dataEnd]).toEqual([false, 6, dataEnd]);
      expect(source.largestRead).toBeLessThanOrEqual(file.byteLength);
    }
  });

  it("refuses what is no segment", async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(1000), segment().file.subarray(1)]) {
      await expect(openSegment(new Memory(bytes))).rejects.toMatchObject({ code: expect.stringMatching(/^segment\./) });
    }
  });
});
