import { describe, expect, it } from "vitest";
import { type Millis, micros, millis } from "../../shared/lib/time.ts";
import { CaptureClock } from "./capture-clock.ts";
import { encodeRtp, type RtpFields, RtpPacket } from "./packet.ts";
import { RtpReceiver } from "./receiver.ts";
import { ReorderBuffer } from "./reorder.ts";
import { encodeReceiverReport, readRtcp } from "./rtcp.ts";
import { ORDER, SequenceTracker } from "./sequence.ts";
import { hex, toHex } from "./testkit/packets.ts";
import { Timeline } from "./timeline.ts";

const base: RtpFields = { payloadType: 96, sequence: 0xfffe, timestamp: 0x80000001, ssrc: 0xdeadbeef };

describe("RTP packets (RFC 3550, 5.1)", () => {
  it.each([
    { name: "plain", fields: base },
    { name: "marker", fields: { ...base, marker: true } },
    { name: "CSRC", fields: { ...base, csrc: [1, 2, 3] } },
    { name: "padding", fields: { ...base, paddingBytes: 4 } },
    { name: "ONVIF replay extension", fields: { ...base, extension: { profile: 0xabac, data: new Uint8Array(12) } } },
    {
      name: "everything",
      fields: { ...base, marker: true, csrc: [9], extension: { profile: 1, data: new Uint8Array(4) }, paddingBytes: 1 },
    },
  ])("both ways: $name", ({ fields }) => {
    const bytes = encodeRtp(fields, hex("0102030405"));
    const packet = new RtpPacket();
    expect(packet.parse(bytes, 0, bytes.length)).toBe(true);
    expect(packet).toMatchObject({
      marker: "marker" in fields && fields.marker === true,
      payloadType: 96,
      sequence: 0xfffe,
      timestamp: 0x80000001,
      ssrc: 0xdeadbeef,
    });
    expect(toHex(bytes.subarray(packet.payloadStart, packet.payloadEnd))).toBe("0102030405");
  });

  it.each([
    { name: "empty", bytes: "" },
    { name: "too short", bytes: "80600001000000010000" },
    { name: "version 1", bytes: "406000010000000100000001ff" },
    { name: "CSRC beyond the end", bytes: "8f6000010000000100000001ff" },
    { name: "extension beyond the end", bytes: "90600001000000010000000100010004" },
    { name: "padding larger than the packet", bytes: "a06000010000000100000001ff" },
    { name: "padding of zero bytes", bytes: "a0600001000000010000000100" },
  ])("refused: $name", ({ bytes }) => {
    const data = hex(bytes);
    expect(new RtpPacket().parse(data, 0, data.length)).toBe(false);
  });
});

describe("sequence numbers", () => {
  const run = (...sequences: number[]): number[] => {
    const tracker = new SequenceTracker();
    return sequences.map((sequence) => tracker.accept(sequence));
  };

  it.each([
    { name: "in order, across the wrap", sequences: [65534, 65535, 0, 1], results: [0, 0, 0, 0] },
    { name: "loss, across the wrap", sequences: [65530, 2], results: [0, 7] },
    { name: "duplicate", sequences: [5, 5, 6], results: [0, ORDER.late, 0] },
    { name: "late", sequences: [5, 7, 6, 8], results: [0, 1, ORDER.late, 0] },
    { name: "far away", sequences: [5, 30000, 30001], results: [0, ORDER.restart, 0] },
    {
      name: "back a little, and on from there",
      sequences: [50, 20, 21, 22],
      results: [0, ORDER.late, ORDER.restart, 0],
    },
  ])("$name", ({ sequences, results }) => {
    expect(run(...sequences)).toEqual(results);
  });

  it("counts cycles for receiver reports", () => {
    const tracker = new SequenceTracker();
    for (let i = 0; i < 70_000; i++) tracker.accept((60_000 + i) & 0xffff);
    expect(tracker.extendedHighest).toBe(60_000 + 69_999);
    expect(tracker.expectedCount).toBe(70_000);
  });
});

describe("reordering", () => {
  const run = (sequences: readonly number[], gapMs = 1): number[] => {
    const out: number[] = [];
    const buffer = new ReorderBuffer((bytes, start) =>
      out.push(((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number)),
    );
    sequences.forEach((sequence, i) => {
      const bytes = encodeRtp({ ...base, sequence }, hex("01"));
      buffer.push(bytes, 0, bytes.length, i * gapMs);
    });
    return out;
  };

  it.each([
    { name: "in order", sequences: [1, 2, 3], out: [1, 2, 3] },
    { name: "swapped", sequences: [1, 3, 2, 4], out: [1, 2, 3, 4] },
    { name: "across the wrap", sequences: [65534, 0, 65535, 1], out: [65534, 65535, 0, 1] },
    { name: "held while one is missing", sequences: [1, 3, 4], out: [1] },
    { name: "twice", sequences: [1, 3, 3, 2], out: [1, 2, 3] },
    { name: "late ones are left to the tracker", sequences: [10, 11, 9], out: [10, 11, 9] },
    { name: "one stray number is ignored", sequences: [1, 30000, 2, 3], out: [1, 2, 3] },
    { name: "two that follow each other are a restart", sequences: [1, 30000, 30001], out: [1, 30000, 30001] },
  ])("$name", ({ sequences, out }) => {
    expect(run(sequences)).toEqual(out);
  });

  it("gives a missing packet up after a time, or when too much is held", () => {
    expect(run([1, 3, 4, 5], 50)).toEqual([1, 3, 4, 5]);
    const many = [1, ...Array.from({ length: 80 }, (_, i) => i + 3)];
    expect(run(many, 0)).toEqual(many);
  });
});

describe("the timeline", () => {
  const at = (timeline: Timeline, ...units: (readonly [number, number])[]): number[] =>
    units.map(([timestamp, arrival]) => timeline.place(timestamp >>> 0, millis(arrival)));

  it("goes on across the wrap of the timestamp", () => {
    expect(at(new Timeline(90_000), [0xfffffff0, 0], [0xfffffff0 + 3600, 40], [0xfffffff0 + 7200, 80])).toEqual([
      0, 40_000, 80_000,
    ]);
  });

  it("keeps presentation times of B pictures", () => {
    expect(at(new Timeline(90_000), [0, 0], [10_800, 40], [3600, 80], [7200, 120])).toEqual([
      0, 120_000, 40_000, 80_000,
    ]);
  });

  it.each([
    { name: "back", to: 5000 },
    { name: "forward", to: 900_000_000 },
  ])("goes on without a break where the camera's timestamps jump $name", ({ to }) => {
    const timeline = new Timeline(90_000);
    at(timeline, [500_000_000, 0], [500_003_600, 40]);
    expect(timeline.place(to, millis(240))).toBe(240_000);
    expect(timeline.jumped).toBe(true);
    expect(timeline.place(to + 3600, millis(280))).toBe(280_000);
    expect(timeline.jumped).toBe(false);
  });

  it("takes a pause of the camera for what it is", () => {
    const timeline = new Timeline(90_000);
    expect(at(timeline, [0, 0], [90_000 * 60, 60_000])).toEqual([0, 60_000_000]);
    expect(timeline.jumped).toBe(false);
  });

  it("takes any step back for a jump after a restart", () => {
    const timeline = new Timeline(90_000);
    at(timeline, [90_000, 0], [93_600, 40]);
    timeline.restart();
    expect(timeline.place(90_000, millis(80))).toBe(80_000);
    expect(timeline.jumped).toBe(true);
  });
});

describe("the camera's clock", () => {
  const NTP_2024 = 3_913_056_000;
  const UTC_2024 = micros(1_704_067_200_000_000);

  it("dates timestamps before and after the report", () => {
    const clock = new CaptureClock(90_000);
    expect(clock.at(0)).toBeUndefined();
    clock.report(NTP_2024, 0x80000000, 90_000, UTC_2024, millis(0));
    expect(clock.at(90_000)).toBe(UTC_2024 + 500_000);
    expect(clock.at(180_000)).toBe(UTC_2024 + 1_500_000);
    expect(clock.at(0xffffffff)).toBe(UTC_2024 - 500_011);
    expect(clock.offsetMs).toBe(500);
  });

  it("does not believe a year that cannot be, and says which", () => {
    const clock = new CaptureClock(90_000);
    clock.report(2_208_988_800 + 5, 0, 90_000, UTC_2024, millis(0));
    expect(clock.at(90_000)).toBeUndefined();
    expect(clock.implausibleYear).toBe(1970);
    expect(clock.offsetMs).toBeUndefined();
  });

  it("measures drift once it has watched for a minute", () => {
    const clock = new CaptureClock(90_000);
    for (let second = 0; second <= 300; second += 5) {
      // 100 ppm fast.
      const ntp = second * 1.0001;
      clock.report(
        NTP_2024 + Math.floor(ntp),
        Math.round((ntp % 1) * 0x100000000),
        0,
        micros(UTC_2024 + second * 1e6),
        millis(second * 1000),
      );
      if (second < 60) expect(clock.driftPpm).toBeUndefined();
    }
    expect(clock.driftPpm).toBeCloseTo(100, 1);
  });

  it("knows nothing after a restart until the next report", () => {
    const clock = new CaptureClock(90_000);
    clock.report(NTP_2024, 0, 0, UTC_2024, millis(0));
    clock.restart();
    expect(clock.at(0)).toBeUndefined();
  });
});

describe("RTCP (RFC 3550, 6)", () => {
  const read = (bytes: Uint8Array): { ok: boolean; seen: string[] } => {
    const seen: string[] = [];
    const ok = readRtcp(bytes, 0, bytes.length, {
      onSenderReport: (ssrc, seconds, fraction, timestamp) =>
        seen.push(`sr ${ssrc} ${seconds} ${fraction} ${timestamp}`),
      onBye: (ssrc) => seen.push(`bye ${ssrc}`),
    });
    return { ok, seen };
  };

  it.each([
    {
      name: "sender report, SDES and BYE",
      bytes:
        "80c80006 00000001 00000002 00000003 00000004 00000005 00000006 81ca0002 00000001 01010000 81cb0001 00000001",
      expected: { ok: true, seen: ["sr 1 2 3 4", "bye 1"] },
    },
    { name: "length beyond the end", bytes: "80c80006 00000001", expected: { ok: false, seen: [] } },
    { name: "sender report too short for itself", bytes: "80c80001 00000001", expected: { ok: true, seen: [] } },
    {
      name: "BYE that promises more sources than it has",
      bytes: "9fcb0001 00000007",
      expected: { ok: true, seen: ["bye 7"] },
    },
    { name: "stray bytes", bytes: "80cb0000 ff", expected: { ok: false, seen: [] } },
    { name: "version 0", bytes: "00c80000", expected: { ok: false, seen: [] } },
  ])("$name", ({ bytes, expected }) => {
    expect(read(hex(bytes))).toEqual(expected);
  });

  it("writes receiver reports that it can read", () => {
    const report = encodeReceiverReport(
      {
        senderSsrc: 0xaabbccdd,
        ownSsrc: 0x11223344,
        fractionLost: 12,
        lost: 34,
        extendedHighest: 0x10005,
        jitter: 7,
        lastSenderReport: 9,
        delaySinceLast: 65536,
      },
      "fluxvision",
    );
    expect(read(report)).toEqual({ ok: true, seen: [] });
    expect(toHex(report.subarray(0, 32))).toBe("81c9000711223344aabbccdd0c00002200010005000000070000000900010000");
    expect(report.length % 4).toBe(0);
  });
});

describe("the receiver", () => {
  function receiver(): { push: (fields: Partial<RtpFields>) => void; seen: string[]; target: RtpReceiver } {
    const seen: string[] = [];
    const target = new RtpReceiver(96, 90_000, {
      onPacket: (packet) => seen.push(String(packet.sequence)),
      onLost: (count) => seen.push(`lost ${count}`),
      onRestart: () => seen.push("restart"),
    });
    return {
      seen,
      target,
      push: (fields) => {
        const bytes = encodeRtp({ ...base, ...fields }, hex("01"));
        target.push(bytes, 0, bytes.length, 0 as Millis);
      },
    };
  }

  it("tells of loss, duplicates, other sources and foreign payloads", () => {
    const { push, seen, target } = receiver();
    for (const sequence of [1, 2, 5, 5]) push({ sequence });
    push({ sequence: 6, payloadType: 97 });
    push({ sequence: 900, ssrc: 5 });
    push({ sequence: 901, ssrc: 5 });
    expect(seen).toEqual(["1", "2", "lost 2", "5", "restart", "900", "901"]);
    expect(target).toMatchObject({ packets: 5, lostPackets: 2, latePackets: 1, malformed: 1 });
  });

  it("reports loss since the last report", () => {
    const { push, target } = receiver();
    for (const sequence of [1, 2, 3, 5]) push({ sequence });
    expect(target.reportLoss()).toEqual({ fractionLost: 51, lost: 1, extendedHighest: 5 });
    for (const sequence of [6, 7]) push({ sequence });
    expect(target.reportLoss()).toEqual({ fractionLost: 0, lost: 1, extendedHighest: 7 });
  });
});
