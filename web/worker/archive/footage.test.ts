import { beforeEach, describe, expect, test } from "vitest";
import { micros } from "../../../shared/lib/time.ts";
import { FLAG, readFrame, type SealedFrame, sealedFrameBytes, writeHeader } from "../../../shared/wire/sealed-frame.ts";
import { Footage } from "./footage.ts";
import { type Gop, GopAssembler, makeGop, pictureAt } from "./gop.ts";
import type { EndMessage, ReadRequest, SourceMessage } from "./line-reads.ts";
import { type Aim, planRead } from "./read-plan.ts";

/** Times in the tests are seconds; a GOP is one second of four pictures. */
const S = 1_000_000;
const NOW = 100_000 * S;

function sealed(captureMicros: number, flags: number, pts = captureMicros, codec = 1): SealedFrame {
  const bytes = new Uint8Array(sealedFrameBytes(1000));
  const stamp = {
    captureTime: micros(captureMicros),
    arrivalTime: micros(0),
    pts: micros(pts),
    ptsMinusDts: micros(0),
  };
  const name = { suite: 1, codec, streamId: 3, keyId: 1, epoch: 1, sequence: 0, nonce: new Uint8Array(12) };
  writeHeader({ ...name, ...stamp, flags, length: 1000 }, bytes, 0);
  const frame = readFrame(bytes);
  if (!frame) throw new Error("half a frame");
  return frame;
}

function source(from: number, to: number): SourceMessage {
  const format = { codecString: "avc1.42c01e", width: 640, height: 360 };
  const span = { spanStartMicros: from * S, spanEndMicros: to * S };
  const name = { requestId: 1, cameraId: "c", streamId: 3, role: "sub" as const };
  return { type: "source", ...name, ...format, ...span };
}

function gop(second: number, span: readonly [number, number]): Gop {
  const frames = [0, 1, 2, 3].map((at) => sealed((second + at / 4) * S, at === 0 ? FLAG.keyframe : 0));
  const made = makeGop(source(...span), frames);
  if (!made) throw new Error("no GOP");
  return made;
}

function request(direction: "forward" | "backward", from: number, to: number): ReadRequest {
  return { cameraId: "c", role: "sub", direction, fromMicros: from * S, toMicros: to * S, maxBytes: 1 };
}

function end(next: number | null, earlier: number | null = null, later: number | null = null): EndMessage {
  const at = (seconds: number | null): number | null => (seconds === null ? null : seconds * S);
  const around = { earlierMicros: at(earlier), laterMicros: at(later) };
  return { type: "end", requestId: 1, frames: 4, nextMicros: at(next), ...around };
}

let footage: Footage;
beforeEach(() => {
  footage = new Footage();
});

function read(wish: ReadRequest, gops: readonly Gop[], over: EndMessage): void {
  for (const one of gops) footage.add(one);
  footage.learn(wish, gops, over, NOW);
}

function kindAt(second: number): string {
  const found = footage.at(second * S);
  return found.kind === "gop" ? `gop ${found.gop.startMicros / S}` : found.kind;
}

describe("what is known", () => {
  test("forward: the GOPs read, up to where the next read begins", () => {
    read(request("forward", 10.5, 600), [gop(10, [0, 50]), gop(11, [0, 50])], end(12));
    expect([9.9, 10, 11.9, 12].map(kindAt)).toEqual(["unknown", "gop 10", "gop 11", "unknown"]);
  });

  test("a span's end begins a gap, whose other side is named", () => {
    read(request("forward", 10, 600), [gop(10, [0, 11]), gop(20, [20, 50])], end(21));
    expect([10.9, 11, 19.9, 20].map(kindAt)).toEqual(["gop 10", "gap", "gap", "gop 20"]);
    expect(footage.at(15 * S)).toEqual({ kind: "gap", earlierMicros: 10.75 * S, laterMicros: 20 * S });
  });

  test("an interruption of less than a second is no gap", () => {
    read(request("forward", 10, 600), [gop(10, [0, 11]), gop(11.5, [11.5, 50])], end(12.5));
    expect(kindAt(11.3)).toBe("gop 10");
  });

  test("nothing found: the nearest on both sides", () => {
    read(request("forward", 30, 600), [], end(null, 12, 900));
    expect(footage.at(500 * S)).toEqual({ kind: "gap", earlierMicros: 12 * S - 1, laterMicros: 900 * S });
    expect(kindAt(900)).toBe("unknown");
  });

  test("nothing at all any more: the end, until the recording goes on", () => {
    read(request("forward", 30, 600), [], end(null, 12, null));
    expect(footage.at(50 * S)).toMatchObject({ kind: "gap", laterMicros: null });
    read(request("forward", 60, 600), [gop(60, [60, 70])], end(61));
    expect(kindAt(60.5)).toBe("gop 60");
  });

  test("what is younger than half a minute may still come", () => {
    const last = NOW / S - 5;
    read(request("forward", last, last + 600), [gop(last, [0, last + 1])], end(null));
    expect(footage.at((last + 3) * S)).toEqual({ kind: "gap", earlierMicros: (last + 0.75) * S, laterMicros: null });
    expect(footage.knownUntil(last * S)?.micros).toBe((last + 1) * S);
  });

  test("backward: newest first, down to the oldest", () => {
    read(request("backward", 11.5, 0), [gop(11, [0, 50]), gop(10, [0, 50])], end(9.9));
    expect([9.9, 10, 11.5, 11.9].map(kindAt)).toEqual(["unknown", "gop 10", "gop 11", "gop 11"]);
    expect(footage.knownFrom(11 * S)).toEqual({ micros: 10 * S, earlierMicros: 9.9 * S });
  });

  test("backward over a gap: the end that the server names is no footage any more", () => {
    read(request("backward", 30, 20), [], end(null, 12, null));
    expect(kindAt(12)).toBe("gap");
    expect(footage.at(30 * S)).toMatchObject({ kind: "gap", earlierMicros: 12 * S - 1 });
    expect(kindAt(11.9)).toBe("unknown");
  });

  test("the same GOP twice is one; a longer one replaces what was still being recorded", () => {
    const first = gop(10, [0, 50]);
    footage.add(first);
    footage.add(gop(10, [0, 50]));
    expect(footage.gops).toEqual([first]);
    const longer = makeGop(
      source(0, 50),
      [0, 1, 2, 3, 4].map((at) => sealed((10 + at / 4) * S, at === 0 ? FLAG.keyframe : 0)),
    );
    if (longer) footage.add(longer);
    expect(footage.gops).toEqual([longer]);
    expect(footage.bytes).toBe(longer?.bytes);
  });

  test("too much: what lies farthest behind goes, then what lies ahead, never what is shown", () => {
    const gops = [10, 11, 12, 13].map((second) => gop(second, [0, 50]));
    read(request("forward", 10, 600), gops, end(14));
    footage.evict(12.5 * S, true, (gops[0]?.bytes ?? 0) * 2);
    expect([10.5, 11.5, 12.5, 13.5].map(kindAt)).toEqual(["unknown", "unknown", "gop 12", "gop 13"]);
    footage.evict(12.5 * S, true, 0);
    expect([12.5, 13.5].map(kindAt)).toEqual(["gop 12", "unknown"]);
  });
});

test("whole µs only, whatever the pictures' spacing", () => {
  const frames = [0, 1, 2].map((at) => sealed(10 * S + at * 33_367 + (at === 2 ? 1 : 0), at === 0 ? FLAG.keyframe : 0));
  const odd = makeGop(source(0, 50), frames);
  if (odd) read(request("forward", 10, 600), [odd], end(10.05));
  expect(footage.knownUntil(10 * S)?.micros).toBe(10 * S + 2 * 33_367 + 1 + 33_367);
});

describe("the next read", () => {
  const aim = (changes: Partial<Aim> = {}): Aim => ({
    ...{ positionMicros: 10.5 * S, rate: 1, forward: true, keyframesApartMicros: undefined, scrub: false },
    ...changes,
  });
  const limits = { aheadBytes: 1e9 };

  test("first the GOP at the position, alone", () => {
    expect(planRead(footage, aim(), limits, true)).toMatchObject({
      direction: "forward",
      fromMicros: 10.5 * S,
      maxBytes: 1,
    });
  });

  test("then ahead, from where the last one ended; enough is enough", () => {
    read(request("forward", 10.5, 600), [gop(10, [0, 50])], end(11));
    expect(planRead(footage, aim(), limits, true)).toMatchObject({ direction: "forward", fromMicros: 11 * S });
    const more = [11, 12, 13, 14, 15, 16].map((second) => gop(second, [0, 50]));
    read(request("forward", 11, 600), more, end(17));
    expect(planRead(footage, aim(), limits, true)).toBeUndefined();
    expect(planRead(footage, aim({ rate: 4 }), limits, true)).toMatchObject({ fromMicros: 17 * S });
    expect(planRead(footage, aim({ rate: 4 }), { aheadBytes: 1 }, true)).toBeUndefined();
  });

  test("backward the other way", () => {
    read(request("backward", 10.5, 0), [gop(10, [0, 50])], end(9.99));
    const plan = planRead(footage, aim({ rate: -1, forward: false }), limits, true);
    expect(plan).toMatchObject({ direction: "backward", fromMicros: 9.999999 * S });
  });

  test("standing: also the GOP before, for a step", () => {
    read(
      request("forward", 10, 600),
      [10, 11, 12, 13, 14].map((second) => gop(second, [0, 50])),
      end(15),
    );
    const plan = planRead(footage, aim({ rate: 0 }), limits, true);
    expect(plan).toMatchObject({ direction: "backward", fromMicros: 10 * S - 1, maxBytes: 1 });
  });

  test("scrubbing: one keyframe, nothing ahead", () => {
    const scrub = aim({ rate: 0, scrub: true, keyframesApartMicros: 1 });
    const plan = planRead(footage, scrub, limits, true);
    expect(plan).toMatchObject({ direction: "backward", maxBytes: 1, keyframesApartMicros: 1 });
    read(request("backward", 10.5, 0), [gop(10, [0, 50])], end(null));
    expect(planRead(footage, scrub, limits, true)).toBeUndefined();
  });

  test("over a gap the search goes on, however long it is", () => {
    read(request("forward", 10, 610), [gop(10, [0, 11])], end(null));
    expect(planRead(footage, aim({ positionMicros: 20 * S }), limits, false)).toMatchObject({ fromMicros: 610 * S });
  });

  test("at the end it is asked again only when told to", () => {
    read(request("forward", 10, 600), [], end(null, 5, null));
    expect(planRead(footage, aim(), limits, false)).toBeUndefined();
    const again = planRead(footage, aim(), limits, true);
    expect(again).toMatchObject({ direction: "forward", fromMicros: NOW - 30 * S });
  });
});

describe("a GOP", () => {
  test("pictures are in the order of showing, at strictly growing times, whatever the capture times say", () => {
    const frames = [sealed(10 * S, FLAG.keyframe, 0), sealed(13 * S, 0, 3), sealed(12 * S, 0, 1), sealed(12 * S, 0, 2)];
    const made = makeGop(source(0, 50), frames);
    expect(made?.frames.map(({ order }) => order)).toEqual([0, 3, 1, 2]);
    expect([...(made?.times ?? [])]).toEqual([10 * S, 12 * S, 12 * S + 1, 13 * S]);
  });

  test.each([
    [9, 0],
    [10, 0],
    [10.2, 0],
    [10.25, 1],
    [10.9, 3],
    [99, 3],
  ])("at %f s picture %i is shown", (second, order) => {
    expect(pictureAt(gop(10, [0, 50]), second * S)).toBe(order);
  });

  test("is cut at keyframes; audio, unknown codecs and what has no keyframe are left aside", () => {
    const made: Gop[] = [];
    const assembler = new GopAssembler((one) => made.push(one));
    assembler.push([sealed(1 * S, FLAG.keyframe)]);
    assembler.source(source(0, 50));
    assembler.push([sealed(2 * S, 0), sealed(3 * S, FLAG.keyframe), sealed(3.5 * S, FLAG.audio), sealed(4 * S, 0)]);
    assembler.push([sealed(5 * S, FLAG.keyframe, 5 * S, 99), sealed(6 * S, FLAG.keyframe)]);
    assembler.finish();
    expect(made.map(({ startMicros, frames }) => [startMicros / S, frames.length])).toEqual([
      [3, 2],
      [6, 1],
    ]);
  });
});
