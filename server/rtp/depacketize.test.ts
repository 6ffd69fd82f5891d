import { describe, expect, it } from "vitest";
import {
  AssemblerBench,
  aggregation,
  fragmentsH264,
  fragmentsH265,
  hex,
  idr,
  inter,
  SETS,
  slice,
  toHex,
} from "./testkit/packets.ts";

const { h264Sps: sps, h264Pps: pps } = SETS;

function startedH264(): AssemblerBench {
  return new AssemblerBench("h264").picture(0, sps, pps, idr(1)).picture(1, inter(2)).picture(2, inter(3));
}

describe("H.264 payloads (RFC 6184)", () => {
  const wanted = [toHex(sps), toHex(pps), toHex(idr(9))];

  it.each([
    { name: "single NAL units", payloads: [sps, pps, idr(9)] },
    { name: "STAP-A", payloads: [aggregation([0x78], [sps, pps, idr(9)])] },
    { name: "STAP-A with an empty unit", payloads: [aggregation([0x78], [sps, new Uint8Array(0), pps]), idr(9)] },
    { name: "STAP-B", payloads: [aggregation([0x79, 0, 1], [sps, pps, idr(9)])] },
    { name: "FU-A", payloads: [sps, pps, ...fragmentsH264(idr(9), 1)] },
    { name: "FU-A of a parameter set", payloads: [...fragmentsH264(sps, 5), pps, ...fragmentsH264(idr(9), 3)] },
    { name: "FU-A in one piece", payloads: [sps, pps, ...fragmentsH264(idr(9), 100)] },
    { name: "an empty payload between", payloads: [sps, new Uint8Array(0), pps, idr(9)] },
  ])("$name", ({ payloads }) => {
    const bench = startedH264().picture(3, ...payloads);
    expect(bench.pictures.at(-1)).toMatchObject({ timestamp: 3, keyframe: true });
    expect(bench.pictures.at(-1)?.nals).toEqual(wanted);
  });

  it.each([
    { name: "STAP-A whose size is beyond its end", payload: hex("7800ff6701") },
    { name: "STAP-A with a stray byte", payload: hex("780002417f00") },
    { name: "MTAP16", payload: hex("7a0000000667") },
    { name: "type 0", payload: hex("0011") },
    { name: "type 31", payload: hex("1f11") },
    { name: "FU-A without payload", payload: hex("7c85") },
  ])("damages the picture, not the stream: $name", ({ payload }) => {
    const bench = startedH264().picture(3, inter(4), payload).picture(4, inter(5)).picture(5, idr(6));
    expect(bench.timestamps).toEqual([0, 1, 2, 5]);
    expect(bench.assembler.malformed).toBe(1);
  });
});

describe("H.265 payloads (RFC 7798)", () => {
  const sets = [SETS.h265Vps, SETS.h265Sps, SETS.h265Pps];
  const key = slice([19 << 1, 1], true, 9);
  const wanted = [...sets, key].map(toHex);
  const withOrder = (nal: Uint8Array): Uint8Array => Uint8Array.from([...nal.subarray(0, 2), 0, 7, ...nal.subarray(2)]);

  it.each([
    { name: "single NAL units", orderNumbers: false, payloads: [...sets, key] },
    { name: "AP", orderNumbers: false, payloads: [aggregation([0x60, 1], [...sets, key])] },
    { name: "FU", orderNumbers: false, payloads: [aggregation([0x60, 1], sets), ...fragmentsH265(key, 2)] },
    { name: "single NAL units with DONL", orderNumbers: true, payloads: [...sets, key].map(withOrder) },
    {
      name: "AP with DONL and DOND",
      orderNumbers: true,
      payloads: [
        Uint8Array.from([
          0x60,
          1,
          0,
          7,
          ...[...sets, key].flatMap((nal, i) => [...(i > 0 ? [1] : []), 0, nal.length, ...nal]),
        ]),
      ],
    },
    {
      name: "FU with DONL",
      orderNumbers: true,
      payloads: [
        ...sets.map(withOrder),
        ...fragmentsH265(key, 2).map((payload, i) =>
          i === 0 ? Uint8Array.from([...payload.subarray(0, 3), 0, 7, ...payload.subarray(3)]) : payload,
        ),
      ],
    },
  ])("$name", ({ payloads, orderNumbers }) => {
    const bench = new AssemblerBench("h265", undefined, orderNumbers).picture(0, ...payloads).picture(1, ...payloads);
    expect(bench.pictures[0]?.nals).toEqual(wanted);
    expect(bench.assembler.malformed).toBe(0);
  });

  it.each([
    { name: "AP whose size is beyond its end", payload: hex("600100ff4001") },
    { name: "PACI", payload: hex("64010000") },
    { name: "too short", payload: hex("6201") },
    { name: "FU without payload", payload: hex("620193") },
  ])("damages the picture, not the stream: $name", ({ payload }) => {
    const bench = new AssemblerBench("h265")
      .picture(0, ...sets, key)
      .picture(1, payload)
      .picture(2, key)
      .picture(3, key);
    expect(bench.timestamps).toEqual([0, 2, 3]);
  });
});
