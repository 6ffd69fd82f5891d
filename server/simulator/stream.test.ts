import { describe, expect, test } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Clip } from "./annexb-clip.ts";
import { type Fault, FaultSet, seededRandom } from "./faults.ts";
import { packetsOf, TemplateStore } from "./frame-template.ts";
import { Pacer } from "./pacer.ts";
import { SimulatedStream, type StreamClient } from "./stream.ts";

const bytes = Uint8Array.of(0x65, 0x88, 1);
/** Ten pictures at 25 fps, a keyframe every five. */
const clip: Clip = {
  name: "test",
  width: 16,
  height: 16,
  framesPerSecond: 25,
  frames: Array.from({ length: 10 }, (_, at) => ({ nals: [bytes], keyframe: at % 5 === 0 })),
  sps: bytes,
  pps: bytes,
};

interface Seen {
  readonly atMs: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly keyframe: boolean;
}

function collector(clock: SimulatedClock): StreamClient & { seen: Seen[]; reports: Buffer[] } {
  const seen: Seen[] = [];
  const reports: Buffer[] = [];
  return {
    seen,
    reports,
    picture: (picture) => {
      const [packet] = packetsOf(picture.bytes, picture.offsets);
      if (!packet) return;
      const [sequence, timestamp] = [packet.readUInt16BE(2), packet.readUInt32BE(4)];
      seen.push({ atMs: clock.monotonicMs(), sequence, timestamp, keyframe: picture.keyframe });
    },
    report: (rtcp) => void reports.push(rtcp),
  };
}

function setUp(options: { restartTimestamps?: boolean } = {}) {
  const clock = new SimulatedClock();
  const faults = new FaultSet();
  const pacer = new Pacer(clock);
  const stream = new SimulatedStream({
    clip,
    clock,
    pacer,
    templates: new TemplateStore(),
    faults,
    cname: "test",
    random: seededRandom(1),
    restartTimestamps: options.restartTimestamps ?? false,
  });
  const client = collector(clock);
  return { clock, faults, pacer, stream, client };
}

const steps = (values: number[]): number[] => values.slice(1).map((value, at) => value - (values[at] ?? 0));

describe("a stream", () => {
  test("keeps the clip's rate and continuous sequence and timestamps over the loop", () => {
    const { clock, stream, client } = setUp();
    stream.add(client);
    clock.advance(millis(1000));
    expect(client.seen.length).toBe(26);
    expect(new Set(steps(client.seen.map(({ atMs }) => atMs)))).toEqual(new Set([40]));
    expect(new Set(steps(client.seen.map(({ timestamp }) => timestamp)))).toEqual(new Set([3600]));
    expect(new Set(steps(client.seen.map(({ sequence }) => sequence)))).toEqual(new Set([1]));
  });

  test("can restart timestamps with each round", () => {
    const { clock, stream, client } = setUp({ restartTimestamps: true });
    stream.add(client);
    clock.advance(millis(440));
    expect(steps(client.seen.map(({ timestamp }) => timestamp)).filter((step) => step < 0)).toHaveLength(1);
  });

  test("starts a second client at the next keyframe and stops working without clients", () => {
    const { clock, stream, client } = setUp();
    stream.add(client);
    clock.advance(millis(90));
    const second = collector(clock);
    stream.add(second);
    clock.advance(millis(200));
    expect(second.seen[0]).toMatchObject({ atMs: 200, keyframe: true });
    stream.remove(client);
    stream.remove(second);
    clock.advance(millis(1000));
    expect(clock.pendingTimers).toBe(0);
  });

  test("after a rest it begins with a keyframe, and RTP time has gone on", () => {
    const { clock, stream, client } = setUp();
    stream.add(client);
    clock.advance(millis(90));
    stream.remove(client);
    clock.advance(millis(10_000));
    stream.add(client);
    clock.advance(millis(1));
    const [before, after] = client.seen.slice(-2);
    expect(after?.keyframe).toBe(true);
    expect((after?.timestamp ?? 0) - (before?.timestamp ?? 0)).toBeCloseTo(
      ((after?.atMs ?? 0) - (before?.atMs ?? 0)) * 90,
      -1,
    );
  });

  test("reports carry the same line from wall clock to RTP time as the pictures", () => {
    const { clock, stream, client } = setUp();
    stream.add(client);
    clock.advance(millis(5100));
    expect(client.reports).toHaveLength(2);
    const [first, second] = client.reports;
    const wall = (rtcp: Buffer | undefined): number =>
      rtcp ? rtcp.readUInt32BE(8) + rtcp.readUInt32BE(12) / 2 ** 32 : 0;
    const ticks = (second?.readUInt32BE(16) ?? 0) - (first?.readUInt32BE(16) ?? 0);
    expect(ticks / 90_000).toBeCloseTo(wall(second) - wall(first), 3);
    expect(first?.readUInt32BE(16)).toBe(client.seen[0]?.timestamp);
  });

  test("says when a picture was sent", () => {
    const { clock, stream, client } = setUp();
    expect(stream.sentAt(3)).toBeUndefined();
    stream.add(client);
    clock.advance(millis(125));
    expect(stream.sentAt(3)).toBe(1_700_000_000_120_000);
    expect(stream.sentAt(4)).toBeUndefined();
  });
});

describe("faults", () => {
  const play = (fault: Fault, forMs: number) => {
    const parts = setUp();
    parts.faults.set(fault);
    parts.stream.add(parts.client);
    parts.clock.advance(millis(forMs));
    return parts;
  };

  test("stall: nothing is sent, and time goes on", () => {
    const { clock, faults, client } = play({ kind: "stall" }, 400);
    expect(client.seen).toHaveLength(0);
    faults.clear();
    clock.advance(millis(400));
    expect(client.seen[0]?.keyframe).toBe(true);
  });

  test("slow: fewer pictures, true timestamps", () => {
    const { client } = play({ kind: "slow", ratio: 0.25 }, 1000);
    expect(new Set(steps(client.seen.map(({ atMs }) => atMs)))).toEqual(new Set([160]));
    expect(new Set(steps(client.seen.map(({ timestamp }) => timestamp)))).toEqual(new Set([14_400]));
  });

  test("packet loss is the same in every run", () => {
    const run = (): number[] =>
      play({ kind: "packet-loss", ratio: 0.3 }, 4000).client.seen.map(({ sequence }) => sequence);
    const kept = run();
    expect(kept).toEqual(run());
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length).toBeLessThan(90);
  });

  test("timestamps jump back, sequence numbers wrap", () => {
    const { clock, stream, client } = setUp();
    stream.add(client);
    clock.advance(millis(100));
    stream.jumpTimestamp(-900_000);
    stream.moveToSequenceWrap();
    clock.advance(millis(400));
    expect(Math.min(...steps(client.seen.map(({ timestamp }) => timestamp)))).toBe(3600 - 900_000);
    expect(client.seen.some(({ sequence }, at) => sequence === 0 && client.seen[at - 1]?.sequence === 0xffff)).toBe(
      true,
    );
  });

  test("a suspended host does not send what it missed", () => {
    const { clock, pacer, stream, client } = setUp();
    stream.add(client);
    clock.advance(millis(10));
    pacer.close();
    expect(client.seen).toHaveLength(1);
  });
});
