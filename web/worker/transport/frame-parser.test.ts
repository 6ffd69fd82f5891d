import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCode } from "../../../shared/lib/errors.ts";
import { FrameStreamParser, readFrames } from "./frame-parser.ts";
import { frame, join } from "./testkit/frames.ts";

const frames = [frame(1, 0, true, 500), frame(2, 5, true, 0), frame(1, 1, false, 1), frame(1, 2, false, 90)];
const whole = join(frames);

describe("readFrames", () => {
  it("reads frames back to back", () => {
    const seen: number[] = [];
    readFrames(whole, ({ header }) => seen.push(header.sequence));
    expect(seen).toEqual([0, 5, 1, 2]);
  });

  it.each([
    ["cut within a payload", whole.subarray(0, whole.byteLength - 1), undefined],
    ["cut within a header", whole.subarray(0, 600), "wire.short"],
    ["no frame", new Uint8Array(100), "wire.magic"],
  ])("refuses %s", (_, bytes, code) => {
    let caught: unknown;
    try {
      readFrames(bytes, () => {});
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(Error);
    expect(errorCode(caught)).toBe(code);
  });
});

describe("FrameStreamParser", () => {
  const expected = frames.map(({ bytes }) => Buffer.from(bytes).toString("hex"));

  it("gives the same frames however the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const parser = new FrameStreamParser();
        const seen: Uint8Array[] = [];
        let offset = 0;
        for (let i = 0; offset < whole.byteLength; i++) {
          const end = Math.min(whole.byteLength, offset + (sizes[i % sizes.length] ?? 1));
          parser.push(whole.slice(offset, end), ({ bytes }) => seen.push(bytes));
          offset = end;
        }
        expect(seen.map((bytes) => Buffer.from(bytes).toString("hex"))).toEqual(expected);
        expect(parser.atBoundary).toBe(true);
      }),
    );
  });

  it("knows whether it ends within a frame", () => {
    const parser = new FrameStreamParser();
    parser.push(whole.slice(0, 30), () => {});
    expect(parser.atBoundary).toBe(false);
    parser.push(whole.slice(30, 100), () => {});
    expect(parser.atBoundary).toBe(false);
  });

  it("refuses a length over the limit before it allocates", () => {
    const bytes = frame(1, 0).bytes.slice();
    new DataView(bytes.buffer).setUint32(20, 0xffffffff);
    const parser = new FrameStreamParser();
    expect(() => parser.push(bytes, () => {})).toThrowError(/over the limit/);
  });
});
