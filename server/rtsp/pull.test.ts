import { afterEach, describe, expect, it } from "vitest";
import { millis } from "../../shared/lib/time.ts";
import { encodeRtp } from "../rtp/packet.ts";
import { hex, idr, inter } from "../rtp/testkit/packets.ts";
import { H264_SDP, interleave } from "./testkit/fake-camera.ts";
import { camera, closeAll, except, watch } from "./testkit/watch.ts";

afterEach(closeAll);

describe("pulling a camera", () => {
  it("goes through OPTIONS, DESCRIBE, SETUP, PLAY and TEARDOWN", async () => {
    const fake = await camera();
    const watched = watch(fake.url, { userAgent: "test/1" });
    await watched.playing;
    expect(watched.session).toEqual({ transport: "tcp", server: "fake/1" });
    for (let i = 0; i < 4; i++) fake.picture([i === 0 ? idr(1) : inter(i)]);
    await watched.got(4);
    expect(watched.units.map(({ keyframe }) => keyframe)).toEqual([true, false, false, false]);
    expect(watched.formats).toMatchObject([
      [{ codec: "h264", codecString: "avc1.4D4016", width: 640, height: 360, fps: 15 }, undefined],
    ]);
    expect(watched.pull.stats()).toMatchObject({
      packets: 4,
      units: 4,
      keyframes: 1,
      lostPackets: 0,
      discontinuities: 1,
    });
    await watched.pull.close();
    await watched.pull.close();
    expect(await watched.ended).toBe("rtsp.closed");
    expect(fake.requests.map(({ method, uri }) => `${method} ${uri.replace(/:\d+/, "")}`)).toEqual([
      "OPTIONS rtsp://127.0.0.1/live",
      "DESCRIBE rtsp://127.0.0.1/live",
      "SETUP rtsp://127.0.0.1/live/track1",
      "PLAY rtsp://127.0.0.1/live",
      "TEARDOWN rtsp://127.0.0.1/live",
    ]);
    expect(fake.requests[0]?.headers.get("user-agent")).toBe("test/1");
    expect(fake.asked("PLAY")[0]?.headers.get("session")).toBe("77");
  });

  it("uses Content-Base, the session's control and the channels that the camera chose", async () => {
    const fake = await camera(
      except({
        describe: () => ({
          headers: { "Content-Base": "rtsp://10.9.9.9/base/" },
          body: `a=control:all\r\n${H264_SDP}`,
        }),
        setup: () => ({ headers: { Transport: "RTP/AVP/TCP;unicast;interleaved=6-7", Session: "s" } }),
      }),
    );
    const watched = watch(fake.url);
    await watched.playing;
    expect(fake.asked("SETUP")[0]?.uri).toBe("rtsp://10.9.9.9/base/track1");
    expect(fake.asked("PLAY")[0]?.uri).toBe("rtsp://10.9.9.9/base/all");
    for (let i = 0; i < 3; i++) fake.picture([idr(i)], 6);
    await watched.got(3);
  });

  it("carries audio beside the picture", async () => {
    const sdp = `${H264_SDP}m=audio 0 RTP/AVP 8\r\na=control:track2\r\n`;
    const fake = await camera(except({ describe: () => ({ body: sdp }) }));
    const watched = watch(fake.url, { wantAudio: true });
    await watched.playing;
    expect(fake.asked("SETUP").map(({ headers }) => headers.get("transport"))).toEqual([
      "RTP/AVP/TCP;unicast;interleaved=0-1",
      "RTP/AVP/TCP;unicast;interleaved=2-3",
    ]);
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    fake.write(interleave(2, encodeRtp({ payloadType: 8, sequence: 1, timestamp: 0, ssrc: 5 }, new Uint8Array(160))));
    await watched.got(4);
    expect(watched.units.at(-1)).toMatchObject({ codec: "pcma", bytes: 160 });
    expect(watched.formats[0]?.[1]).toMatchObject({
      codec: "pcma",
      codecString: "alaw",
      sampleRate: 8000,
      channels: 1,
    });
  });

  it("finds its way through garbage between packets", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    for (let i = 0; i < 3; i++) {
      fake.write(new Uint8Array(500).fill(0x24));
      fake.picture([idr(i)]);
    }
    await watched.got(3);
    expect(watched.pull.stats().garbageBytes).toBe(1500);
  });

  it("answers what the camera asks", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    fake.write("OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n");
    await fake.untilAsked("RTSP/1.0");
    fake.write("REDIRECT * RTSP/1.0\r\nCSeq: 6\r\n\r\n");
    expect(await watched.ended).toBe("rtsp.closed");
  });

  it("keeps the session alive, with OPTIONS where GET_PARAMETER is refused, and reports reception", async () => {
    const fake = await camera(except({ get_parameter: () => ({ status: "501 Not Implemented" }) }));
    const watched = watch(fake.url, { stallTimeout: millis(1_000_000) });
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    watched.clock.advance(millis(31_000));
    await fake.until(() => fake.asked("GET_PARAMETER").length === 1 && fake.frames.length > 0);
    expect(fake.asked("GET_PARAMETER")[0]?.headers.get("session")).toBe("77");
    // Channel 1, a receiver report about the camera's source.
    expect(Buffer.from(fake.frames[0] ?? []).toString("hex")).toMatch(/^0181c90007.{8}00000009/);
    fake.picture([idr(3)]);
    await watched.got(4);
    watched.clock.advance(millis(31_000));
    await fake.untilAsked("OPTIONS", 2);
  });

  it("takes the camera's time from its sender reports", async () => {
    const fake = await camera();
    const times: (number | undefined)[] = [];
    const watched = watch(fake.url, {}, (unit) => times.push(unit.cameraTime));
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    // NTP 3909000000.5 at RTP timestamp 3600 * 3.
    fake.write(interleave(1, hex("80c80006 00000009 e8fedb40 80000000 00002a30 00000000 00000000")));
    fake.picture([idr(4)]);
    await watched.got(4);
    expect(times.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(times[3]).toBe((0xe8fedb40 - 2_208_988_800) * 1e6 + 540_000);
    expect(watched.pull.stats().clockOffsetMs).toBeTypeOf("number");
  });
});
