import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { errorCode } from "../../shared/lib/errors.ts";
import { micros } from "../../shared/lib/time.ts";
import { indexClip, nalTypeOf, splitAnnexB } from "./annexb-clip.ts";
import { openClipLibrary } from "./clip-library.ts";
import { frameTemplate, packetsOf, stampFrame } from "./frame-template.ts";
import { packetisePicture } from "./h264-packetiser.ts";
import { encodeSenderReport } from "./sender-report.ts";
import { readStamp, sampleStamp, stampBlocks, stampGeometry } from "./stamp.ts";

const facts = { name: "test", width: 16, height: 16, framesPerSecond: 25 };
const nal = (type: number, ...rest: number[]): number[] => [0x60 | type, ...rest];
const annexB = (...nals: number[][]): Uint8Array => Uint8Array.from(nals.flatMap((bytes) => [0, 0, 0, 1, ...bytes]));

/** What a receiver does with RFC 6184 payloads, written independently of the packetiser. */
function reassemble(payloads: readonly Uint8Array[]): number[][] {
  const nals: number[][] = [];
  for (const payload of payloads) {
    const [head = 0, second = 0] = payload;
    if ((head & 31) === 24) {
      for (let at = 1; at < payload.length; ) {
        const size = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
        nals.push([...payload.subarray(at + 2, at + 2 + size)]);
        at += 2 + size;
      }
    } else if ((head & 31) === 28) {
      if (second & 0x80) nals.push([(head & 0xe0) | (second & 31)]);
      nals.at(-1)?.push(...payload.subarray(2));
    } else nals.push([...payload]);
  }
  return nals;
}

describe("clips", () => {
  test("pictures are grouped by their first slice; delimiters and filler are dropped", () => {
    const clip = indexClip(
      annexB(
        nal(9, 16),
        nal(7, 1, 2, 3),
        nal(8, 4),
        nal(5, 0x88, 1),
        nal(5, 0x41, 1),
        nal(9, 16),
        nal(1, 0x9a),
        nal(12, 9),
        nal(1, 0x80),
      ),
      facts,
    );
    expect(clip.frames.map(({ keyframe, nals }) => [keyframe, nals.map(nalTypeOf)])).toEqual([
      [true, [7, 8, 5, 5]],
      [false, [1]],
      [false, [1]],
    ]);
  });

  test("three-byte start codes and trailing zeros", () => {
    expect(splitAnnexB(Uint8Array.of(0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0)).map((bytes) => [...bytes])).toEqual([
      [0x67, 1],
      [0x68, 2],
    ]);
  });

  test.each([
    ["no parameter sets", annexB(nal(5, 0x88))],
    ["no keyframe first", annexB(nal(7, 1), nal(8, 1), nal(1, 0x88))],
  ])("%s: refused", (_name, bytes) => {
    let code: string | undefined;
    try {
      indexClip(bytes, facts);
    } catch (error) {
      code = errorCode(error);
    }
    expect(code).toBe("simulator.bad_clip");
  });

  test("every committed clip loads, has its whole GOPs and no B-frames' worth of reordering", async () => {
    const manifest = JSON.parse(await readFile(new URL("./clips/manifest.json", import.meta.url), "utf8")) as {
      clips: Record<string, unknown>;
    };
    const library = await openClipLibrary();
    const clips = await Promise.all(Object.keys(manifest.clips).map((name) => library.clip(name)));
    for (const clip of clips) {
      const keyframes = clip.frames.flatMap(({ keyframe }, index) => (keyframe ? [index] : []));
      expect(keyframes.length, clip.name).toBeGreaterThan(1);
      expect(new Set(keyframes.slice(1).map((at, index) => at - (keyframes[index] ?? 0))).size, clip.name).toBe(1);
    }
  });
});

describe("packetisation", () => {
  test.each([
    ["one small unit travels alone", [[0x65, 1, 2]], 1],
    [
      "small neighbours share a STAP-A",
      [
        [0x67, 1],
        [0x68, 2],
        [0x65, 3],
      ],
      1,
    ],
    ["a large unit is fragmented", [[0x65, ...Array.from({ length: 250 }, (_, at) => at & 255)]], 3],
    [
      "small ones before a large one",
      [
        [0x67, 1],
        [0x68, 2],
        [0x65, ...new Array<number>(150).fill(7)],
      ],
      3,
    ],
    ["exactly the limit stays whole", [[0x65, ...new Array<number>(99).fill(7)]], 1],
  ])("%s and comes back", (_name, nals, packets) => {
    const payloads = packetisePicture(
      nals.map((bytes) => Uint8Array.from(bytes)),
      100,
    );
    expect(payloads).toHaveLength(packets);
    expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(reassemble(payloads)).toEqual(nals);
  });

  test("sequence numbers wrap, only the last packet carries the marker, the template stays as it is", () => {
    const template = frameTemplate({
      nals: [Uint8Array.from([0x65, ...new Array<number>(4000).fill(1)])],
      keyframe: true,
    });
    const before = template.bytes.toString("hex");
    const bytes = stampFrame(template, { channel: 4, sequence: 0xffff, timestamp: 2 ** 32 + 5, ssrc: 0xdeadbeef });
    const packets = packetsOf(bytes, template.offsets);
    expect(packets.map((packet) => packet.readUInt16BE(2))).toEqual([0xffff, 0, 1]);
    expect(packets.map((packet) => (packet[1] ?? 0) >> 7)).toEqual([0, 0, 1]);
    expect(packets.map((packet) => packet.readUInt32BE(4))).toEqual([5, 5, 5]);
    expect(template.bytes.toString("hex")).toBe(before);
  });
});

test("a sender report carries NTP time to the microsecond and whole words", () => {
  const wallMicros = micros(1_700_000_000_250_000);
  const rtcp = encodeSenderReport({
    ssrc: 7,
    wallMicros,
    rtpTimestamp: 90,
    packetCount: 3,
    octetCount: 4,
    cname: "cam1",
  });
  expect(rtcp.readUInt32BE(8)).toBe(1_700_000_000 + 2_208_988_800);
  expect(rtcp.readUInt32BE(12) / 2 ** 32).toBeCloseTo(0.25, 6);
  expect(rtcp.length).toBe(28 + 4 * (rtcp.readUInt16BE(30) + 1));
});

describe("stamps", () => {
  test.each([0, 1, 299, 599, 4096, 65_535])("%i comes back from its blocks", (index) => {
    expect(readStamp(stampBlocks(index))).toBe(index);
  });

  test("one wrong block, all black and all white are no stamps", () => {
    const blocks = stampBlocks(321);
    for (let at = 0; at < blocks.length; at += 1) {
      expect(readStamp(blocks.map((white, index) => (index === at ? !white : white)))).toBeUndefined();
    }
    expect(readStamp(new Array<boolean>(20).fill(false))).toBeUndefined();
    expect(readStamp(new Array<boolean>(20).fill(true))).toBeUndefined();
  });

  test("is sampled in the middle of each block", () => {
    const blocks = stampBlocks(77);
    const luma = (x: number, y: number): number =>
      y < 32 / 360 && blocks[Math.floor(x * stampGeometry.blocks)] ? 235 : 16;
    expect(sampleStamp(luma)).toBe(77);
  });
});
