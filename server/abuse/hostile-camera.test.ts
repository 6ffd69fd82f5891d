import { afterEach, describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { parseXml } from "../discovery/xml.ts";
import { parseH264Sps } from "../rtp/sps-h264.ts";
import { parseH265Sps } from "../rtp/sps-h265.ts";
import { Mutator } from "../rtp/testkit/mutator.ts";
import { AssemblerBench, idr, inter, SETS } from "../rtp/testkit/packets.ts";
import { goodAnswer, H264_SDP, type Script } from "../rtsp/testkit/fake-camera.ts";
import { camera, closeAll, watch } from "../rtsp/testkit/watch.ts";

afterEach(closeAll);

/** Writes an answer by hand, so that its length can lie. */
function raw(head: string, body: string | Buffer = ""): Script {
  return (request, socket) => {
    if (request.method !== "DESCRIBE") return goodAnswer(request);
    socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${request.headers.get("cseq")}\r\n${head}`);
    socket.write(body);
    return undefined;
  };
}

describe("abuse case 14: lengths, headers and descriptions without end", () => {
  it.each<[string, Script]>([
    ["a body of two gigabytes", raw("Content-Type: application/sdp\r\nContent-Length: 2000000000\r\n\r\n", "v=0")],
    ["a length that is no number", raw("Content-Length: -1\r\n\r\n")],
    ["a header without end", raw(`X: ${"y".repeat(300_000)}`)],
    ["headers without end", raw("X: y\r\n".repeat(50_000))],
    [
      "a description of a hundred thousand streams",
      (request) =>
        request.method === "DESCRIBE"
          ? {
              headers: { "Content-Type": "application/sdp" },
              body: H264_SDP + "m=video 0 RTP/AVP 96\r\n".repeat(100_000),
            }
          : goodAnswer(request),
    ],
    ["an answer that is none", (_, socket) => void socket.write(Buffer.alloc(2_000_000, 0x41))],
  ])("%s ends this connection with a reason", async (_, script) => {
    const fake = await camera(script);
    const watched = watch(fake.url);
    expect(await watched.ended).toMatch(/^rtsp\.\w+$/);
    expect(watched.units).toEqual([]);
  });

  it("bytes without a packet among them end the connection, within what is looked through", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    fake.write(Buffer.alloc(1_000_000));
    expect(await watched.ended).toMatch(/^rtsp\./);
  });

  it("a picture of a million NAL units is dropped, and the next one plays", () => {
    const bench = new AssemblerBench("h264");
    bench.picture(0, SETS.h264Sps, SETS.h264Pps, idr(1));
    for (let i = 0; i < 1_000_000; i++) bench.push(3000, false, inter(0, i === 0));
    bench.push(3000, true, inter(0, false));
    bench.picture(6000, SETS.h264Sps, SETS.h264Pps, idr(2));
    bench.picture(9000, inter(3));
    expect(bench.timestamps).not.toContain(3000);
    expect(bench.timestamps).toContain(6000);
    expect(Math.max(...bench.pictures.map(({ nals }) => nals.length))).toBeLessThanOrEqual(64 + 3);
  }, 60_000);

  it("parameter sets never claim a picture without a size, or one beyond measure", () => {
    const seen = { good: 0, refused: 0 };
    for (let seed = 1; seed <= 4000; seed++) {
      const mutator = new Mutator(seed);
      for (const [parse, set] of [
        [parseH264Sps, SETS.h264Sps1080],
        [parseH265Sps, SETS.h265Sps],
      ] as const) {
        try {
          const { width, height } = parse(mutator.mutate(set));
          seen.good++;
          for (const size of [width, height]) {
            expect(size).toBeGreaterThan(0);
            expect(size).toBeLessThanOrEqual(16_384);
          }
        } catch (error) {
          if (!(error instanceof FluxError)) throw error;
          seen.refused++;
        }
      }
    }
    expect(Math.min(seen.good, seen.refused)).toBeGreaterThan(100);
  });

  it("XML with entities that multiply, or without end, is refused", () => {
    const bomb = '<!DOCTYPE a [<!ENTITY b "yyyy"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>';
    for (const text of [bomb, "<a>".repeat(100_000), `<a b="${"c".repeat(10_000_000)}"/>`]) {
      expect(() => parseXml(text)).toThrow(FluxError);
    }
  });
});
