import { afterEach, describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { encodeRtp } from "../rtp/packet.ts";
import { hex, idr } from "../rtp/testkit/packets.ts";
import { H264_SDP, interleave, type Script } from "./testkit/fake-camera.ts";
import { camera, closeAll, except, watch } from "./testkit/watch.ts";

afterEach(closeAll);

describe("what goes wrong", () => {
  it.each([
    { name: "path", script: except({ describe: () => ({ status: "404 Not Found" }) }), code: "rtsp.not_found" },
    { name: "forbidden", script: except({ describe: () => ({ status: "403 Forbidden" }) }), code: "rtsp.unauthorised" },
    { name: "busy", script: except({ setup: () => ({ status: "453 Not Enough Bandwidth" }) }), code: "rtsp.refused" },
    { name: "PLAY refused", script: except({ play: () => ({ status: "500 Oops" }) }), code: "rtsp.refused" },
    {
      name: "MJPEG",
      script: except({ describe: () => ({ body: "m=video 0 RTP/AVP 26\r\n" }) }),
      code: "rtsp.unsupported",
    },
    {
      name: "SRTP",
      script: except({ describe: () => ({ body: H264_SDP.replace("RTP/AVP", "RTP/SAVP") }) }),
      code: "rtsp.unsupported",
    },
    { name: "empty SDP", script: except({ describe: () => ({}) }), code: "rtsp.protocol" },
    { name: "no Transport", script: except({ setup: () => ({ headers: { Session: "1" } }) }), code: "rtsp.protocol" },
    { name: "hangs up", script: except({ setup: (_, socket) => void socket.destroy() }), code: "rtsp.closed" },
    {
      name: "endless headers",
      script: except({ options: (_, socket) => void socket.write(`RTSP/1.0 200 OK\r\n${"X: y\r\n".repeat(5000)}`) }),
      code: "rtsp.limit",
    },
    {
      name: "huge body",
      script: except({ describe: () => ({ headers: { "Content-Length": "999999999" } }) }),
      code: "rtsp.limit",
    },
    {
      name: "another protocol",
      script: except({ options: (_, socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n") }),
      code: "rtsp.protocol",
    },
  ])("$name", async ({ script, code }) => {
    const fake = await camera(script);
    expect(await watch(fake.url).ended).toBe(code);
  });

  it("names what a camera offers instead of H.264 and H.265", async () => {
    const fake = await camera(except({ describe: () => ({ body: "m=video 0 RTP/AVP 26\r\n" }) }));
    await expect(watch(fake.url).pull.done).rejects.toThrow("video JPEG");
  });

  it("nothing listens, or the address is none", async () => {
    const fake = await camera();
    const url = fake.url;
    await fake.close();
    expect(await watch(url).ended).toBe("rtsp.refused");
    expect(await watch("http://camera/").ended).toBe("rtsp.address");
    expect(await watch(url, { username: "a\nb" }).ended).toBe("rtsp.address");
  });

  it.each([
    { name: "never answers", script: (() => undefined) as Script },
    { name: "answers a byte and no more", script: ((_, socket) => void socket.write("R")) as Script },
  ])("times out where the camera $name", async ({ script }) => {
    const fake = await camera(script);
    const watched = watch(fake.url);
    await fake.untilAsked("OPTIONS");
    watched.clock.advance(millis(5001));
    expect(await watched.ended).toBe("rtsp.timeout");
    expect(watched.clock.pendingTimers).toBe(0);
  });

  it("a camera that falls silent is stalled", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    watched.clock.advance(millis(9000));
    fake.picture([idr(4)]);
    await watched.got(4);
    watched.clock.advance(millis(9000));
    expect(watched.pull.stats().units).toBe(4);
    watched.clock.advance(millis(3000));
    expect(await watched.ended).toBe("rtsp.stalled");
  });

  it("sound alone does not keep a silent camera going", async () => {
    const fake = await camera(
      except({ describe: () => ({ body: `${H264_SDP}m=audio 0 RTP/AVP 8\r\na=control:t2\r\n` }) }),
    );
    const watched = watch(fake.url, { wantAudio: true });
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    for (let i = 0; i < 3; i++) {
      watched.clock.advance(millis(3900));
      fake.write(interleave(2, encodeRtp({ payloadType: 8, sequence: i, timestamp: i * 8000, ssrc: 5 }, hex("ff"))));
      await Promise.race([watched.got(4 + i), watched.ended]);
    }
    expect(await watched.ended).toBe("rtsp.stalled");
  });

  it("a camera that never answers keep-alives is not given up", async () => {
    const fake = await camera(except({ get_parameter: () => undefined }));
    const watched = watch(fake.url, { stallTimeout: millis(1e9) });
    await watched.playing;
    for (let asked = 1; asked <= 12; asked++) {
      watched.clock.advance(millis(30_000));
      await fake.untilAsked("GET_PARAMETER", asked);
    }
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
  });

  it("a camera that has forgotten the session has ended", async () => {
    const fake = await camera(except({ get_parameter: () => ({ status: "454 Session Not Found" }) }));
    const watched = watch(fake.url, { stallTimeout: millis(1e9) });
    await watched.playing;
    watched.clock.advance(millis(31_000));
    expect(await watched.ended).toBe("rtsp.closed");
  });

  it("a camera that says goodbye has ended", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    fake.write(Buffer.concat([interleave(1, hex("81cb000100000009")), interleave(0, new Uint8Array(0))]));
    fake.write("OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n");
    await fake.untilAsked("RTSP/1.0");
    watched.clock.advance(millis(4000));
    expect(await watched.ended).toBe("rtsp.closed");
  });

  it("a handler that throws ends the pull, not the process", async () => {
    const fake = await camera();
    const watched = watch(fake.url, {}, () => {
      throw new Error("bug");
    });
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    expect(await watched.ended).toBe("rtsp.internal");
    await expect(watched.pull.done).rejects.toBeInstanceOf(FluxError);
  });

  it("closing while connecting leaves nothing behind", async () => {
    const fake = await camera(() => undefined);
    const watched = watch(fake.url);
    await fake.untilAsked("OPTIONS");
    await watched.pull.close();
    expect(await watched.ended).toBe("rtsp.closed");
    expect(watched.clock.pendingTimers).toBe(0);
  });
});
