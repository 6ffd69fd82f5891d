import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCode } from "../lib/errors.ts";
import { micros } from "../lib/time.ts";
import {
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  readFrame,
  readHeader,
  type SealedHeader,
  sealedFrameBytes,
  writeHeader,
} from "./sealed-frame.ts";

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const safe = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
const headers: fc.Arbitrary<SealedHeader> = fc
  .record({
    suite: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 0xffff }),
    codec: fc.integer({ min: 0, max: 255 }),
    streamId: u32,
    keyId: u32,
    epoch: u32,
    length: fc.integer({ min: 0, max: 2000 }),
    sequence: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    captureTime: safe,
    pts: safe,
    arrivalTime: safe,
    ptsMinusDts: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
    nonce: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  })
  .map((header) => ({
    ...header,
    captureTime: micros(header.captureTime),
    pts: micros(header.pts),
    arrivalTime: micros(header.arrivalTime),
    ptsMinusDts: micros(header.ptsMinusDts),
  }));

const KNOWN = ["wire.short", "wire.magic", "wire.version", "wire.length", "wire.number"];

describe("sealed frame", () => {
  it("W1 W6: what is written is read, at any offset", () => {
    fc.assert(
      fc.property(headers, fc.nat({ max: 40 }), (header, offset) => {
        const bytes = new Uint8Array(offset + sealedFrameBytes(header.length));
        writeHeader(header, bytes, offset);
        const read = readHeader(bytes, offset);
        expect({ ...read, nonce: [...read.nonce] }).toEqual({ ...header, nonce: [...header.nonce] });
        const frame = readFrame(bytes, offset);
        expect(frame?.bytes.byteLength).toBe(HEADER_BYTES + header.length + 16);
        expect(readFrame(bytes.subarray(0, bytes.byteLength - 1), offset)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it("W1: frames back to back are read one after the other", () => {
    fc.assert(
      fc.property(fc.array(headers, { minLength: 1, maxLength: 6 }), (list) => {
        const bytes = new Uint8Array(list.reduce((sum, { length }) => sum + sealedFrameBytes(length), 0));
        let offset = 0;
        for (const header of list) {
          writeHeader(header, bytes, offset);
          offset += sealedFrameBytes(header.length);
        }
        const sequences: number[] = [];
        let at = 0;
        for (let frame = readFrame(bytes, at); frame; frame = readFrame(bytes, at)) {
          sequences.push(frame.header.sequence);
          at += frame.bytes.byteLength;
        }
        expect(sequences).toEqual(list.map(({ sequence }) => sequence));
        expect(at).toBe(bytes.byteLength);
      }),
    );
  });

  it("W2: any bytes are a frame, not yet a frame, or refused with a known code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 320 }), (bytes, offset) => {
        try {
          const frame = readFrame(bytes, offset);
          if (frame) expect(frame.bytes.byteLength).toBeLessThanOrEqual(bytes.byteLength);
        } catch (error) {
          expect(KNOWN).toContain(errorCode(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("W2 W90: a header with one changed byte is read or refused, never misread as longer than the limit", () => {
    fc.assert(
      fc.property(headers, fc.nat({ max: HEADER_BYTES - 1 }), fc.integer({ min: 0, max: 255 }), (header, at, value) => {
        const bytes = new Uint8Array(sealedFrameBytes(header.length));
        writeHeader(header, bytes, 0);
        bytes[at] = value;
        try {
          expect(readHeader(bytes).length).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
        } catch (error) {
          expect(KNOWN).toContain(errorCode(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
