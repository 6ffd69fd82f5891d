import { describe, expect, it } from "vitest";
import { AssemblerBench, fragmentsH264, hex, idr, inter, SETS, slice, toHex, unused } from "./testkit/packets.ts";

const { h264Sps: sps, h264Sps1080: sps1080, h264Pps: pps } = SETS;

/** Two pictures that prove the camera's markers, then nothing waits for the next timestamp. */
function started(): AssemblerBench {
  return new AssemblerBench("h264").picture(0, sps, pps, idr(1)).picture(1, inter(2)).picture(2, inter(3));
}

describe("pictures", () => {
  it("end at the marker once the camera has proven that it sets it well", () => {
    const bench = new AssemblerBench("h264").picture(0, sps, pps, idr(1));
    expect(bench.timestamps).toEqual([]);
    bench.picture(1, inter(2));
    expect(bench.timestamps).toEqual([0]);
    bench.picture(2, inter(3));
    expect(bench.timestamps).toEqual([0, 1, 2]);
    bench.picture(3, inter(4));
    expect(bench.timestamps).toEqual([0, 1, 2, 3]);
  });

  it("end at the next timestamp where a camera never sets the marker", () => {
    const bench = new AssemblerBench("h264");
    for (const nal of [sps, pps, idr(1)]) bench.push(0, false, nal);
    for (let i = 1; i < 5; i++) bench.push(i, false, inter(i + 1));
    expect(bench.timestamps).toEqual([0, 1, 2, 3]);
  });

  it("hold all their slices, though the camera sets the marker on each", () => {
    const bench = new AssemblerBench("h264");
    for (const nal of [sps, pps, idr(1), idr(2, false)]) bench.push(0, true, nal);
    for (let i = 1; i < 20; i++) bench.push(i, true, inter(9)).push(i, true, inter(8, false));
    expect(bench.timestamps).toEqual(Array.from({ length: 19 }, (_, i) => i));
    for (const { nals } of bench.pictures.slice(1)) expect(nals).toEqual([toHex(inter(9)), toHex(inter(8, false))]);
  });

  it("lose at most one to markers that turn wrong, and recover at the next keyframe", () => {
    const bench = started();
    bench.push(3, true, inter(4)).push(3, true, inter(5, false));
    for (let i = 4; i < 8; i++) bench.push(i, true, inter(9)).push(i, true, inter(8, false));
    bench.push(8, true, idr(1)).push(8, true, idr(2, false)).push(9, true, inter(1));
    expect(bench.timestamps).toEqual([0, 1, 2, 3, 8]);
    expect(bench.pictures.at(-1)).toMatchObject({ keyframe: true, discontinuity: true });
    expect(bench.pictures.at(-1)?.nals).toEqual([toHex(sps), toHex(pps), toHex(idr(1)), toHex(idr(2, false))]);
  });

  it("end where the next begins, though both have the same timestamp", () => {
    const bench = started();
    bench
      .push(7, false, inter(4))
      .push(7, false, inter(5))
      .push(7, false, hex("0910"))
      .push(7, false, inter(6))
      .push(8, false, inter(7));
    expect(bench.timestamps).toEqual([0, 1, 2, 7, 7, 7]);
  });

  it("hold slices that a camera stamped each anew", () => {
    const bench = new AssemblerBench("h264");
    for (const nal of [sps, pps, idr(1)]) bench.push(0, false, nal);
    bench
      .push(5, true, idr(2, false))
      .push(10, false, inter(3))
      .push(15, true, inter(4, false))
      .push(20, false, inter(5));
    expect(bench.pictures.map(({ nals }) => nals.length)).toEqual([4, 2]);
  });

  it("have parameter sets in front of every keyframe, once", () => {
    const bench = started();
    bench.picture(3, idr(4)).picture(4, sps, pps, sps, pps, idr(5)).picture(5, pps, idr(6));
    const sets = [toHex(sps), toHex(pps)];
    expect(bench.pictures.slice(3).map(({ nals }) => nals)).toEqual([
      [...sets, toHex(idr(4))],
      [...sets, toHex(idr(5))],
      [...sets, toHex(idr(6))],
    ]);
  });

  it("stay one where parameter sets stand between their slices (GStreamer's rtph264pay)", () => {
    const bench = started();
    bench.picture(3, sps, pps, idr(4), sps, pps, idr(5, false));
    expect(bench.pictures.at(-1)?.nals).toEqual([toHex(sps), toHex(pps), toHex(idr(4)), toHex(idr(5, false))]);
  });

  it("get parameter sets that came with the picture before", () => {
    const bench = new AssemblerBench("h264")
      .picture(0, sps)
      .picture(0, pps)
      .picture(1, idr(1))
      .picture(2, inter(2))
      .picture(3, inter(3));
    expect(bench.pictures[0]?.nals).toEqual([toHex(sps), toHex(pps), toHex(idr(1))]);
    expect(bench.pictures[0]?.timestamp).toBe(1);
  });

  it("are not delivered before a keyframe with its parameter sets", () => {
    const bench = new AssemblerBench("h264")
      .picture(0, inter(1))
      .picture(1, idr(2))
      .picture(2, inter(3))
      .picture(3, sps, pps, idr(4))
      .picture(4, inter(5));
    expect(bench.timestamps).toEqual([3, 4]);
    expect(bench.assembler.discarded).toBe(3);
    expect(bench.pictures[0]?.discontinuity).toBe(true);
  });

  it("use the parameter sets of the SDP", () => {
    const bench = new AssemblerBench("h264");
    expect(bench.assembler.addParameterSet(sps)).toBe(true);
    expect(bench.assembler.addParameterSet(pps)).toBe(true);
    expect(bench.formats).toEqual(["640x360"]);
    bench.picture(0, idr(1)).picture(1, inter(2)).picture(2, inter(3));
    expect(bench.pictures[0]?.nals).toEqual([toHex(sps), toHex(pps), toHex(idr(1))]);
  });

  it("say on the keyframe that the codec's parameters changed", () => {
    const bench = started();
    bench.picture(3, sps1080, pps, idr(4)).picture(4, idr(5));
    expect(bench.formats).toEqual(["640x360", "1920x1080"]);
    expect(bench.pictures.map(({ codecChange }) => codecChange)).toEqual([false, false, false, true, false]);
    expect(bench.pictures[4]?.nals[0]).toBe(toHex(sps1080));
  });

  it("are discarded from a loss to the next keyframe", () => {
    const bench = started();
    bench.push(3, false, inter(4));
    bench.assembler.lost();
    bench.push(3, true, inter(5, false)).picture(4, inter(6)).picture(5, idr(7)).picture(6, inter(8));
    expect(bench.timestamps).toEqual([0, 1, 2, 5, 6]);
    expect(bench.pictures.map(({ discontinuity }) => discontinuity)).toEqual([true, false, false, true, false]);
    expect(bench.assembler.discarded).toBe(2);
  });

  it("are discarded when their first fragments were lost, a keyframe too", () => {
    const bench = started();
    const [, ...rest] = fragmentsH264(idr(4), 2);
    bench.assembler.lost();
    rest.forEach((payload, i) => {
      bench.push(3, i === rest.length - 1, payload);
    });
    bench.picture(4, inter(5)).picture(5, idr(6));
    expect(bench.timestamps).toEqual([0, 1, 2, 5]);
  });

  it("are put together from fragments, though the camera forgot the end bit", () => {
    const bench = started();
    const payloads = fragmentsH264(inter(4), 2).map((payload) => payload.with(1, (payload[1] as number) & 0xbf));
    payloads.forEach((payload, i) => {
      bench.push(3, i === payloads.length - 1, payload);
    });
    bench.picture(4, inter(5));
    expect(bench.pictures[3]?.nals).toEqual([toHex(inter(4))]);
  });

  it("lose delimiters and fillers, and keep SEI", () => {
    const bench = started();
    const sei = hex("0605 0411 2233 4480");
    bench.picture(3, hex("0910"), sei, inter(4), hex("0cffff80"));
    expect(bench.pictures.at(-1)?.nals).toEqual([toHex(sei), toHex(inter(4))]);
  });

  it("are disposable when nothing refers to them", () => {
    const bench = started().picture(3, unused(4)).picture(4, inter(5));
    expect(bench.pictures.map(({ disposable }) => disposable)).toEqual([false, false, false, true, false]);
  });

  it("begin at recovery points in a stream that has no IDR", () => {
    const recovery = hex("0601 0188 0604 0104".replaceAll(" ", "")).slice(0, 3);
    const sei = Uint8Array.of(0x06, 0x06, 0x01, 0xc4, 0x80);
    const bench = new AssemblerBench("h264")
      .picture(0, sps, pps, inter(1))
      .picture(1, recovery, inter(2))
      .picture(2, sei, inter(3))
      .picture(3, inter(4));
    expect(bench.timestamps).toEqual([2, 3]);
    expect(bench.pictures[0]).toMatchObject({ keyframe: true, disposable: false });
    // Once an IDR has come, they are ordinary pictures.
    bench.picture(4, idr(5)).picture(5, sei, inter(6));
    expect(bench.pictures.map(({ keyframe }) => keyframe)).toEqual([true, false, true, false]);
  });

  it("larger than the limit are discarded, and their memory with them", () => {
    const bench = new AssemblerBench("h264", { accessUnitBytes: 40_000, nalsPerUnit: 8 });
    bench.picture(0, sps, pps, idr(1)).picture(1, inter(2)).picture(2, inter(3));
    bench.picture(3, slice([0x41], true, 1, 39_900), slice([0x41], false, 1, 39_900)).picture(4, idr(4));
    bench.picture(5, ...Array.from({ length: 9 }, (_, i) => inter(i, i === 0))).picture(6, idr(5));
    expect(bench.timestamps).toEqual([0, 1, 2, 4, 6]);
    expect(bench.assembler.discarded).toBe(2);
  });

  it("are no longer waited for from a camera that sends little but broken payloads", () => {
    const bench = started();
    const flood = (): void => {
      for (let i = 0; i < 10_000; i++) bench.push(i, true, hex("1f11"));
    };
    expect(flood).toThrowError(expect.objectContaining({ code: "rtsp.protocol" }));
    const forgiving = started();
    for (let i = 3; i < 1003; i++) {
      forgiving.picture(i * 2, idr(i));
      for (let j = 0; j < 16; j++) forgiving.push(i * 2 + 1, false, hex("1f11"));
    }
    expect(forgiving.assembler.malformed).toBe(16_000);
    expect(forgiving.pictures.length).toBe(1003);
  });

  it("never come from parameter sets alone, however many", () => {
    const bench = new AssemblerBench("h264", { accessUnitBytes: 1 << 20, nalsPerUnit: 64 });
    for (let i = 0; i < 1000; i++) bench.picture(i, sps, pps);
    expect(bench.pictures).toEqual([]);
    bench.picture(2000, sps, pps, idr(1)).picture(2001, inter(2));
    expect(bench.timestamps).toEqual([2000, 2001]);
  });
});

describe("H.265 pictures", () => {
  const sets = [SETS.h265Vps, SETS.h265Sps, SETS.h265Pps];
  const nal = (type: number, fill: number, first = true, layer = 1): Uint8Array =>
    slice([type << 1, layer], first, fill);

  it("have all three parameter sets in front of every keyframe", () => {
    const bench = new AssemblerBench("h265")
      .picture(0, ...sets, nal(19, 1))
      .picture(1, nal(1, 2))
      .picture(2, nal(20, 3))
      .picture(3, nal(1, 4));
    expect(bench.formats).toEqual(["1280x720"]);
    expect(bench.pictures[2]?.nals).toEqual([...sets, nal(20, 3)].map(toHex));
    expect(bench.pictures.map(({ keyframe }) => keyframe)).toEqual([true, false, true, false]);
  });

  it("that lead a CRA are skipped where decoding starts there, and kept where it goes on", () => {
    const bench = new AssemblerBench("h265")
      .picture(0, ...sets, nal(21, 1))
      .picture(1, nal(8, 2))
      .picture(2, nal(1, 3))
      .picture(3, nal(21, 4))
      .picture(4, nal(9, 5))
      .picture(5, nal(1, 6));
    expect(bench.timestamps).toEqual([0, 2, 3, 4, 5]);
    bench.assembler.lost();
    bench.picture(6, nal(1, 7)).picture(7, nal(21, 8)).picture(8, nal(9, 9)).picture(9, nal(1, 10));
    expect(bench.timestamps).toEqual([0, 2, 3, 4, 5, 7, 9]);
  });

  it("are disposable as sub-layer non-reference pictures of the highest layer", () => {
    const bench = new AssemblerBench("h265")
      .picture(0, ...sets, nal(19, 1))
      .picture(1, nal(0, 2))
      .picture(2, nal(1, 3))
      .picture(3, nal(1, 3));
    expect(bench.pictures.map(({ disposable }) => disposable)).toEqual([false, true, false, false]);
  });
});
