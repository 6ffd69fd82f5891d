import { describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { AacDepacketizer, parseAacConfig } from "./aac.ts";
import { H264_RULES, H265_RULES } from "./nal-rules.ts";
import { encodeRtp, RtpPacket } from "./packet.ts";
import { RtpReceiver } from "./receiver.ts";
import { ReorderBuffer } from "./reorder.ts";
import { encodeReceiverReport, readRtcp } from "./rtcp.ts";
import { parseH264Sps } from "./sps-h264.ts";
import { parseH265Sps } from "./sps-h265.ts";
import { splitAnnexB } from "./testkit/annex-b.ts";
import { Mutator } from "./testkit/mutator.ts";
import {
  AssemblerBench,
  aggregation,
  fragmentsH264,
  fragmentsH265,
  hex,
  idr,
  inter,
  packetOf,
  SETS,
  slice,
} from "./testkit/packets.ts";

const ROUNDS = 1000;

/** Runs with many seeds: nothing but FluxErrors may come out. */
function fuzz(run: (mutator: Mutator) => void, rounds = ROUNDS): void {
  for (let seed = 1; seed <= rounds; seed++) {
    try {
      run(new Mutator(seed));
    } catch (error) {
      if (!(error instanceof FluxError)) throw new Error(`seed ${seed}`, { cause: error });
    }
  }
}

describe("abuse case 14: hostile bytes", () => {
  it("in RTP packets stay within the packet", () => {
    const valid = [
      encodeRtp({ payloadType: 96, sequence: 1, timestamp: 2, ssrc: 3, marker: true }, hex("0102030405060708")),
      encodeRtp(
        {
          payloadType: 96,
          sequence: 1,
          timestamp: 2,
          ssrc: 3,
          csrc: [1, 2],
          extension: { profile: 1, data: new Uint8Array(8) },
          paddingBytes: 3,
        },
        hex("0102"),
      ),
    ];
    let parsed = 0;
    fuzz((mutator) => {
      const bytes = mutator.mutate(mutator.pick(valid));
      const packet = new RtpPacket();
      if (!packet.parse(bytes, 0, bytes.length)) return;
      parsed++;
      expect(packet.payloadStart).toBeGreaterThanOrEqual(12);
      expect(packet.payloadEnd).toBeLessThanOrEqual(bytes.length);
      expect(packet.payloadStart).toBeLessThanOrEqual(packet.payloadEnd);
    });
    expect(parsed).toBeGreaterThan(100);
  });

  it("in RTCP yield no more than fits", () => {
    const report = encodeReceiverReport(
      {
        senderSsrc: 1,
        ownSsrc: 2,
        fractionLost: 3,
        lost: 4,
        extendedHighest: 5,
        jitter: 6,
        lastSenderReport: 7,
        delaySinceLast: 8,
      },
      "x",
    );
    const valid = [report, hex("80c80006000000010000000200000003000000040000000500000006 81cb000100000001")];
    fuzz((mutator) => {
      const bytes = mutator.mutate(mutator.pick(valid));
      let events = 0;
      readRtcp(bytes, 0, bytes.length, { onSenderReport: () => events++, onBye: () => events++ });
      expect(events).toBeLessThanOrEqual(bytes.length / 4);
    });
  });

  it("in parameter sets give sizes that can be, or none", () => {
    let parsed = 0;
    fuzz((mutator) => {
      const h265 = mutator.int(2) === 1;
      const nal = mutator.mutate(h265 ? SETS.h265Sps : mutator.pick([SETS.h264Sps, SETS.h264Sps1080]));
      const format = h265 ? parseH265Sps(nal) : parseH264Sps(nal);
      parsed++;
      expect(format.width).toBeGreaterThan(0);
      expect(format.width).toBeLessThanOrEqual(16_384);
      expect(format.height).toBeGreaterThan(0);
      expect(format.height).toBeLessThanOrEqual(32_768);
      expect(format.codecString).toMatch(/^(avc1\.[0-9A-F]{6}|hev1\.[ABC]?\d+\.[0-9A-F]+\.[LH]\d+(\.[0-9A-F]+)*)$/);
    });
    expect(parsed).toBeGreaterThan(100);
  });

  it("in SEI and other parameter sets end", () => {
    fuzz((mutator) => {
      const nal = mutator.mutate(
        mutator.pick([hex("0606 01c480"), hex("4e01 0601c480"), hex("06ffffff10ffff"), SETS.h265Vps, SETS.h264Pps]),
      );
      if (nal.length === 0) return;
      const rules = mutator.pick([H264_RULES, H265_RULES]);
      rules.hasRecoveryPoint(nal);
      expect(rules.setId(nal)).toBeGreaterThanOrEqual(0);
    });
  });

  it.each(["h264", "h265"] as const)("in %s payloads never make a picture beyond the limits", (codec) => {
    const h264 = codec === "h264";
    const sets = h264 ? [SETS.h264Sps, SETS.h264Pps] : [SETS.h265Vps, SETS.h265Sps, SETS.h265Pps];
    const key = h264 ? idr(3) : slice([19 << 1, 1], true, 3);
    const valid = [
      ...sets,
      key,
      h264 ? inter(5) : slice([2, 1], true, 5),
      h264 ? inter(6, false) : slice([2, 1], false, 6),
      aggregation(h264 ? [0x78] : [0x60, 1], [...sets, key]),
      ...(h264 ? fragmentsH264(key, 2) : fragmentsH265(key, 2)),
      h264 ? hex("0910") : hex("460150"),
      h264 ? hex("060601c480") : hex("4e010601c480"),
    ];
    let pictures = 0;
    fuzz((mutator) => {
      const bench = new AssemblerBench(codec, { accessUnitBytes: 34_000, nalsPerUnit: 16 }, mutator.int(4) === 0);
      let timestamp = 0;
      for (let i = 0; i < 40; i++) {
        if (mutator.int(3) === 0) timestamp = mutator.int(20) === 0 ? mutator.int(0x7fffffff) : timestamp + 3600;
        if (mutator.int(20) === 0) bench.assembler.lost();
        const payload = mutator.pick(valid);
        bench.push(timestamp >>> 0, mutator.int(3) === 0, mutator.int(3) === 0 ? mutator.mutate(payload) : payload);
      }
      pictures += bench.pictures.length;
      for (const { nals, keyframe } of bench.pictures) {
        expect(nals.join("").length / 2).toBeLessThan(34_000 + 64 * 1024);
        if (keyframe) expect(nals.length).toBeGreaterThan(sets.length);
      }
      const first = bench.pictures[0];
      if (first) expect(first).toMatchObject({ keyframe: true, discontinuity: true });
    }, 300);
    expect(pictures).toBeGreaterThan(100);
  });

  it("in AAC payloads yield no more than the packet holds", () => {
    const valid = [
      hex("0020 0028 0030 0102030405 010203040506"),
      hex("0010 0040 01020304"),
      hex("0010 0028 0102030405"),
    ];
    fuzz((mutator) => {
      let bytes = 0;
      const depacketizer = new AacDepacketizer(
        { sizeLength: mutator.pick([13, 6, 32]), indexLength: 3, indexDeltaLength: 3 },
        (_, start, end) => {
          bytes += end - start;
        },
      );
      for (let i = 0; i < 4; i++) {
        const payload = mutator.mutate(mutator.pick(valid));
        depacketizer.push(packetOf({ timestamp: mutator.int(3) }, payload));
      }
      expect(bytes).toBeLessThan(4 * 8192);
    });
    fuzz((mutator) => {
      const config = parseAacConfig(mutator.mutate(hex("1408")));
      expect(config.sampleRate).toBeGreaterThan(0);
    });
  });

  it("in sequence numbers pass each packet at most once through the reorder buffer", () => {
    fuzz((mutator) => {
      const taken: number[] = [];
      const buffer = new ReorderBuffer((bytes, start) => taken.push(bytes[start + 12] as number));
      let sequence = mutator.int(0x10000);
      for (let i = 0; i < 200; i++) {
        sequence = (sequence + mutator.pick([1, 1, 1, 1, 2, 5, 0xffff, 0xfff0, 0x8000, 100])) & 0xffff;
        const bytes = encodeRtp({ payloadType: 96, sequence, timestamp: 0, ssrc: 1 }, Uint8Array.of(i));
        buffer.push(bytes, 0, bytes.length, i);
      }
      expect(new Set(taken).size).toBe(taken.length);
    }, 200);
  });

  it("in a receiver's packets keep its figures sane", () => {
    fuzz((mutator) => {
      const receiver = new RtpReceiver(96, 90_000, {
        onPacket: () => undefined,
        onLost: () => undefined,
        onRestart: () => undefined,
      });
      for (let i = 0; i < 50; i++) {
        const bytes = encodeRtp(
          { payloadType: 96, sequence: mutator.int(0x10000), timestamp: mutator.int(0x7fffffff), ssrc: mutator.int(2) },
          hex("00"),
        );
        receiver.push(bytes, 0, bytes.length, millis(i));
        const { fractionLost, lost, extendedHighest } = receiver.reportLoss();
        expect(fractionLost).toBeLessThan(256);
        expect(lost).toBeGreaterThanOrEqual(0);
        expect(extendedHighest).toBeGreaterThanOrEqual(0);
        expect(receiver.jitterTicks).toBeLessThan(1e9);
      }
    }, 100);
  });

  it("split into NAL units are all within", () => {
    fuzz((mutator) => {
      const bytes = mutator.mutate(hex("00000001 6701 000001 6802 00000001 6503"));
      const total = splitAnnexB(bytes).reduce((sum, nal) => sum + nal.length, 0);
      expect(total).toBeLessThanOrEqual(bytes.length);
    });
  });
});
